/** Every scene as a picture, at a desk's width and a phone's, in light and dark or other clothes: to be looked at. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { journey, signIn } from '../support/journey.mjs';
import { enter, OVERLAYS, PAGES, TABS } from '../support/scenes.mjs';
import { furnish } from '../support/stage.mjs';

const FOLDER = process.env.PICTURES ?? 'pictures';
const ONLY = new RegExp(process.env.ONLY ?? '');
const THEMES = (process.env.THEMES || 'light,dark').split(',');
/** What the system asks for, and what the page then says of itself. */
const CLOTHES = {
  light: [{ colorScheme: 'light' }, { theme: 'light' }],
  dark: [{ colorScheme: 'dark' }, { theme: 'dark' }],
  contrast: [
    { colorScheme: 'light', contrast: 'more' },
    { theme: 'light', contrast: 'more' },
  ],
  'dark-contrast': [
    { colorScheme: 'dark', contrast: 'more' },
    { theme: 'dark', contrast: 'more' },
  ],
  forced: [{ colorScheme: 'dark', forcedColors: 'active' }, { theme: 'dark' }],
};
const PLAIN = { contrast: 'no-preference', forcedColors: 'none', reducedMotion: 'reduce' };
const SIZES = {
  1440: { viewport: { width: 1440, height: 900 } },
  390: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

await mkdir(FOLDER, { recursive: true });

async function dress(page, theme) {
  const [asked, said] = CLOTHES[theme];
  await page.emulateMedia({ ...PLAIN, ...asked });
  await page.waitForFunction(
    (wanted) =>
      Object.entries(wanted).every(([name, value]) => document.documentElement.dataset[name] === value),
    { contrast: 'normal', ...said },
  );
}

async function take(page, name, size) {
  for (const theme of THEMES) {
    await dress(page, theme);
    await page.screenshot({ path: join(FOLDER, `${name}-${size}-${theme}.png`) });
  }
  await dress(page, 'light');
}

for (const [size, context] of Object.entries(SIZES)) {
  const walk = async ({ page, context, watched }) => {
    watched.expect(/404/); // two scenes are of what is not there
    await page.goto('/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await take(page, 'sign-in', size);
    await signIn(page);
    const ids = await furnish(page, context);
    for (const scene of [...PAGES, ...TABS, ...OVERLAYS].filter(({ name }) => ONLY.test(name))) {
      await page.goto('about:blank'); // an overlay of the scene before must not stay
      await enter(page, scene, ids);
      await take(page, scene.name, size);
    }
  };
  journey(`the scenes at ${size} px`, walk, { context, timeout: 300_000 });
}
