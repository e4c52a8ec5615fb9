/** Which steps an execution waited for in the end: had one of them been quicker, all would have been. */
import { scopeOf, type PathSegment, type Step } from './model';
import type { Plan } from './plan';

interface Ended {
  step: Step;
  from: number;
  to: number;
}

const place = (path: readonly PathSegment[], node: string): string => `${scopeOf(path)}|${node}`;
const regionOf = (path: readonly PathSegment[]): string =>
  place(path.slice(0, -1), path.at(-1)?.region ?? '');

/** Clocks of several machines. */
const SLACK_MS = 5;

class Walk {
  private readonly at = new Map<string, Ended>();
  /** Steps by the container they lie in, by their end. */
  private readonly within = new Map<string, Ended[]>();
  private readonly before = new Map<string, string[]>();

  constructor(
    readonly ended: Ended[],
    plan: Plan,
  ) {
    for (const one of ended) {
      const { path, node_id } = one.step;
      this.at.set(place(path, node_id), one);
      if (path.length === 0) continue;
      const region = regionOf(path);
      const inside = this.within.get(region) ?? [];
      this.within.set(region, inside);
      inside.push(one);
    }
    for (const { from, to } of plan.edges) {
      const sources = this.before.get(to) ?? [];
      this.before.set(to, sources);
      sources.push(from);
    }
  }

  /** The last inside a container: it ended because that did. */
  insideOf({ step }: Ended): Ended | undefined {
    return this.within.get(place(step.path, step.node_id))?.at(-1);
  }

  /** What it followed: by an edge; else, inside of a container, whatever made room for it; else the container. */
  predecessor(one: Ended): Ended | undefined {
    const { path, node_id } = one.step;
    const sources = (this.before.get(node_id) ?? [])
      .map((node) => this.at.get(place(path, node)))
      .filter((found) => found !== undefined && found.to <= one.to);
    const last = sources.sort((a, b) => (a as Ended).to - (b as Ended).to).at(-1);
    if (last || path.length === 0) return last;
    const container = this.at.get(regionOf(path));
    const room = latest(this.within.get(regionOf(path)) ?? [], one.from + SLACK_MS, one);
    return room && container && one.from > container.from && room.to >= one.from - 1_000 ? room : container;
  }
}

/** The last of those that ended until then. */
function latest(sorted: readonly Ended[], until: number, but: Ended): Ended | undefined {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Ended).to <= until) low = middle + 1;
    else high = middle;
  }
  const found = sorted[low - 1];
  return found === but ? sorted[low - 2] : found;
}

/** Ids of the steps on the critical path, containers included. `now` is the end of what still lasts. */
export function criticalPath(steps: Iterable<Step>, plan: Plan, now: number): Set<string> {
  const ended: Ended[] = [];
  for (const step of steps) {
    if (step.superseded || step.status === 'skipped') continue;
    const times = [step.ready_at, step.started_at].filter((at) => at !== null).map((at) => Date.parse(at));
    if (times.length === 0) continue;
    const to = step.finished_at === null ? now : Date.parse(step.finished_at);
    ended.push({ step, from: Math.min(...times), to });
  }
  ended.sort((one, other) => one.to - other.to || one.from - other.from);
  const walk = new Walk(ended, plan);
  const found = new Set<string>();
  const outermost = ended.filter(({ step }) => step.path.length === 0);
  let at = (outermost.length > 0 ? outermost : ended).at(-1);
  while (at) {
    const entered = !found.has(at.step.id);
    found.add(at.step.id);
    const inner = entered ? walk.insideOf(at) : undefined;
    const next: Ended | undefined = inner && !found.has(inner.step.id) ? inner : walk.predecessor(at);
    if (!next || (found.has(next.step.id) && !isOpen(walk, next, at))) break;
    at = next;
  }
  return found;
}

/** A container may be met a second time: on the way in, from its first step. */
function isOpen(walk: Walk, next: Ended, from: Ended): boolean {
  return from.step.path.length > next.step.path.length && walk.insideOf(next) !== undefined;
}
