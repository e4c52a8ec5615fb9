/** What there is to be seen before every scene is opened: workflows, and an execution in each kind of end. */
import { example, interfaceOf } from './interface.mjs';

const REQUIREMENTS = 'celery==5.7.0\ndjango==5.2.19\norjson==3.13.0\npsycopg==3.3.9\nno-such-package==1.0\n';

const DECLINED = {
  schema: 'fermata/1',
  name: 'charge-order',
  description: 'Reserves what was ordered and charges for it.',
  nodes: [
    {
      id: 'order',
      type: 'transform',
      label: 'Read the order',
      config: { output: { id: 'o-9', amount: 1290 } },
    },
    { id: 'stock', type: 'transform', label: 'Reserve the goods', config: { output: { reserved: true } } },
    {
      id: 'charge',
      type: 'fail',
      label: 'Charge the card',
      config: { error: 'card_declined', message: 'The card was declined.' },
    },
    { id: 'tell', type: 'transform', label: 'Tell the customer', config: { output: true } },
  ],
  edges: [
    { from: 'order', to: 'stock' },
    { from: 'order', to: 'charge' },
    { from: 'stock', to: 'tell' },
  ],
};

const ASLEEP = {
  schema: 'fermata/1',
  name: 'remind-later',
  description: 'Waits until it is time, then says so.',
  nodes: [
    { id: 'later', type: 'wait', label: 'Until tomorrow', config: { for: '1d' } },
    { id: 'say', type: 'transform', label: 'Remind', config: { output: 'It is time.' } },
  ],
  edges: [{ from: 'later', to: 'say' }],
};

let ids;

/** What the scenes show is there, each where it shall stand: published and started once. Answers the ids. */
export async function furnish(page, context) {
  ids ??= await furnished(page, context);
  return ids;
}

async function furnished(page, context) {
  const site = interfaceOf(context);
  await site.publish(await example('licence-audit/licence-family-summary'));
  const audit = await site.publish(await example('licence-audit/licence-audit'));
  const input = { text: REQUIREMENTS, source: 'requirements.txt' };
  const asked = await site.post(`/workflows/${audit.id}/executions`, { input });
  const failed = await site.start(DECLINED);
  const asleep = await site.start(ASLEEP);
  await page.goto(`/executions/${asked.id}?tab=table&node=ask`);
  await page
    .getByRole('row', { name: /Accept what is unknown/ })
    .getByText('waiting')
    .waitFor();
  await page.goto(`/executions/${failed.id}`);
  await page.locator('h1 ~ *').getByText('failed', { exact: true }).waitFor();
  return { workflow: audit.id, asked: asked.id, failed: failed.id, asleep: asleep.id };
}
