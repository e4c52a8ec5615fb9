/** Which steps a table shows, and in which order. */
import type { Step } from './model';
import { isContainer, labelOf, type Plan } from './plan';

export interface Filter {
  status?: string | undefined;
  q?: string | undefined;
  node?: string | undefined;
}

export interface Failure {
  class: string;
  message: string;
  node: string | null;
  cause: Failure | null;
}

/** An error as the engine writes it; null for anything else. */
export function failureOf(error: unknown): Failure | null {
  if (typeof error !== 'object' || error === null) return null;
  const raw = error as Record<string, unknown>;
  const text = (name: string): string => (typeof raw[name] === 'string' ? (raw[name] as string) : '');
  if (!('class' in raw) && !('message' in raw)) return null;
  return {
    class: text('class'),
    message: text('message'),
    node: text('node') || null,
    cause: failureOf(raw['cause']),
  };
}

/** From the outermost to the one that began it. */
export function chainOf(error: unknown): Failure[] {
  const chain: Failure[] = [];
  for (let one = failureOf(error); one; one = one.cause) chain.push(one);
  return chain;
}

/** Everything of a step that can be searched, in small letters. */
function textOf(step: Step, plan: Plan): string {
  const places = step.path.map(({ region, iteration }) => `${labelOf(plan, region)}[${iteration}]`);
  const errors = chainOf(step.error).flatMap((one) => [one.class, one.message]);
  return [labelOf(plan, step.node_id), step.node_id, ...places, step.worker, step.reason, ...errors]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();
}

/** Whether a step passes; every word of `q` must be found. */
export function passing(filter: Filter, plan: Plan): (step: Step) => boolean {
  const statuses = new Set(filter.status?.split(',').filter(Boolean));
  const words = (filter.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (step) => {
    if (statuses.size > 0 && !statuses.has(step.status)) return false;
    if (filter.node !== undefined && step.node_id !== filter.node) return false;
    if (words.length === 0) return true;
    const text = textOf(step, plan);
    return words.every((word) => text.includes(word));
  };
}

/** Steps are replaced, never changed: what was worked out of one holds. */
const began = new WeakMap<Step, number | null>();

/** When it began: a container becomes ready a second time when it closes, so the earliest of its times. */
export function beganAt(step: Step): number | null {
  const known = began.get(step);
  if (known !== undefined) return known;
  const times = [step.ready_at, step.started_at, step.finished_at].filter((at) => at !== null);
  const at = times.length > 0 ? Math.min(...times.map((one) => Date.parse(one))) : null;
  began.set(step, at);
  return at;
}

function order(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** The ids of the steps that pass, in the order in which they began. */
export function listed(steps: Iterable<Step>, filter: Filter, plan: Plan): string[] {
  const passes = passing(filter, plan);
  const found: { id: string; at: number; place: number }[] = [];
  for (const step of steps) {
    if (!passes(step)) continue;
    found.push({ id: step.id, at: beganAt(step) ?? Infinity, place: plan.order.get(step.node_id) ?? 0 });
  }
  found.sort(
    (one, other) => order(one.at, other.at) || one.place - other.place || (one.id < other.id ? -1 : 1),
  );
  return found.map(({ id }) => id);
}

export function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, at) => id === other[at]);
}

/** Failed steps that began it, those that failed for the same reason together; and what they took with them. */
export interface Cause {
  node_id: string;
  class: string;
  message: string;
  /** In the order in which they failed. */
  steps: Step[];
}

export interface Causes {
  roots: Cause[];
  /** Containers that failed because of something inside. */
  containers: number;
  /** Steps that were cancelled or skipped although something before them or beside them failed. */
  lost: number;
  /** Failed steps whose failure was taken care of, by an error port or otherwise. */
  handled: number;
}

const FAILED = new Set(['failed', 'timed_out']);

export function causesOf(steps: Iterable<Step>, plan: Plan): Causes {
  const failed: Step[] = [];
  const ended: Step[] = [];
  for (const step of steps) {
    if (step.superseded) continue;
    if (FAILED.has(step.status)) failed.push(step);
    else if (step.status === 'skipped' || step.status === 'cancelled') ended.push(step);
  }
  failed.sort((one, other) => (one.finished_at ?? '').localeCompare(other.finished_at ?? ''));
  const roots = new Map<string, Cause>();
  let containers = 0;
  let handled = 0;
  for (const step of failed) {
    if (step.handled_by !== null) handled += 1;
    const error = failureOf(step.error);
    if (error?.cause && isContainer(plan, step.node_id)) {
      containers += 1;
      continue;
    }
    const began = { class: error?.class ?? '', message: error?.message ?? '' };
    const key = `${step.node_id}\n${began.class}`;
    const known = roots.get(key);
    if (known) known.steps.push(step);
    else roots.set(key, { node_id: step.node_id, ...began, steps: [step] });
  }
  const after = reachable(failed, plan);
  const lost = ended.filter((step) => after.has(step.node_id)).length;
  return { roots: [...roots.values()], containers, lost, handled };
}

/** Nodes that lie behind nodes of failed steps, on ways that a failure closes. */
function reachable(failed: readonly Step[], plan: Plan): Set<string> {
  const found = new Set<string>();
  const open = [...new Set(failed.map(({ node_id }) => node_id))];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const edge of plan.edges) {
      if (edge.from !== node || edge.port === 'error' || found.has(edge.to)) continue;
      found.add(edge.to);
      open.push(edge.to);
    }
  }
  return found;
}
