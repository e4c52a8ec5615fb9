/** Two tabs edit one draft. */
import assert from 'node:assert/strict';
import { assertAccessible } from './support/axe.mjs';
import { builderOf, editing, newDraft, savedNode } from './support/draft.mjs';
import { journey, enter } from './support/journey.mjs';

journey('two tabs edit one draft: different fields both survive, the same one is a conflict', async (at) => {
  const { page, context, open, watched } = at;
  watched.expect(/Failed to load resource: .*(412|ERR_FAILED)/);
  await enter(context);
  const { id } = await newDraft(context);
  await page.goto(editing(id));
  const here = builderOf(page);
  await here.says('Saved');
  const other = await open(editing(id));
  const there = builderOf(other);
  await there.says('Saved');

  // Each is saved on its own, then shown in both.
  await here.label.fill('From here');
  await there.note.fill('From there');
  await other.getByRole('treeitem', { name: /From here/ }).waitFor();
  await page.waitForFunction(
    (text) => [...document.querySelectorAll('textarea')].some((one) => one.value === text),
    'From there',
  );
  await here.says('Saved');
  await there.says('Saved');
  const both = await savedNode(context, id);
  assert.deepEqual([both.label, both.note], ['From here', 'From there']);

  // One is cut off while both change the same field.
  await other.route('**/draft', (route) => route.abort());
  await there.label.fill('Theirs to decide');
  await there.says('Not connected; kept on this device');
  await here.label.fill('Saved first');
  await here.says('Saved');
  await other.unroute('**/draft');
  const conflict = other.getByRole('group', { name: 'Conflict' });
  await conflict.getByText('"Saved first"').waitFor();
  await conflict.getByText('"Theirs to decide"').waitFor();
  await assertAccessible(other, 'a conflict', '[role=group]');
  assert.equal((await savedNode(context, id)).label, 'Saved first');
  assert.equal(await there.label.inputValue(), 'Saved first');
  await conflict.getByRole('button', { name: 'Take mine' }).click();
  await conflict.waitFor({ state: 'detached' });
  await there.says('Saved');
  assert.equal((await savedNode(context, id)).label, 'Theirs to decide');
  await page.getByRole('treeitem', { name: /Theirs to decide/ }).waitFor();
});
