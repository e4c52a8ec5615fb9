/** Run the example by its form, watch it, answer what it asks, and find it in the lists. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { assertAccessible } from './support/axe.mjs';
import { example, interfaceOf } from './support/interface.mjs';
import { journey, signIn } from './support/journey.mjs';

/** There is no such package, so the example has to ask, with a network and without. */
const UNREADABLE = 'fermata-journey-no-such-package==1.0\n';

/** What the platform itself is installed with. */
const REQUIREMENTS = new URL('../../requirements.txt', import.meta.url);

const panelOf = (page) => page.getByRole('group', { name: 'Execution' });
const ended = (panel) => panel.locator('h1 ~ *').getByText('succeeded', { exact: true });

/** Signed in, with the form of the example's input open. */
async function formOfExample(page, context) {
  await signIn(page);
  const site = interfaceOf(context);
  await site.publish(await example('licence-audit/licence-family-summary'));
  const { id } = await site.publish(await example('licence-audit/licence-audit'));
  await page.goto(`/workflows/${id}`);
  await page.getByRole('button', { name: /^Run/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Run licence-audit' });
  return { site, dialog };
}

journey('the example is run by its form, watched, and its question answered', async ({ page, context }) => {
  const { site, dialog } = await formOfExample(page, context);
  await dialog.getByRole('textbox', { name: /text/i }).first().fill(UNREADABLE);
  await assertAccessible(page, 'the form of the input');
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await page.waitForURL(/\/executions\/[0-9a-f-]{36}/);
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: 'Table' }).click();
  await panel.getByRole('row', { name: /Accept what is unknown/ }).click();
  await panel.getByRole('button', { name: 'Approve' }).waitFor();
  await assertAccessible(page, 'an execution that asks');
  await panel.getByRole('button', { name: 'Approve' }).click();
  await ended(panel).waitFor();
  const executionId = new URL(page.url()).pathname.split('/').at(-1);
  assert.equal((await site.get(`/workflows/executions/${executionId}`)).status, 'succeeded');

  // What is chosen in a list stands in the address, and the address brings it back.
  await page.goto('/executions?status=succeeded');
  await page.getByRole('link', { name: 'licence-audit' }).first().waitFor();
  await page.getByRole('searchbox').fill('error:nothing');
  await page.getByRole('heading', { name: 'No execution fits the filters' }).waitFor();
  await page.waitForURL(/q=error/);
  await page.reload();
  await page.getByRole('heading', { name: 'No execution fits the filters' }).waitFor();
  assert.equal(await page.getByRole('searchbox').inputValue(), 'error:nothing');
});

journey('a real file is audited, and its end is seen live', async ({ page, context }) => {
  const { dialog } = await formOfExample(page, context);
  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: 'Take text from a file' }).click();
  await (await chooser).setFiles(fileURLToPath(REQUIREMENTS));
  const file = await readFile(REQUIREMENTS, 'utf8');
  const field = await dialog.getByRole('textbox', { name: /text/i }).first().elementHandle();
  await page.waitForFunction(([{ value }, text]) => value === text, [field, file]);
  const told = await page.evaluateHandle(() => {
    const found = new Set();
    const look = () => {
      const progress = /[\d,]+ of [\d,]+ steps/.exec(document.querySelector('main')?.textContent ?? '');
      if (progress) found.add(progress[0]);
    };
    new window.MutationObserver(look).observe(document.body, {
      characterData: true,
      childList: true,
      subtree: true,
    });
    return found;
  });
  await dialog.getByRole('button', { name: /^Run/ }).click();
  const panel = panelOf(page);
  await ended(panel).waitFor({ timeout: 60_000 });
  const all = await panel.getByText(/^([\d,]+) of \1 steps$/).textContent();
  const [first, ...others] = await told.evaluate((found) => [...found]);
  assert.ok(others.includes(all), `told on the way: ${[first, ...others].join(', ')}`);
  await panel.getByRole('tab', { name: 'Iterations' }).click();
  const iterations = await panel.getByText(/^\d+ iterations$/).textContent();
  // Not every line holds for this machine.
  const pinned = file.match(/^[^#\s]\S*==/gm).length;
  assert.ok(parseInt(iterations) > 100 && parseInt(iterations) <= pinned, `${iterations} of ${pinned} lines`);
});

