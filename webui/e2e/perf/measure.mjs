/** The timed budgets of the screen that shows an execution or a workflow. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { budget, quantile } from './budget.mjs';
import { executionAnswers, graphOf, play, workflowAnswers, workflowRows } from './stage.mjs';

const recording = JSON.parse(await readFile(process.env.RECORDING, 'utf8'));
const ID = recording.snapshot.execution.id;

const execution = executionAnswers(recording);
const finished = {
  answers: execution,
  sockets: (ws) => ws.send(JSON.stringify({ type: 'snapshot', ...recording.snapshot })),
};
const panelAt = async (page, tab, selector) => {
  await page.goto('about:blank');
  await page.goto(`/executions/${ID}?tab=${tab}`);
  return page.evaluate(async (one) => (await window.__painted(one)) - window.__read, selector);
};
const ROW = '[role=row][aria-rowindex="3"]';

budget('an execution of 5,000 steps is there after its data', 200, 'ms', {
  ...finished,
  measure: (page) => panelAt(page, 'table', ROW),
});

budget('the heap with an execution of 5,000 steps', 120, 'MB', {
  ...finished,
  async measure(page, cdp) {
    await panelAt(page, 'table', ROW);
    await cdp.send('HeapProfiler.collectGarbage');
    return (await cdp.send('Runtime.getHeapUsage')).usedSize / 1024 ** 2;
  },
});

budget('the timeline of 5,000 steps scrolls: 95 % of the frames', 20, 'ms', {
  ...finished,
  async measure(page) {
    await panelAt(page, 'timeline', ROW);
    const gaps = await page.evaluate(async () => {
      const grid = document.querySelector('[role=grid], [role=treegrid]');
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const all = [];
      let before = await frame();
      for (let at = 0; at < 90; at += 1) {
        grid.scrollTop += 400;
        const now = await frame();
        all.push(now - before);
        before = now;
      }
      return all;
    });
    return quantile(gaps, 0.95);
  },
});

budget('20 interactions with it, input to next paint: 75 % of them', 200, 'ms', {
  ...finished,
  async measure(page) {
    await panelAt(page, 'table', ROW);
    await page.evaluate(() => {
      window.__took = [];
      for (const kind of ['pointerdown', 'keydown']) {
        addEventListener(
          kind,
          ({ timeStamp }) =>
            requestAnimationFrame(() => setTimeout(() => window.__took.push(performance.now() - timeStamp))),
          true,
        );
      }
    });
    for (const tab of ['Timeline', 'Graph', 'Events', 'Iterations', 'Table']) {
      await page.getByRole('tab', { name: tab }).click();
    }
    const grid = page.getByRole('grid');
    for (let row = 3; row < 8; row += 1) await grid.locator(`[aria-rowindex="${row}"]`).click();
    for (const key of ['End', 'PageUp', 'PageUp', 'Home', 'PageDown']) await grid.press(key);
    for (const tab of ['Input', 'Attempts', 'Details', 'Output']) {
      await page.getByRole('tab', { name: tab }).click();
    }
    await page.getByRole('button', { name: /^succeeded/ }).click();
    const took = await page.evaluate(() => window.__took);
    assert.ok(took.length >= 20, `${took.length} interactions`);
    return quantile(took, 0.75);
  },
});

budget('2,000 events a second at 5,000 steps: the main thread is busy', 30, '%', {
  answers: execution,
  sockets: (ws) => (recording.ws = ws),
  async measure(page, cdp) {
    recording.ws = null;
    await page.goto('about:blank');
    await page.goto(`/executions/${ID}?tab=table`);
    const busy = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration').value;
    };
    const { begin, rest } = play(recording, () => recording.ws);
    await begin();
    await page.locator(ROW).waitFor();
    const [before, at] = [await busy(), performance.now()];
    const sent = await rest({ perSecond: 2_000, seconds: 2 });
    const share = ((await busy()) - before) / ((performance.now() - at) / 1000);
    assert.ok(sent >= 3_500, `${sent} events were sent`);
    return share * 100;
  },
});

budget('a workflow of 500 nodes can be used after its document', 700, 'ms', {
  answers: workflowAnswers(graphOf(500)),
  async measure(page) {
    await page.goto('about:blank');
    await page.goto('/workflows/w1?tab=graph');
    return page.evaluate(async () => {
      const shown = await window.__painted('[data-node]');
      const [read] = performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.endsWith('/versions/1'));
      return shown - read.responseEnd;
    });
  },
});

budget('the graph of 5,000 nodes is panned: script of 95 % of the frames', 8, 'ms', {
  answers: workflowAnswers(graphOf(5_000)),
  async measure(page, cdp) {
    await page.goto('about:blank');
    await page.goto('/workflows/w1?tab=graph');
    await page.evaluate(() => window.__painted('[data-node], canvas'));
    const script = async () => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'ScriptDuration').value * 1000;
    };
    const took = [];
    for (let at = 0; at < 60; at += 1) {
      const before = await script();
      await page.evaluate(
        (turn) =>
          new Promise((resolve) => {
            const delta = { deltaX: turn % 30 < 15 ? 60 : -60, deltaY: 20, bubbles: true, cancelable: true };
            document.querySelector('[role=application]').dispatchEvent(new WheelEvent('wheel', delta));
            requestAnimationFrame(() => setTimeout(resolve));
          }),
        at,
      );
      took.push((await script()) - before);
    }
    return quantile(took, 0.95);
  },
});

const LIST = { answers: { 'GET /workflows': { results: workflowRows(50), next: null } } };
const seen = (page, kind) =>
  page.evaluate(
    (type) =>
      new Promise((resolve) => {
        new PerformanceObserver((list) =>
          resolve(list.getEntries().map(({ startTime, value }) => [startTime, value])),
        ).observe({
          type,
          buffered: true,
        });
        setTimeout(() => resolve([]), 500); // none is told of
      }),
    kind,
  );

budget('the list of workflows: its largest part is painted, warm', 800, 'ms', {
  ...LIST,
  async measure(page) {
    await page.goto('/workflows');
    await page.getByRole('table').waitFor();
    const [last] = (await seen(page, 'largest-contentful-paint')).toReversed();
    return last[0];
  },
});

budget('the list of workflows: what moves while it comes', 0.02, 'CLS', {
  ...LIST,
  async measure(page) {
    await page.goto('about:blank');
    await page.goto('/workflows');
    await page.getByRole('table').waitFor();
    return (await seen(page, 'layout-shift')).reduce((sum, [, value]) => sum + value, 0);
  },
});
