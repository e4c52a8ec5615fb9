/** The journal of an execution of 5,000 steps, as the platform tells it, kept for measure.mjs. */
import { writeFile } from 'node:fs/promises';
import { interfaceOf } from '../support/interface.mjs';
import { journey, signIn } from '../support/journey.mjs';

const MANY = {
  schema: 'fermata/1',
  name: 'measured',
  settings: { dispatch: 'together' },
  nodes: [
    { id: 'each', type: 'foreach', config: { items: '{{ range(0, 4998) }}', concurrency: 500 } },
    { id: 'one', type: 'transform', parent: 'each', config: { output: '{{ index }}' } },
  ],
  edges: [],
};

journey(
  'an execution of 5,000 steps is recorded',
  async ({ page, context }) => {
    await signIn(page);
    const site = interfaceOf(context);
    const { id } = await site.start(MANY);
    const there = `/workflows/executions/${id}`;
    await page.goto(`/executions/${id}`);
    await page.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor({ timeout: 60_000 });
    const recording = {
      snapshot: await site.get(`${there}/snapshot`),
      graph: await site.get(`${there}/graph`),
      events: await site.journal(id, '000000000000'),
    };
    await writeFile(process.env.RECORDING, JSON.stringify(recording));
  },
  { timeout: 120_000 },
);
