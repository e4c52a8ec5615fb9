/** What the interface tells of an execution, as far as the pure parts need it (a subset of its schema). */
export interface PathSegment {
  region: string;
  iteration: number;
}

/** A step without its values. */
export interface Step {
  id: string;
  node_id: string;
  path: readonly PathSegment[];
  run: number;
  superseded: boolean;
  attempt: number;
  status: string;
  rev: number;
  port: string | null;
  error: unknown;
  handled_by: string | null;
  reason: string | null;
  worker: string | null;
  ready_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  due_at: string | null;
}

/** What changes about an execution while it runs; the rest is carried along. */
export interface ExecutionLike {
  status: string;
  error: unknown;
  finished_at: string | null;
}

export interface JournalEvent {
  cursor: string;
  type: string;
  at: string;
  step_id: string | null;
  node_id: string | null;
  path: readonly PathSegment[];
  run: number | null;
  attempt: number | null;
  status: string | null;
  rev: number | null;
  data: unknown;
}

/** Steps by status. */
export type Counts = Readonly<Record<string, number>>;

export interface NodeCounts {
  node_id: string;
  counts: Counts;
}

export interface Snapshot<Execution extends ExecutionLike = ExecutionLike> {
  cursor: string;
  execution: Execution;
  nodes: readonly NodeCounts[];
  steps: readonly Step[];
  steps_truncated: boolean;
}

/** Events that follow `after` without a gap; `cursor` is the last one's. */
export interface Batch {
  after: string;
  cursor: string;
  events: readonly JournalEvent[];
}

/** Before the first event. */
export const START = '000000000000';
/** Behind the last one. */
export const END = 'ffffffffffff';

/** The members of an event's data, whatever was sent. */
export function dataOf(event: JournalEvent): Readonly<Record<string, unknown>> {
  const { data } = event;
  return typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};
}

/** A scope as the interface writes it: `each:4/@again:2`; empty for the root. */
export function scopeOf(path: readonly PathSegment[]): string {
  return path.map(({ region, iteration }) => `${region}:${iteration}`).join('/');
}

export function isWithin(path: readonly PathSegment[], outer: readonly PathSegment[]): boolean {
  return outer.every(
    ({ region, iteration }, at) => path[at]?.region === region && path[at].iteration === iteration,
  );
}
