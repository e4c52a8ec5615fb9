/** How nodes stand, for a graph: whoever shows one node is told of that node alone. */
import type { Counts } from '../execution/model';
import { STATUSES, type Status } from '../theme/status';

/** Whether an execution went along an edge, will not, or might yet. */
export type EdgeState = 'open' | 'taken' | 'dead';

export interface GraphStatuses {
  /** null: no step of it yet. */
  status(nodeId: string): Status | null;
  /** Steps of a node by status; the same object until it changes. */
  counts(nodeId: string): Counts;
  edge(from: string, port: string, to: string): EdgeState;
  subscribe(nodeId: string, call: () => void): () => void;
  /** Told at any change, at most once a frame. */
  subscribeAll(call: () => void): () => void;
}

const NO_COUNTS: Counts = {};
const nothing = (): void => undefined;

/** Of a graph that is not executed. */
export const NO_STATUSES: GraphStatuses = {
  status: () => null,
  counts: () => NO_COUNTS,
  edge: () => 'open',
  subscribe: () => nothing,
  subscribeAll: () => nothing,
};

/** What many steps of one node show as one: what lives, before what failed, before what went well. */
const WEIGHT: readonly Status[] = [
  'running',
  'retrying',
  'held',
  'waiting',
  'pausing',
  'paused',
  'cancelling',
  'ready',
  'queued',
  'failed',
  'timed_out',
  'cancelled',
  'succeeded',
  'skipped',
];

export function dominant(counts: Counts): Status | null {
  return WEIGHT.find((status) => (counts[status] ?? 0) > 0) ?? null;
}

export function total(counts: Counts): number {
  return STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}
