/** How the example is built on the screen from nothing, whatever the hands are. */
import assert from 'node:assert/strict';
import { builderOf, newDraft } from './draft.mjs';
import { example, interfaceOf } from './interface.mjs';
import { journey, signIn } from './journey.mjs';

const WANTED = await example('licence-audit/licence-audit');
const BY_ID = new Map(WANTED.nodes.map((node) => [node.id, node]));

/** Where each step comes when it is added, in the order of the adding. */
const STEPS = [
  ['Celery task', 'parse', { first: true }],
  ['For each', 'packages', { after: 'parse' }],
  ['Celery task', 'metadata', { inside: 'packages' }],
  ['Switch', 'family', { after: 'metadata' }],
  ['Transform', 'permissive', { after: 'family', port: 'permissive' }],
  ['Transform', 'weak', { after: 'family', port: 'weak' }],
  ['Transform', 'strong', { after: 'family', port: 'strong' }],
  ['Transform', 'unknown', { after: 'family', port: 'default' }],
  ['Transform', 'judged', { after: 'permissive' }],
  ['Sub-workflow', 'families', { after: 'packages' }],
  ['Transform', 'failures', { after: 'packages' }],
  ['Transform', 'totals', { after: 'families' }],
  ['Condition', 'clear', { after: 'totals' }],
  ['Approval', 'ask', { after: 'clear', port: 'false' }],
  ['Celery task', 'report', { after: 'ask', port: 'approved' }],
  ['Transform', 'done', { after: 'report' }],
  ['Condition', 'accepted', { between: ['report', 'done'] }],
  ['Fail', 'refused', { after: 'accepted', port: 'false' }],
];
const WIRES = {
  judged: [
    ['weak', 'out', 'judged'],
    ['strong', 'out', 'judged'],
    ['unknown', 'out', 'judged'],
  ],
  totals: [['failures', 'out', 'totals']],
  report: [
    ['ask', 'rejected', 'report'],
    ['clear', 'true', 'report'],
  ],
};

async function build(page, hands) {
  const form = page.getByRole('region', { name: 'Properties' });
  const text = (name) => form.getByRole('textbox', { name, exact: true });
  for (const [type, id, where] of STEPS) {
    await hands.add(type, id, where);
    await hands.edit();
    await describe(form, text, hands, BY_ID.get(id));
    await hands.done();
    for (const wire of WIRES[id] ?? []) await hands.connect(...wire);
  }
  await hands.workflow();
  await hands.fill(text('Description'), WANTED.description);
  await hands.fill(text('Inputs'), JSON.stringify(WANTED.inputs));
  await hands.press(form.getByRole('button', { name: 'Add Output' }));
  for (const [name, value] of Object.entries(WANTED.output)) {
    await hands.entry(text('New name in Output'), name);
    await hands.fill(text(name), value);
  }
  await hands.press(form.getByRole('button', { name: 'Add Settings' }));
  await hands.fill(text('Timeout'), WANTED.settings.timeout);
}

/** The form of one step is filled in. */
async function describe(form, text, hands, { type, label, config, timeout }) {
  if (label) await hands.fill(text('Label'), label);
  await FORMS[type](form, text, hands, config);
  if (!timeout) return;
  await hands.press(form.getByText('Advanced', { exact: true }));
  await hands.fill(form.locator('details').getByRole('textbox', { name: 'Timeout' }), timeout);
}

const FORMS = {
  async celery_task(form, text, hands, { task, kwargs, effect }) {
    await hands.fill(text('Task'), task);
    await hands.press(form.getByRole('button', { name: 'Add Kwargs' }));
    for (const [name, value] of Object.entries(kwargs)) {
      await hands.entry(text('New name in Kwargs'), name);
      await hands.fill(text(name), value);
    }
    await hands.choose(form.getByRole('combobox', { name: 'Effect' }), effect);
  },
  async foreach(form, text, hands, { items, concurrency, on_error, collect }) {
    await hands.press(form.getByRole('button', { name: 'Write Items as an expression', exact: true }));
    await hands.fill(text('Items'), items);
    await hands.fill(form.getByRole('textbox', { name: 'Concurrency' }), String(concurrency));
    await hands.press(form.getByRole('button', { name: 'Add On error' }));
    await hands.choose(form.getByRole('combobox', { name: 'Mode' }), on_error.mode);
    await hands.fill(text('Collect'), JSON.stringify(collect));
  },
  async switch(form, text, hands, { value, cases }) {
    await hands.fill(text('Value'), JSON.stringify(value));
    for (const [at, { name, equals }] of cases.entries()) {
      await hands.press(form.getByRole('button', { name: 'Add an item' }));
      const one = form.getByRole('group', { name: `Item ${at + 1}` });
      await hands.fill(one.getByRole('textbox', { name: 'Name' }), name);
      await hands.fill(one.getByRole('textbox', { name: 'Equals' }), JSON.stringify(equals));
    }
  },
  async transform(_form, text, hands, { output }) {
    await hands.fill(text('Output'), JSON.stringify(output));
  },
  async sub_workflow(form, text, hands, { workflow, items }) {
    await hands.fill(text('Workflow'), workflow);
    await hands.press(form.getByRole('button', { name: 'Add Items' }));
    await hands.press(form.getByRole('button', { name: 'Write Items as an expression', exact: true }));
    await hands.fill(text('Items'), items);
  },
  async condition(_form, text, hands, { when }) {
    await hands.fill(text('When'), when);
  },
  async approval(form, text, hands, { title, description, assignees }) {
    await hands.fill(text('Title'), title);
    await hands.fill(text('Description'), description);
    for (const [at, assignee] of assignees.entries()) {
      await hands.press(form.getByRole('button', { name: 'Add an item' }));
      await hands.fill(text(`Item ${at + 1}`), assignee);
    }
  },
  async fail(_form, text, hands, { error, message }) {
    await hands.fill(text('Error'), error);
    await hands.fill(text('Message'), message);
  },
};

/** Nothing of where it stands, only what it says. */
function said({ nodes, edges, ...rest }) {
  const named = ({ from, to }) => `${from}>${to}`;
  return {
    ...rest,
    nodes: Object.fromEntries(nodes.map((node) => [node.id, node])),
    edges: edges.map(named).sort(),
  };
}

/** The whole example by these hands, published without a problem, and the same as the document of it. */
export function builds(how, handsOf) {
  journey(
    `the example is built with ${how}, and published without a problem`,
    async ({ page, context }) => {
      await signIn(page);
      const site = interfaceOf(context);
      await site.publish(await example('licence-audit/licence-family-summary'));
      const { id, name } = await newDraft(context, { nodes: [], edges: [] });
      await page.goto(`/workflows/${id}?tab=builder`);
      const hands = handsOf(page);
      await build(page, hands);
      const { definition } = await publish(page, hands, site, id);
      assert.deepEqual(said(definition), said({ ...WANTED, name }));
    },
    { timeout: 230_000 },
  );
}

/** What is saved has no problem; published, it is version 1. */
async function publish(page, hands, site, id) {
  await builderOf(page).says('Saved');
  await page.getByRole('region', { name: 'Problems' }).getByText('None', { exact: true }).waitFor();
  await hands.press(page.getByRole('button', { name: 'Publish' }));
  await page.getByText('Version 1 is published.').first().waitFor();
  return site.get(`/workflows/${id}/versions/1`);
}
