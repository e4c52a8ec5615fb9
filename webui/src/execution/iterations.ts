/** The passages of containers: one status for each, and which step tells most about it. */
import { scopeOf, type Step } from './model';
import type { Plan } from './plan';
import { statusOf, type Status } from './status';

export interface Iteration {
  number: number;
  status: Status;
  /** The step that made it so. */
  step: string;
  from: number | null;
  to: number | null;
}

export interface Passages {
  /** The container's step, if it is known. */
  container: Step | undefined;
  /** The scope of the container and its node. */
  key: string;
  node_id: string;
  path: Step['path'];
  iterations: Iteration[];
  counts: Partial<Record<Status, number>>;
}

/** The first that a passage has decides. */
const ORDER: Status[] = [
  'running',
  'retrying',
  'ready',
  'held',
  'waiting',
  'timed_out',
  'failed',
  'cancelled',
  'succeeded',
  'skipped',
];
const RANK = new Map(ORDER.map((status, at) => [status, at]));
const rank = (status: string): number => RANK.get(statusOf(status)) ?? ORDER.length;

const least = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);

function time(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}

/** All passages of all containers, outer ones first. A failure that was taken care of does not count. */
export function passagesOf(steps: Iterable<Step>, plan: Plan): Passages[] {
  const containers = new Map<string, Step>();
  const inside = new Map<string, Map<number, Step[]>>();
  const paths = new Map<string, Step['path']>();
  for (const step of steps) {
    if (step.superseded) continue;
    containers.set(`${scopeOf(step.path)}|${step.node_id}`, step);
    const last = step.path.at(-1);
    if (!last) continue;
    const outer = step.path.slice(0, -1);
    const key = `${scopeOf(outer)}|${last.region}`;
    const iterations = inside.get(key) ?? new Map<number, Step[]>();
    inside.set(key, iterations);
    paths.set(key, outer);
    const among = iterations.get(last.iteration) ?? [];
    iterations.set(last.iteration, among);
    among.push(step);
  }
  return [...inside]
    .map(([key, iterations]) => {
      const node_id = key.slice(key.indexOf('|') + 1);
      const found = [...iterations].map(([number, among]) => iteration(number, among));
      found.sort((one, other) => one.number - other.number);
      const counts: Partial<Record<Status, number>> = {};
      for (const { status } of found) counts[status] = (counts[status] ?? 0) + 1;
      const path = paths.get(key) ?? [];
      return { container: containers.get(key), key, node_id, path, iterations: found, counts };
    })
    .sort(
      (one, other) =>
        one.path.length - other.path.length ||
        (plan.order.get(one.node_id) ?? 0) - (plan.order.get(other.node_id) ?? 0) ||
        (one.path.at(-1)?.iteration ?? 0) - (other.path.at(-1)?.iteration ?? 0),
    );
}

function iteration(number: number, among: readonly Step[]): Iteration {
  // What was taken care of tells less than a success, and more than what was skipped.
  const weight = (step: Step): number =>
    step.handled_by === null ? rank(step.status) : rank('succeeded') + 0.5;
  let telling = among[0] as Step;
  let from: number | null = null;
  let to: number | null = null;
  let live = false;
  for (const step of among) {
    if (weight(step) < weight(telling)) telling = step;
    from = least(from, least(time(step.ready_at), time(step.started_at)));
    const end = time(step.finished_at);
    if (end === null) live = true;
    else if (to === null || end > to) to = end;
  }
  const handled = telling.handled_by !== null;
  return {
    number,
    status: handled ? 'succeeded' : statusOf(telling.status),
    step: telling.id,
    from,
    to: live ? null : to,
  };
}
