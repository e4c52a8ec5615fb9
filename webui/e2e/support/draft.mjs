/** The builder of a workflow of the journey's own. */
import { interfaceOf } from './interface.mjs';

let made = 0;

/** A new workflow with steps `first` → `second`, never published; `definition` adds to it. */
export async function newDraft(context, definition = {}) {
  made += 1;
  const name = `journey-draft-${Date.now().toString(36)}-${made}`;
  const site = interfaceOf(context);
  return site.post('/workflows', {
    name,
    definition: {
      schema: 'fermata/1',
      name,
      nodes: [
        { id: 'first', type: 'transform', label: 'First', config: { output: 1 } },
        { id: 'second', type: 'transform', label: 'Second', config: { output: 2 } },
      ],
      edges: [{ from: 'first', to: 'second' }],
      ...definition,
    },
  });
}

/** Where one node of a draft is edited. */
export const editing = (id, node = 'first') => `/workflows/${id}?tab=builder&node=${node}`;

/** Parts of the builder on a page. */
export function builderOf(page) {
  const properties = page.getByRole('region', { name: 'Properties' });
  return {
    label: properties.getByRole('textbox', { name: 'Label' }),
    note: properties.getByRole('textbox', { name: 'Note' }),
    /** Wait until the bar says so; it does under a dialog too. */
    says: (words) => page.locator('[data-saving]').getByText(words, { exact: true }).waitFor(),
  };
}

/** What the platform has of a node. */
export async function savedNode(context, id, node = 'first') {
  const { definition } = await interfaceOf(context).get(`/workflows/${id}/draft`);
  return definition.nodes.find((one) => one.id === node);
}
