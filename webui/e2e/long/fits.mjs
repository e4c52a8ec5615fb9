/** Every address, tab and overlay holds its words however narrow the window and however the text is set. */
import assert from 'node:assert/strict';
import { misfits } from '../support/fits.mjs';
import { journey, signIn } from '../support/journey.mjs';
import { enter, OVERLAYS, PAGES, TABS } from '../support/scenes.mjs';
import { furnish } from '../support/stage.mjs';

const REFUSED = /console: (Failed to load resource|WebSocket connection).*404/;

journey(
  'nothing is cut, hidden under another, or to be scrolled in two directions',
  async ({ page, context, watched }) => {
    await signIn(page);
    const ids = await furnish(page, context);
    const found = [];
    for (const scene of [...PAGES, ...TABS, ...OVERLAYS]) {
      if (scene.refused) watched.expect(REFUSED);
      await page.goto('about:blank'); // an overlay of the scene before must not stay
      await enter(page, scene, ids);
      found.push(...(await misfits(page, scene.name)));
    }
    assert.deepEqual(found, []);
  },
  { timeout: 200_000 },
);
