/** axe-core on a page as it stands, in both themes. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Menus and tooltips are drawn beside the landmarks, so that nothing cuts them off. */
const APART = { region: { enabled: false } };

/** Choose a theme as the account menu does, without reading the page anew. */
export async function dress(page, theme) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, theme);
}

/** No violation in either theme, on the page or `within` a part of it. It must be in the state that is judged. */
export async function assertAccessible(page, what, within = 'html') {
  await page.evaluate(source);
  for (const theme of ['light', 'dark']) {
    await dress(page, theme);
    const violations = await page.evaluate(
      async ([part, tags, rules]) => (await window.axe.run(part, { runOnly: tags, rules })).violations,
      [within, RULES, APART],
    );
    assert.deepEqual(violations.map(told), [], `${what}, ${theme}`);
  }
  await dress(page, 'light');
}

function told({ id, help, nodes }) {
  const where = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target}: ${failureSummary}`);
  return `${id}: ${help}\n  ${where.join('\n  ')}`;
}
