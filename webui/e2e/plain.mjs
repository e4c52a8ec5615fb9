/** As most look at it first: by plain http from another machine, where browsers withhold a part of what they can do. */
import assert from 'node:assert/strict';
import { builderOf, editing, newDraft, savedNode } from './support/draft.mjs';
import { enter, journey, signIn, URL_FROM_ELSEWHERE } from './support/journey.mjs';

const step = (page, name) => page.getByRole('tree', { name: 'Steps' }).getByRole('treeitem', { name });
const copied = async (page, field) => {
  await field.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+v');
  return field.inputValue();
};

journey('by plain http a draft is edited, copied from, run, and its values are taken along', async (at) => {
  const { page, context, watched } = at;
  watched.expect(/Cross-Origin-Opener-Policy header has been ignored/); // of no use there, and no harm
  await enter(context);
  const { id } = await newDraft(context);
  await signIn(page, `${URL_FROM_ELSEWHERE}${editing(id)}`);
  assert.equal(await page.evaluate(() => 'clipboard' in navigator || 'randomUUID' in crypto), false);
  const builder = builderOf(page);
  await builder.label.fill('From another machine');
  await builder.says('Saved');
  assert.equal((await savedNode(context, id)).label, 'From another machine');

  // The menu copies; what it copied is pasted by key.
  await step(page, /Second/).click();
  await page.keyboard.press('.');
  await page.getByRole('menuitem', { name: 'Copy as YAML' }).click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.closest('[role=tree]'));
  await page.keyboard.press('Control+v');
  await step(page, /Second.*second_2/).waitFor();
  await builder.says('Saved');
  assert.deepEqual((await savedNode(context, id, 'second_2')).config, { output: 2 });

  await page.getByRole('button', { name: 'Run draft' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Run/ }).click();
  await page.getByRole('region', { name: 'Execution' }).getByText('succeeded').first().waitFor();
  await page.getByRole('button', { name: 'Copy as JSON' }).first().click();
  await page.getByText('Copied.').waitFor({ state: 'attached' });
  const taken = JSON.parse(await copied(page, builder.label));
  assert.deepEqual(taken, { second: 2, second_2: 2 });
});
