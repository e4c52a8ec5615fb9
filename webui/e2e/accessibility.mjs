/** Every address, tab and overlay, judged by axe in both themes; Escape closes what lies over a page. */
import assert from 'node:assert/strict';
import { barriers } from './support/axe.mjs';
import { journey, signIn } from './support/journey.mjs';
import { enter, OVERLAYS, PAGES, TABS } from './support/scenes.mjs';
import { furnish } from './support/stage.mjs';

const REFUSED = /console: (Failed to load resource|WebSocket connection).*404/;

function judged(what, scenes, after = async () => undefined) {
  const walk = async ({ page, context, watched }) => {
    await signIn(page);
    const ids = await furnish(page, context);
    const found = [];
    for (const scene of scenes) {
      if (scene.refused) watched.expect(REFUSED);
      await enter(page, scene, ids);
      found.push(...(await barriers(page, scene.name)));
      await after(page, scene);
    }
    assert.deepEqual(found, []);
  };
  journey(`${what} have no barrier`, walk, { timeout: 120_000 });
}

judged('the pages', PAGES);
judged('the tabs', TABS);
judged('the overlays', OVERLAYS, async (page, { shown }) => {
  await page.keyboard.press('Escape');
  await shown(page).first().waitFor({ state: 'detached' });
});
