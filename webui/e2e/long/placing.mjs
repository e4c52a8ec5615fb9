/** Steps that are placed by hand: with the mouse, with keys, in two tabs, and put back. */
import assert from 'node:assert/strict';
import { builderOf, editing, newDraft } from '../support/draft.mjs';
import { interfaceOf } from '../support/interface.mjs';
import { journey, signIn } from '../support/journey.mjs';

const node = (page, id) => page.locator(`[data-node="${id}"]`);
const draftOf = (context, id) => interfaceOf(context).get(`/workflows/${id}/draft`);
const told = (page, words) =>
  page
    .locator('[aria-live=assertive]')
    .filter({ hasText: new RegExp(`^${words}$`) })
    .waitFor({ state: 'attached' });

/** How far one node stands from another on the screen, in the measure of the graph. */
async function between(page, one, other) {
  const [a, b] = [await node(page, one).boundingBox(), await node(page, other).boundingBox()];
  const zoom = a.width / 200;
  return { x: Math.round((b.x - a.x) / zoom), y: Math.round((b.y - a.y) / zoom) };
}

async function drag(page, id, right, down) {
  const { x, y } = await node(page, id).boundingBox();
  await page.mouse.move(x + 20, y + 20);
  await page.mouse.down();
  await page.mouse.move(x + 30, y + 30);
  await page.mouse.move(x + 20 + right, y + 20 + down, { steps: 3 });
  await page.locator('svg path[transform]').waitFor();
  await page.mouse.up();
}

async function opened(page, context) {
  await signIn(page);
  const { id } = await newDraft(context);
  await page.goto(editing(id));
  await node(page, 'second').waitFor();
  return id;
}

journey(
  'a step stays where it was dropped, here, when it is opened again, and for who reads',
  async (all) => {
    const { page, context } = all;
    const id = await opened(page, context);
    const before = await draftOf(context, id);
    await drag(page, 'second', 42, 203);
    await told(page, 'second placed.');
    await builderOf(page).says('Saved');
    const { editor, definition } = await draftOf(context, id);
    assert.deepEqual(definition, before.definition);
    assert.deepEqual(editor.positions, { second: { x: 312, y: 200 } });
    assert.deepEqual(await between(page, 'first', 'second'), editor.positions.second);
    await page.reload();
    await node(page, 'second').waitFor();
    assert.deepEqual(await between(page, 'first', 'second'), editor.positions.second);
    await page.goto(`/workflows/${id}?tab=graph&rev=draft`);
    await node(page, 'second').waitFor();
    assert.deepEqual(await between(page, 'first', 'second'), editor.positions.second);
    const copy = await interfaceOf(context).post(`/workflows/${id}/duplicate`, {});
    assert.deepEqual((await draftOf(context, copy.id)).editor, editor);
  },
);

journey('what was dropped is taken back exactly, and done again', async ({ page, context }) => {
  const id = await opened(page, context);
  const before = await draftOf(context, id);
  await drag(page, 'first', 8, -120);
  await drag(page, 'second', 96, 88);
  await builderOf(page).says('Saved');
  const placed = await draftOf(context, id);
  assert.deepEqual(Object.keys(placed.editor.positions), ['first', 'second']);
  for (let turn = 0; turn < 2; turn += 1) await page.keyboard.press('Control+z');
  await builderOf(page).says('Saved');
  const { editor } = await draftOf(context, id);
  assert.deepEqual(editor, before.editor);
  for (let turn = 0; turn < 2; turn += 1) await page.keyboard.press('Control+Shift+z');
  await builderOf(page).says('Saved');
  assert.deepEqual((await draftOf(context, id)).editor, placed.editor);
});

journey(
  'with the keyboard alone a step is moved, put back, dropped and placed anew',
  async ({ page, context }) => {
    const id = await opened(page, context);
    const keys = page.keyboard;
    const tidy = page.getByRole('button', { name: /^Tidy up/ });
    await tidy.focus();
    await page.getByText('It was not placed by hand.').first().waitFor();
    await keys.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await keys.insertText('node second');
    await page
      .getByRole('option', { name: /second$/ })
      .first()
      .waitFor();
    await keys.press('Enter');
    await page.waitForFunction(() => document.activeElement?.dataset?.node === 'second');
    await keys.press('m');
    await told(page, 'Moving second: .*');
    await keys.press('ArrowDown');
    await told(page, '0 to the right, 8 down');
    await keys.press('Escape');
    await told(page, 'second put back.');
    // The menu does the same.
    await keys.press('.');
    await page.getByRole('menuitem', { name: /^Move…/ }).press('Enter');
    await told(page, 'Moving second: .*');
    for (const key of ['Shift+ArrowDown', 'Shift+ArrowDown', 'ArrowLeft']) await keys.press(key);
    await keys.press('Enter');
    await told(page, 'second placed.');
    await builderOf(page).says('Saved');
    assert.deepEqual((await draftOf(context, id)).editor.positions, { second: { x: 264, y: 80 } });
    await page.waitForFunction(() => document.activeElement?.dataset?.node === 'second');
    await keys.press('Shift+T');
    await told(page, 'second is placed automatically.');
    await builderOf(page).says('Saved');
    assert.deepEqual((await draftOf(context, id)).editor.positions, {});
    assert.deepEqual(await between(page, 'first', 'second'), { x: 272, y: 0 });
    await keys.press('?');
    await page.getByRole('dialog').getByText('Tidy up: place automatically').waitFor();
  },
);

journey('a move in one tab and an edit in another both stay', async ({ page, context, open }) => {
  const id = await opened(page, context);
  const other = await open(editing(id));
  await node(other, 'second').waitFor();
  await builderOf(other).label.fill('From another tab');
  await drag(page, 'second', 48, 120);
  await builderOf(other).says('Saved');
  await builderOf(page).says('Saved');
  await page.getByRole('treeitem', { name: /From another tab/ }).waitFor();
  const { definition, editor } = await draftOf(context, id);
  assert.equal(definition.nodes[0].label, 'From another tab');
  assert.deepEqual(Object.keys(editor.positions), ['second']);
  await node(other, 'second').waitFor();
  await page.keyboard.press('Control+z');
  await builderOf(page).says('Saved');
  const undone = await draftOf(context, id);
  assert.equal(undone.definition.nodes[0].label, 'From another tab');
  assert.equal(undone.editor.positions?.second, undefined);
});
