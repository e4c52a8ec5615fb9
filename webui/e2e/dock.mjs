/** The draft is run as it stands, and watched below its graph. */
import assert from 'node:assert/strict';
import { assertAccessible } from './support/axe.mjs';
import { builderOf, editing, newDraft } from './support/draft.mjs';
import { interfaceOf } from './support/interface.mjs';
import { journey, enter } from './support/journey.mjs';

journey('a draft is run with what was typed last, and its nodes and steps are one selection', async (at) => {
  const { page, context } = at;
  await enter(context);
  const { id } = await newDraft(context);
  await page.goto(editing(id));
  const builder = builderOf(page);
  await builder.says('Saved');
  await builder.label.fill('Typed just now');
  await page.getByRole('button', { name: 'Run draft' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Run/ }).click();
  const dock = page.getByRole('region', { name: 'Execution of this draft' });
  await dock.locator('h2 ~ *').getByText('succeeded', { exact: true }).waitFor();
  const graph = page.getByRole('application');
  await graph.getByRole('button', { name: /Typed just now.*succeeded/ }).waitFor();
  await assertAccessible(page, 'an execution below its graph', '[data-panel=execution]');

  await dock.getByRole('row', { name: /Second/ }).click();
  await page.waitForURL(/node=second/);
  await graph.getByRole('button', { name: /Second/, pressed: true }).waitFor();
  await graph.getByRole('button', { name: /Typed just now/ }).click();
  await dock.getByRole('row', { name: /Typed just now/, selected: true }).waitFor();

  const line = dock.getByRole('separator', { name: 'Height of the execution' });
  const before = Number(await line.getAttribute('aria-valuenow'));
  await line.press('ArrowUp');
  await page.waitForURL(new RegExp(`dock=${before + 16}`));
  const edge = await line.boundingBox();
  await page.mouse.move(edge.x + 200, edge.y);
  await page.mouse.down();
  await page.mouse.move(edge.x + 200, edge.y - 64, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(new RegExp(`dock=${before + 80}`));

  await page.reload();
  await dock.getByRole('row', { name: /Typed just now/, selected: true }).waitFor();
  assert.equal(Number(await line.getAttribute('aria-valuenow')), before + 80);
  await builder.label.fill('Typed later');
  await graph.getByRole('button', { name: /Typed later.*succeeded/ }).waitFor();
  await dock.getByRole('button', { name: 'Close the execution' }).click();
  await dock.waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).searchParams.get('execution'), null);
  await page.keyboard.press('Control+j');
  await dock.getByRole('row', { name: /Typed just now/ }).waitFor();
  const { results } = await interfaceOf(context).get(`/workflows/${id}/executions`);
  assert.equal(results.length, 1);
});
