/** axe-core on a page as it stands, in both themes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** What a theme can change: nothing but colours differs between them. */
const COLOURS = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
/** Menus and tooltips are drawn beside the landmarks, so that nothing cuts them off. */
const APART = { region: { enabled: false } };

/** Choose a theme as the account menu does, without reading the page anew. */
export async function dress(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
}

/** No violation in either theme, on the page or `within` a part of it. It must be in the state that is judged. */
export async function assertAccessible(page, what, within = 'html') {
  assert.deepEqual(await barriers(page, what, within), []);
}

/** What hinders somebody, in words, in either theme. */
export async function barriers(page, what, within = 'html') {
  const found = [];
  await page.evaluate(source);
  for (const [theme, runOnly] of [
    ['light', RULES],
    ['dark', COLOURS],
  ]) {
    await dress(page, theme);
    const violations = await page.evaluate(
      async ([part, options]) => (await window.axe.run(part, options)).violations,
      [within, { runOnly, rules: APART, resultTypes: ['violations'] }],
    );
    found.push(...violations.map((one) => `${what}, ${theme}: ${told(one)}`));
  }
  await dress(page, 'light');
  return found;
}

function told({ id, help, nodes }) {
  const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target}: ${failureSummary}`);
  return `${id}: ${help}\n  ${where.join('\n  ')}`;
}
