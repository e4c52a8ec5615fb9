/** A question is answered where all questions are, by the keyboard alone. */
import assert from 'node:assert/strict';
import { assertAccessible } from './support/axe.mjs';
import { interfaceOf } from './support/interface.mjs';
import { journey, enter } from './support/journey.mjs';

const ASKING = {
  schema: 'fermata/1',
  name: 'journey-refund',
  nodes: [
    {
      id: 'ask',
      type: 'approval',
      config: { title: 'Refund 1,290 €?', assignees: ['role:owner', 'role:admin'] },
    },
    { id: 'pay', type: 'transform', config: { output: '{{ steps.ask.output.comment }}' } },
  ],
  edges: [{ from: 'ask.approved', to: 'pay' }],
};

journey('an approval is decided from the inbox, and the execution goes on', async ({ page, context }) => {
  await enter(context);
  const site = interfaceOf(context);
  const { id } = await site.start(ASKING);
  await page.goto('/approvals?q=Refund');
  await page
    .getByRole('list', { name: 'Approvals' })
    .getByRole('button', { name: /Refund 1,290/ })
    .click();
  const question = page.getByRole('article', { name: 'Refund 1,290 €?' });
  await question.getByRole('textbox', { name: 'Comment' }).fill('Paid twice, as it seems');
  await assertAccessible(page, 'a question in the inbox');
  await page.getByRole('heading', { name: 'Approvals' }).click();
  await page.keyboard.press('a');
  await question.getByText('approved', { exact: true }).waitFor();
  await page.goto(`/executions/${id}?tab=table`);
  const panel = page.getByRole('group', { name: 'Execution' });
  await panel.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor();
  const { results } = await site.get(`/workflows/executions/${id}/steps?node_id=pay`);
  assert.equal(results[0].output, 'Paid twice, as it seems');
});
