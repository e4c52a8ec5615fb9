/** What of a workflow is shown, as it stands in the address. */
import { dockSearch, type DockSearch } from '../../execution/dock';

/** The tabs of a workflow, in their order. */
export const TABS = ['graph', 'builder', 'versions', 'executions'] as const;

export type Tab = (typeof TABS)[number];

/** What the builder was called in addresses that people may have kept. */
const FORMER_BUILDER = 'edit';

export interface WorkflowSearch extends DockSearch {
  tab?: Tab | undefined;
  /** The node that is selected in the graph. */
  node?: string | undefined;
  /** What is shown beside the graph. */
  pane?: 'code' | undefined;
  /** The version whose graph is shown; without it the newest one, or the draft. */
  rev?: number | 'draft' | undefined;
  /** What is compared: from and to. */
  a?: number | 'draft' | undefined;
  b?: number | 'draft' | undefined;
}

function version(value: unknown): number | 'draft' | undefined {
  if (value === 'draft') return value;
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}

/** Read strictly: a wrong parameter is left out; the graph is shown unless another view is asked for. */
export function workflowSearch(raw: Record<string, unknown>): WorkflowSearch {
  const { node, tab } = raw;
  const found: WorkflowSearch = {
    tab: TABS.find((name) => name === (tab === FORMER_BUILDER ? 'builder' : tab)) ?? 'graph',
    node: typeof node === 'string' || typeof node === 'number' ? String(node) : undefined,
    pane: raw['pane'] === 'code' ? 'code' : undefined,
    rev: version(raw['rev']),
    a: version(raw['a']),
    b: version(raw['b']),
    ...dockSearch(raw),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
