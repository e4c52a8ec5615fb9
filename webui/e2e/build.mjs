/** A workflow is built on the graph and published, with the mouse and with the keyboard alone; the example: long/. */
import assert from 'node:assert/strict';
import { publish, said } from './support/build.mjs';
import { newDraft } from './support/draft.mjs';
import { keyboard, mouse } from './support/hands.mjs';
import { interfaceOf } from './support/interface.mjs';
import { journey, signIn } from './support/journey.mjs';

const CONFIG = { start: 1, inner: '{{ item }}' };

async function build(page, hands) {
  const form = page.getByRole('region', { name: 'Properties' });
  const write = async (field, value) => {
    await hands.edit();
    await hands.fill(form.getByRole('textbox', { name: field, exact: true }), value);
    await hands.done();
  };
  await hands.add('Transform', 'start', { first: true });
  await write('Output', JSON.stringify(CONFIG.start));
  await hands.add('For each', 'each', { after: 'start' });
  await hands.edit();
  await hands.press(form.getByRole('button', { name: 'Write Items as an expression', exact: true }));
  await hands.fill(form.getByRole('textbox', { name: 'Items', exact: true }), '{{ [1, 2] }}');
  await hands.done();
  await hands.add('Transform', 'inner', { inside: 'each' });
  await write('Output', JSON.stringify(CONFIG.inner));
  await hands.add('Condition', 'check', { between: ['start', 'each'] });
  await write('When', '{{ steps.start.output == 1 }}');
  await hands.connect('check', 'false', 'each');
}

for (const [how, handsOf] of [
  ['the mouse', mouse],
  ['the keyboard alone', keyboard],
]) {
  journey(`a workflow is built with ${how}, and published without a problem`, async ({ page, context }) => {
    await signIn(page);
    const site = interfaceOf(context);
    const { id } = await newDraft(context, { nodes: [], edges: [] });
    await page.goto(`/workflows/${id}?tab=builder`);
    const hands = handsOf(page);
    await build(page, hands);
    const { definition } = await publish(page, hands, site, id);
    assert.deepEqual(said(definition).edges, ['check.false>each', 'check.true>each', 'start>check']);
    const inner = definition.nodes.find((node) => node.id === 'inner');
    assert.deepEqual(inner, {
      id: 'inner',
      type: 'transform',
      parent: 'each',
      config: { output: CONFIG.inner },
    });
  });
}
