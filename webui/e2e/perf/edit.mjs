/** The timed budgets of editing: a workflow of 5,000 nodes under the mouse, and one of 1,000 that is changed. */
import assert from 'node:assert/strict';
import { chains, cornerOf, graphOn, nameAt } from '../support/large.mjs';
import { budget, quantile } from './budget.mjs';
import { builderAnswers } from './stage.mjs';

const definition = (size) => ({ schema: 'fermata/1', name: 'large', ...chains(size) });

/** The builder with one node of it in full size. */
async function opened(page, node) {
  await page.goto('about:blank');
  await page.goto(`/workflows/w1?tab=builder&node=${node}`);
  await page.locator(`[data-node="${node}"]`).waitFor();
  const graph = graphOn(page);
  await page.mouse.move(...(await graph.spot(graph.middle(node))));
  return graph;
}

/** Draw a frame around a block of nodes, which chooses them. */
async function choose(page, graph, one, other) {
  await graph.zoomTo(0.2);
  await graph.bring(cornerOf(one));
  const [from, to] = [cornerOf(one), cornerOf(other)];
  await page.keyboard.down('Shift');
  await page.mouse.move(...(await graph.spot({ x: from.x - 40, y: from.y - 14 })));
  await page.mouse.down();
  await page.mouse.move(...(await graph.spot({ x: to.x + 240, y: to.y + 68 })), { steps: 3 });
  await page.keyboard.up('Shift');
  await page.mouse.up();
}

/** Times between the frames of the page from now on, until they are asked for. */
async function watchFrames(page) {
  await page.evaluate(
    () =>
      new Promise((begun) => {
        window.__gaps = [];
        let before = null;
        const look = (now) => {
          if (before === null) begun();
          else window.__gaps.push(now - before);
          before = now;
          window.__frame = requestAnimationFrame(look);
        };
        window.__frame = requestAnimationFrame(look);
      }),
  );
  return () =>
    page.evaluate(() => {
      cancelAnimationFrame(window.__frame);
      return window.__gaps;
    });
}

budget('200 of 5,000 nodes are dragged: 95 % of the frames', 33, 'ms', {
  answers: builderAnswers(definition(5_000)),
  async measure(page) {
    const held = nameAt(33, 17);
    const graph = await opened(page, held);
    await choose(page, graph, nameAt(30, 5), nameAt(37, 29));
    await page.mouse.move(...(await graph.spot(graph.middle(held))));
    await graph.zoomTo(0.6);
    const [x, y] = await graph.spot(graph.middle(held));
    await page.mouse.down();
    await page.mouse.move(x + 8, y + 8);
    await page.getByText('200 steps', { exact: true }).waitFor();
    const frames = await watchFrames(page);
    for (let at = 1; at <= 90; at += 1) {
      const turn = (at / 90) * 2 * Math.PI;
      await page.mouse.move(x + 120 * Math.sin(turn), y + 90 * Math.sin(2 * turn));
    }
    const gaps = await frames();
    assert.ok(gaps.length >= 60, `${gaps.length} frames`);
    await page.keyboard.press('Escape');
    await page.mouse.up();
    return quantile(gaps, 0.95);
  },
});

/** The longest time between two frames while something is done and what comes of it is drawn, laid out and checked. */
async function longest(page, deed, done) {
  const frames = await watchFrames(page);
  await deed();
  await done();
  // The rest before the draft is saved and judged, and both of these.
  await page.waitForTimeout(900);
  return Math.max(...(await frames()));
}

const counts = (page, size) =>
  page.getByRole('application', { name: `Workflow graph, ${size} nodes` }).waitFor();

budget('1,000 nodes are changed: the longest frame of six deeds', 150, 'ms', {
  answers: builderAnswers(definition(1_000)),
  async measure(page) {
    const start = nameAt(2, 10);
    const graph = await opened(page, start);
    const keys = page.keyboard;
    const dialog = page.getByRole('dialog');
    const stands = (id) =>
      page.waitForFunction((wanted) => document.activeElement?.dataset?.node === wanted, id);
    const took = {};
    const typed = async (open, text) => {
      await keys.press(open);
      await dialog.locator('input:focus').waitFor();
      await keys.press('Control+a');
      await keys.insertText(text);
    };
    await page.locator(`[data-node="${start}"]`).focus();
    await typed('a', 'Transform');
    took.add = await longest(
      page,
      () => keys.press('Enter'),
      () => stands('transform'),
    );
    await typed('F2', 'other');
    took.rename = await longest(
      page,
      () => keys.press('Enter'),
      () => stands('other'),
    );
    took.remove = await longest(
      page,
      () => keys.press('Delete'),
      () => counts(page, 1_000),
    );
    await choose(page, graph, nameAt(10, 5), nameAt(14, 14));
    await keys.press('Control+c');
    took['paste 50'] = await longest(
      page,
      () => keys.press('Control+v'),
      () => counts(page, 1_050),
    );
    await choose(page, graph, nameAt(5, 5), nameAt(12, 29));
    took['remove 200'] = await longest(
      page,
      () => keys.press('Delete'),
      () => counts(page, 850),
    );
    took.undo = await longest(
      page,
      () => keys.press('Control+z'),
      () => counts(page, 1_050),
    );
    console.log(
      Object.entries(took)
        .map(([name, ms]) => `${name} ${ms.toFixed(0)}`)
        .join(', '),
    );
    return Math.max(...Object.values(took));
  },
});
