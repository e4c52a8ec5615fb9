/**
 * Every address, tab and overlay, judged by axe in both themes and read in the pseudo-language: nothing hinders, nothing
 * is left untranslated. Escape closes what lies over a page.
 */
import assert from 'node:assert/strict';
import { barriers } from './support/axe.mjs';
import { journey, signIn } from './support/journey.mjs';
import { byEnglish, pseudo, untranslated } from './support/pseudo.mjs';
import { enter, OVERLAYS, PAGES, TABS } from './support/scenes.mjs';
import { furnish } from './support/stage.mjs';

const REFUSED = /console: (Failed to load resource|WebSocket connection).*404/;

function judged(what, scenes, after = async () => undefined) {
  const walk = async ({ page, context, watched }) => {
    const foreign = untranslated(page);
    await signIn(page);
    const ids = await furnish(page, context);
    const found = [];
    const here = byEnglish(page);
    for (const scene of scenes) {
      if (scene.refused) watched.expect(REFUSED);
      await enter(here, scene, ids, pseudo);
      found.push(...(await barriers(page, scene.name)));
      found.push(...(await foreign()).map((text) => `${scene.name}: “${text}” is not translated`));
      await after(here, scene);
    }
    assert.deepEqual(found, []);
  };
  journey(`${what} have no barrier, and all their words are translated`, walk, { timeout: 120_000 });
}

judged('the pages', PAGES);
judged('the tabs', TABS);
judged('the overlays', OVERLAYS, async (page, { shown }) => {
  await page.keyboard.press('Escape');
  await shown(page).first().waitFor({ state: 'detached' });
});
