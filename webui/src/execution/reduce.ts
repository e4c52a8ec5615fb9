/** Snapshot and journal folded into the state they tell of, whatever is repeated or arrives twice. */
import {
  dataOf,
  START,
  type Batch,
  type Counts,
  type ExecutionLike,
  type JournalEvent,
  type NodeCounts,
  type Snapshot,
  type Step,
} from './model';
import { isFinal, statusOf } from './status';

/** The state at `cursor`. Changed in place; steps, counts and the execution are replaced, never changed. */
export interface State<Execution extends ExecutionLike = ExecutionLike> {
  cursor: string;
  execution: Execution;
  steps: Map<string, Step>;
  /** As told by the server, never derived. */
  counts: Map<string, Counts>;
  /** Steps here by status, without superseded ones. */
  tally: Record<string, number>;
  /** There are more steps than a snapshot holds. */
  truncated: boolean;
}

/** What a batch changed. */
export interface Changes {
  execution: boolean;
  /** Ids of steps that are new. */
  added: string[];
  /** Ids of all steps that changed, the new ones too. */
  steps: string[];
}

export function fromSnapshot<Execution extends ExecutionLike>(
  snapshot: Snapshot<Execution>,
): State<Execution> {
  const state: State<Execution> = {
    cursor: snapshot.cursor,
    execution: snapshot.execution,
    steps: new Map(),
    counts: new Map(),
    tally: {},
    truncated: snapshot.steps_truncated,
  };
  applyCounts(state, snapshot.nodes);
  for (const step of snapshot.steps) put(state, step);
  return state;
}

/** The part of a batch that lies beyond a cursor; null when there is a gap before it, or nothing in it is new. */
export function fitting(batch: Batch, cursor: string): Batch | null {
  if (batch.after > cursor || batch.cursor <= cursor) return null;
  if (batch.after === cursor) return batch;
  return { ...batch, after: cursor, events: batch.events.filter((event) => event.cursor > cursor) };
}

/** Apply a batch if it fits; null when it does not, and nothing was changed. */
export function applyBatch<Execution extends ExecutionLike>(
  state: State<Execution>,
  batch: Batch,
): Changes | null {
  const rest = fitting(batch, state.cursor);
  if (rest === null) return null;
  const changes: Changes = { execution: false, added: [], steps: [] };
  const changed = new Set<string>();
  for (const event of rest.events) {
    if (event.type.startsWith('Execution')) {
      changes.execution = ofExecution(state, event) || changes.execution;
    } else if (event.type.startsWith('Step')) {
      const is = ofStep(state, event);
      if (is === 'new') changes.added.push(event.step_id as string);
      if (is) changed.add(event.step_id as string);
    }
  }
  changes.steps = [...changed];
  state.cursor = rest.cursor;
  return changes;
}

/** Add steps that the snapshot left out, as a later read has them. The ids of those that are new or tell more now. */
export function addSteps(
  state: Pick<State, 'steps' | 'tally'>,
  steps: readonly Step[],
): Pick<Changes, 'added' | 'steps'> {
  const changes = { added: [] as string[], steps: [] as string[] };
  for (const step of steps) {
    const known = state.steps.get(step.id);
    const next = known && known.rev >= step.rev ? completed(known, step) : step;
    if (next === known) continue;
    put(state, next);
    changes.steps.push(step.id);
    if (!known) changes.added.push(step.id);
  }
  return changes;
}

/** A step first heard of in the middle of its life lacks its beginning. */
function completed(step: Step, read: Step): Step {
  const ready_at = step.ready_at ?? read.ready_at;
  const started_at = step.started_at ?? read.started_at;
  const worker = step.worker ?? read.worker;
  const isWhole = ready_at === step.ready_at && started_at === step.started_at && worker === step.worker;
  return isWhole ? step : { ...step, ready_at, started_at, worker };
}

/** Replace the counts of these nodes; the ids of those whose counts are different now. */
export function applyCounts(state: Pick<State, 'counts'>, nodes: readonly NodeCounts[]): string[] {
  const changed: string[] = [];
  for (const { node_id, counts } of nodes) {
    if (isSame(state.counts.get(node_id), counts)) continue;
    state.counts.set(node_id, counts);
    changed.push(node_id);
  }
  return changed;
}