journey('the palette finds a workflow by its name, and a node of it', async ({ page, context }) => {
  await signIn(page);
  const { id } = await interfaceOf(context).publish(await example('licence-audit/licence-family-summary'));
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('family-summ');
  await page.getByRole('option', { name: 'licence-family-summary' }).click();
  await page.waitForURL((url) => url.pathname === `/workflows/${id}`);
  const [node] = (await example('licence-audit/licence-family-summary')).nodes;
  await page.getByRole('application').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill(node.id);
  await page.getByRole('option', { name: node.id }).first().click();
  await page.waitForURL((url) => url.searchParams.get('node') === node.id);
});

journey('a failing branch shows its cause', async ({ page, context }) => {
  await signIn(page);
  const { id } = await interfaceOf(context).start({
    schema: 'fermata/1',
    name: 'journey-declined-card',
    nodes: [
      { id: 'begin', type: 'transform', config: { output: { ok: true } } },
      { id: 'good', type: 'transform', config: { output: 1 } },
      { id: 'bad', type: 'fail', config: { error: 'card_declined', message: 'The card was declined.' } },
      { id: 'after', type: 'transform', config: { output: 2 } },
    ],
    edges: [
      { from: 'begin', to: 'good' },
      { from: 'begin', to: 'bad' },
      { from: 'good', to: 'after' },
    ],
  });
  await page.goto(`/executions/${id}?tab=table`);
  const panel = panelOf(page);
  const cause = panel.getByRole('region', { name: 'Root cause' });
  await cause.getByText('The card was declined.').waitFor();
  await cause.getByRole('button', { name: 'bad' }).click();
  await panel.getByRole('row', { name: /bad/, selected: true }).waitFor();
  await panel.getByRole('region', { name: 'Error' }).getByText('The card was declined.').waitFor();
  await assertAccessible(page, 'an execution that failed');
  for (const tab of ['Timeline', 'Events', 'Table']) {
    await panel.getByRole('tab', { name: tab }).click();
    await assertAccessible(page, tab);
  }
});

journey('5,000 steps open and scroll with few elements', async ({ page, context }) => {
  await signIn(page);
  const site = interfaceOf(context);
  const { id } = await site.start(MANY);
  await page.goto(`/executions/${id}?tab=table`);
  const panel = panelOf(page);
  await ended(panel).waitFor({ timeout: 60_000 });
  await page.reload();
  const grid = panel.getByRole('grid').or(panel.getByRole('treegrid')).first();
  await grid.waitFor();
  const rows = Number(await grid.getAttribute('aria-rowcount'));
  assert.ok(rows >= 5_000, `${rows} rows`);
  await grid.focus();
  await page.keyboard.press('End');
  await panel.locator(`[aria-rowindex="${rows}"]`).waitFor();
  assert.ok((await elements(page)) < 5_000, `${await elements(page)} elements`);
  await panel.getByRole('tab', { name: 'Timeline' }).click();
  await panel.getByRole('tab', { name: 'Timeline', selected: true }).waitFor();
  assert.ok((await elements(page)) < 5_000, `${await elements(page)} elements in the timeline`);
});

/** A loop over 4,999 items; with its container that is 5,000 steps. */
const MANY = {
  schema: 'fermata/1',
  name: 'journey-many',
  settings: { dispatch: 'together' },
  nodes: [
    { id: 'each', type: 'foreach', config: { items: '{{ range(0, 4999) }}', concurrency: 500 } },
    { id: 'one', type: 'transform', parent: 'each', config: { output: '{{ index }}' } },
  ],
  edges: [],
};

const elements = (page) => page.evaluate(() => document.querySelectorAll('*').length);
