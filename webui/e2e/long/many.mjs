/** More steps than one snapshot holds. */
import assert from 'node:assert/strict';
import { interfaceOf } from '../support/interface.mjs';
import { journey, enter } from '../support/journey.mjs';

const ITEMS = 6_499;
const MANY = {
  schema: 'fermata/1',
  name: 'journey-more-than-a-snapshot',
  settings: { dispatch: 'together' },
  nodes: [
    { id: 'each', type: 'foreach', config: { items: `{{ range(0, ${ITEMS}) }}`, concurrency: 500 } },
    { id: 'one', type: 'transform', parent: 'each', config: { output: '{{ index }}' } },
  ],
  edges: [],
};

journey(
  '6,500 steps open, are read to the last one, and scroll to it with few elements',
  async ({ page, context }) => {
    await enter(context);
    const site = interfaceOf(context);
    const { id } = await site.start(MANY);
    await page.goto(`/executions/${id}?tab=graph`);
    const panel = page.getByRole('group', { name: 'Execution' });
    await panel.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor({ timeout: 120_000 });
    const asked = [];
    page.on('request', (request) => {
      if (/\/steps\?/.test(request.url())) asked.push(request.url());
    });
    await page.goto(`/executions/${id}?tab=table`);
    const grid = panel.getByRole('grid');
    await panel.getByText(/of 6,500 steps are here/).waitFor();
    await panel.locator(`[aria-rowcount="${ITEMS + 2}"]`).waitFor();
    await panel.getByText(/steps are here/).waitFor({ state: 'detached' });
    assert.equal(asked.length, 7, asked.join('\n'));
    await grid.focus();
    await page.keyboard.press('End');
    await panel.locator(`[aria-rowindex="${ITEMS + 2}"][aria-selected=true]`).waitFor();
    await page.keyboard.press('Home');
    await panel.getByRole('row', { name: /each/, selected: true }).waitFor();
    assert.ok((await elements(page)) < 5_000, `${await elements(page)} elements`);
    await panel.getByRole('tab', { name: 'Iterations' }).click();
    await panel.getByText('6,499 iterations').waitFor();
    assert.ok((await elements(page)) < 5_000, `${await elements(page)} elements among the iterations`);
    await panel.getByRole('tab', { name: 'Timeline' }).click();
    await panel.locator(`[aria-rowcount="${ITEMS + 2}"]`).waitFor();
    assert.ok((await elements(page)) < 5_000, `${await elements(page)} elements in the timeline`);
  },
  { timeout: 200_000 },
);

const elements = (page) => page.evaluate(() => document.querySelectorAll('*').length);
