/** Write expressions with completion and a preview, and the YAML of a draft, and see both change the workflow. */
import assert from 'node:assert/strict';
import { assertAccessible } from './support/axe.mjs';
import { newDraft } from './support/draft.mjs';
import { interfaceOf } from './support/interface.mjs';
import { journey, signIn } from './support/journey.mjs';

const PROPERTIES = 'section[aria-label="Properties"]';
const CODE = 'section[aria-label="Code"]';
const properties = (page) => page.getByRole('region', { name: 'Properties' });
const preview = (page) => page.getByRole('status', { name: 'Preview' });
/** Choose from the list of completions; a person to whom none is shown asks for it. */
const pick = async (page, name) => {
  const option = page.getByRole('option', { name });
  await option.waitFor({ timeout: 5_000 }).catch(() => page.keyboard.press('Control+Space'));
  await option.click();
};
const saved = (page) =>
  page.getByRole('toolbar', { name: 'Draft' }).getByText('Saved', { exact: true }).waitFor();
const outputOf = async (site, id, node) => {
  const { definition } = await site.get(`/workflows/${id}/draft`);
  return definition.nodes.find((one) => one.id === node)?.config.output;
};

journey('an expression is written with completion, and its value seen', async ({ page, context }) => {
  await signIn(page);
  const site = interfaceOf(context);
  const execution = await site.start(ORDERS, { orders: [{ id: 'o-17', amount: 4 }] });
  const { workflow_id: id } = await site.get(`/workflows/executions/${execution.id}`);
  await page.goto(`/workflows/${id}?tab=builder&node=note`);
  await properties(page).getByRole('textbox', { name: 'Output' }).click();
  const field = properties(page).locator('[contenteditable=true]');
  await field.waitFor();
  await field.press('Control+a');

  // Typed braces close themselves; names come from the steps before, members from their schemas.
  await page.keyboard.type('{{ inp');
  await pick(page, /^inputs/);
  await page.keyboard.type('.orders[0].');
  await pick(page, /^amount/);
  await preview(page).getByText('4', { exact: true }).waitFor();
  await preview(page).getByText('whole number').waitFor();
  await assertAccessible(page, 'an expression with its preview', PROPERTIES);

  // A wrong one is underlined where it is wrong, and the last value stays as an old one.
  await page.keyboard.type(' + steps.nobody.output');
  await preview(page)
    .getByText(/^✕ At character \d+/)
    .waitFor();
  await preview(page)
    .getByText(/before the last change/)
    .waitFor();
  await page.keyboard.press('Escape');
  await field.evaluate((element) => element.blur());
  await saved(page);
  assert.equal(await outputOf(site, id, 'note'), '{{ inputs.orders[0].amount + steps.nobody.output}}');

  // Undo in the field is the field's own; Escape leaves it.
  await field.click();
  await page.keyboard.press('Control+z');
  await preview(page).getByText('whole number').waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.activeElement.isContentEditable);
});

journey('the YAML is edited beside the graph, and both are one', async ({ page, context }) => {
  await signIn(page);
  const site = interfaceOf(context);
  const { id } = await newDraft(context, {
    nodes: [
      { id: 'first', type: 'transform', config: { output: 1 } },
      { id: 'second', type: 'transform', config: { output: 2 } },
    ],
  });
  await page.goto(`/workflows/${id}?tab=builder`);
  await page.getByRole('tree').waitFor();
  await page.keyboard.press('Control+e');
  await page.waitForURL(/pane=code/);
  const code = page.getByRole('textbox', { name: 'YAML of the draft' });
  await code.waitFor();
  await assertAccessible(page, 'the code beside the graph', CODE);

  // The cursor in a node's lines selects it.
  await code.getByText('id: first').click();
  await page.waitForURL(/node=first/);
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('lab');
  await pick(page, /^label/);
  await page.keyboard.type('The beginning');
  await page.locator('[data-node=first]').getByText('The beginning', { exact: true }).waitFor();
  await saved(page);
  const { definition } = await site.get(`/workflows/${id}/draft`);
  assert.equal(definition.nodes[0].label, 'The beginning');

  // Text that cannot be read says where, changes nothing, and is there again after the page was left.
  await page.keyboard.type('" : [');
  await page.getByText(/^Line \d+ cannot be read/).waitFor();
  await assertAccessible(page, 'code that cannot be read', CODE);
  await page.reload();
  await page.getByText(/^Line \d+ cannot be read/).waitFor();
  assert.equal((await site.get(`/workflows/${id}/draft`)).definition.nodes[0].label, 'The beginning');
  await page.getByRole('button', { name: 'Discard the text' }).click();
  await page.getByText('As the draft').waitFor();

  // What is selected elsewhere is marked here; a change by the form is a change of the text.
  await properties(page).getByRole('textbox', { name: 'Label' }).fill('The first step');
  await code.getByText('The first step').waitFor();
  await code.focus();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Close the code' }).press('Enter');
  await code.waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement.textContent === 'Code');
});

const ORDERS = {
  schema: 'fermata/1',
  name: 'journey-writing',
  inputs: {
    type: 'object',
    properties: {
      orders: {
        type: 'array',
        items: { type: 'object', properties: { id: { type: 'string' }, amount: { type: 'integer' } } },
      },
    },
  },
  nodes: [
    { id: 'sums', type: 'transform', config: { output: '{{ size(inputs.orders) }}' } },
    { id: 'note', type: 'transform', config: { output: '{{ steps.sums.output }}' } },
  ],
  edges: [{ from: 'sums', to: 'note' }],
};