function isSame(one: Counts | undefined, other: Counts): boolean {
  if (!one) return false;
  const names = Object.keys(other);
  return names.length === Object.keys(one).length && names.every((name) => one[name] === other[name]);
}

function put(state: Pick<State, 'steps' | 'tally'>, step: Step): void {
  const before = state.steps.get(step.id);
  if (before && !before.superseded) state.tally[before.status] = (state.tally[before.status] ?? 0) - 1;
  if (!step.superseded) state.tally[step.status] = (state.tally[step.status] ?? 0) + 1;
  state.steps.set(step.id, step);
}

/** A snapshot may be ahead of its cursor: an execution that has ended does not live again. */
function ofExecution<Execution extends ExecutionLike>(state: State<Execution>, event: JournalEvent): boolean {
  const { execution } = state;
  if (event.status === null || execution.finished_at !== null) return false;
  const end =
    event.type === 'ExecutionFinished'
      ? { finished_at: event.at, error: dataOf(event)['error'] ?? null }
      : {};
  state.execution = { ...execution, status: event.status, ...end };
  return true;
}

function ofStep(state: State, event: JournalEvent): 'new' | 'changed' | null {
  const data = dataOf(event);
  if (event.step_id === null || event.node_id === null || event.status === null || event.rev === null) {
    return null;
  }
  if (data['kind'] !== 'node') return null; // what the engine does between the steps
  const known = state.steps.get(event.step_id);
  if (known && event.rev <= known.rev) return null;
  put(state, moved(known ?? unseen(event), event));
  return known ? 'changed' : 'new';
}

function unseen(event: JournalEvent): Step {
  return {
    id: event.step_id as string,
    node_id: event.node_id as string,
    path: event.path,
    run: event.run ?? 1,
    superseded: false,
    attempt: 1,
    status: 'ready',
    rev: 0,
    port: null,
    error: null,
    handled_by: null,
    reason: null,
    worker: null,
    ready_at: null,
    started_at: null,
    finished_at: null,
    due_at: null,
  };
}

/** The step after an event; what the event does not tell stays. */
function moved(step: Step, event: JournalEvent): Step {
  const data = dataOf(event);
  const text = (name: string): string | null => (typeof data[name] === 'string' ? data[name] : null);
  const status = event.status as string;
  const next: Step = {
    ...step,
    status,
    rev: event.rev as number,
    run: event.run ?? step.run,
    attempt: event.attempt ?? step.attempt,
    worker: text('worker') ?? step.worker,
    started_at: text('started_at') ?? (status === 'running' ? event.at : step.started_at),
    finished_at: isFinal(statusOf(status)) ? event.at : null,
  };
  if (status === 'ready') return { ...next, ready_at: event.at, reason: text('reason'), due_at: null };
  if (status === 'held') return { ...next, reason: text('reason') };
  if (status === 'running' || status === 'skipped' || status === 'cancelled') return next;
  return {
    ...next,
    port: text('port'),
    error: data['error'] ?? null,
    handled_by: text('handled_by'),
    reason: text('reason'),
    due_at: text('due_at'),
  };
}

const MOVING = ['ready', 'running', 'retrying'];
const RESTING = ['waiting', 'held'];

/** The status to show: a running execution in which every live step waits is `waiting`. */
export function shownStatus(state: Pick<State, 'execution' | 'counts' | 'tally' | 'truncated'>): string {
  const { status } = state.execution;
  if (status !== 'running' && status !== 'waiting') return status;
  const tallies = state.truncated ? [...state.counts.values()] : [state.tally];
  const some = (names: string[]): boolean =>
    tallies.some((tally) => names.some((name) => (tally[name] ?? 0) > 0));
  if (some(MOVING)) return 'running';
  return some(RESTING) ? 'waiting' : status;
}

export function emptyState<Execution extends ExecutionLike>(execution: Execution): State<Execution> {
  return fromSnapshot({ cursor: START, execution, nodes: [], steps: [], steps_truncated: false });
}
