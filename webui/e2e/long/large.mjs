/** Editing at size: a workflow of 5,000 steps, edited by hand and by keys, and all of it undone. */
import assert from 'node:assert/strict';
import { builderOf, editing, newDraft } from '../support/draft.mjs';
import { interfaceOf } from '../support/interface.mjs';
import { journey, signIn } from '../support/journey.mjs';
import { chains, cornerOf, countElements, graphOn, nameAt, ROW } from '../support/large.mjs';

const SIZE = 5_000;
const START = nameAt(20, 10);

const node = (page, id) => page.locator(`[data-node="${id}"]`);
const told = (page, words) =>
  page
    .locator('[aria-live=assertive]')
    .filter({ hasText: new RegExp(`^${words}$`) })
    .waitFor({ state: 'attached' });

journey(
  '5,000 steps are dragged, connected, inserted and walked, and undone to the byte',
  async ({ page, context }) => {
    const most = await countElements(context);
    await signIn(page);
    const { id } = await newDraft(context, chains(SIZE));
    const draft = async () => {
      const { definition, editor } = await interfaceOf(context).get(`/workflows/${id}/draft`);
      return { definition, editor };
    };
    const before = JSON.stringify(await draft());
    await page.goto(editing(id, START));
    await node(page, START).waitFor();
    const graph = graphOn(page);
    const go = async (to) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').waitFor();
      await page.keyboard.insertText(`node ${to}`);
      await page
        .getByRole('option', { name: new RegExp(`\\b${to}$`) })
        .first()
        .waitFor();
      await page.keyboard.press('Enter');
      await page.waitForFunction((wanted) => document.activeElement?.dataset?.node === wanted, to);
    };
    const drag = async (from, to, meanwhile = async () => undefined) => {
      const [x, y] = await graph.spot(from);
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 6, y + 6);
      await page.mouse.move(...(await graph.spot(to)), { steps: 6 });
      await meanwhile();
      await page.mouse.up();
    };
    let deeds = 0;

    await go(START);
    await page.keyboard.press('0');
    await go(START);
    const at = cornerOf(START);
    // Between two rows, beside every line.
    await drag({ x: at.x + 20, y: at.y + 20 }, { x: at.x + 36, y: at.y + ROW + 68 });
    await told(page, `${START} placed\\.`);
    deeds += 1;
    await builderOf(page).says('Saved');
    assert.deepEqual((await draft()).editor.positions, { [START]: { x: at.x + 16, y: at.y + 128 } });

    // Choose 8 columns of 25 rows by a frame, and drag them while most of them are not on the screen.
    await page.mouse.move(...(await graph.spot(graph.middle(START))));
    await graph.zoomTo(0.2);
    const [one, other, held] = [nameAt(30, 5), nameAt(37, 29), nameAt(33, 17)];
    const [first, last] = [cornerOf(one), cornerOf(other)];
    await graph.bring(first);
    await page.keyboard.down('Shift');
    // Let go before the button is: chosen is what the frame holds, and nothing beside it.
    await drag({ x: first.x - 40, y: first.y - 14 }, { x: last.x + 240, y: last.y + 68 }, () =>
      page.keyboard.up('Shift'),
    );
    await page.mouse.move(...(await graph.spot(graph.middle(held))));
    await graph.zoomTo(0.9);
    assert.ok(!(await graph.sees(one)), 'they are partly off the screen');
    const { x, y } = graph.middle(held);
    await drag({ x, y }, { x: x + 40, y: y + 120 }, () => page.locator('svg path[transform]').waitFor());
    await told(page, '200 steps placed\\.');
    deeds += 1;
    await builderOf(page).says('Saved');
    const { positions } = (await draft()).editor;
    assert.equal(Object.keys(positions).length, 201);
    for (const each of [one, other]) {
      const { x: left, y: top } = cornerOf(each);
      assert.deepEqual(positions[each], { x: left + 40, y: top + 120 });
    }

    // Connect to a step that is not on the screen: near the edge the picture goes on by itself.
    const source = nameAt(60, 10);
    const target = nameAt(66, 10);
    await go(source);
    await page.keyboard.press('0');
    await go(source);
    assert.ok(!(await graph.sees(target)), 'the target is off the screen');
    await node(page, source).hover();
    const port = page.locator(`[data-of="${source}"][data-port="out"]`);
    await port.hover();
    await page.mouse.down();
    const { right } = await graph.view();
    const [, level] = await graph.spot({ x: 0, y: cornerOf(source).y + 68 });
    await page.mouse.move(right - 60, level, { steps: 4 });
    await page.mouse.move(right - 4, level);
    for (let turn = 0; turn < 100 && !(await graph.sees(target)); turn += 1) await page.waitForTimeout(50);
    await page.mouse.move(...(await graph.spot(graph.middle(target))), { steps: 2 });
    await page.mouse.up();
    await told(page, `${source} connected to ${target}\\.`);
    deeds += 1;

    // Insert between two steps.
    const [left, behind] = [nameAt(66, 10), nameAt(67, 10)];
    await go(left);
    const [near, far] = [await node(page, left).boundingBox(), await node(page, behind).boundingBox()];
    await page.mouse.move((near.x + near.width + far.x) / 2, near.y + near.height / 2);
    await page
      .getByRole('application')
      .getByRole('button', { name: `Insert a step in ${left} → ${behind}` })
      .click();
    const palette = page.getByRole('dialog', { name: /^Insert a step/ });
    await palette.getByRole('searchbox').fill('Transform');
    await palette
      .getByRole('button', { name: /^Transform/ })
      .first()
      .click();
    await node(page, 'transform').waitFor();
    deeds += 1;
    await builderOf(page).says('Saved');
    const { edges } = (await draft()).definition;
    for (const wanted of [
      { from: source, to: target },
      { from: left, to: 'transform' },
      { from: 'transform', to: behind },
    ])
      assert.ok(
        edges.some((edge) => edge.from === wanted.from && edge.to === wanted.to),
        JSON.stringify(wanted),
      );

    // Walk by keys: along the edges, between the rows, to both ends.
    await go(nameAt(70, 20));
    const stands = (wanted) =>
      page.waitForFunction((one) => document.activeElement?.dataset?.node === one, wanted);
    for (let column = 71; column < 80; column += 1) {
      await page.keyboard.press('ArrowRight');
      await stands(nameAt(column, 20));
    }
    for (const [key, wanted] of [
      ['ArrowDown', nameAt(79, 21)],
      ['ArrowLeft', nameAt(78, 21)],
      ['Home', 'n0'],
    ]) {
      await page.keyboard.press(key);
      await stands(wanted);
    }

    for (let turn = 0; turn < deeds; turn += 1) await page.keyboard.press('Control+z');
    await builderOf(page).says('Saved');
    assert.equal(JSON.stringify(await draft()), before);
    assert.ok((await most(page)) < 5_000, `${await most(page)} elements`);
    console.log(`${await most(page)} elements at most`);
  },
  { timeout: 200_000 },
);
