/** What a step did when, and a scale of time on which nothing happens in no space. */
import { dataOf, type JournalEvent, type Step } from './model';
import { isFinal, statusOf } from './status';

/** `queue`: it could go on and waits for a worker; `inside`: a container's steps or child executions work. */
export type Kind = 'queue' | 'run' | 'inside' | 'wait' | 'retry' | 'held';

export interface Segment {
  kind: Kind;
  from: number;
  /** null: it lasts. */
  to: number | null;
  attempt: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  ready: 'queue',
  running: 'run',
  waiting: 'wait',
  retrying: 'retry',
  held: 'held',
};

function time(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** From a step's events, oldest first; without any, what the step itself tells. */
export function segmentsOf(step: Step, events: readonly JournalEvent[]): Segment[] {
  const done: Segment[] = [];
  let open: Segment | null = null;
  const end = (at: number): void => {
    if (open && at > open.from) done.push({ ...open, to: at });
    open = null;
  };
  for (const event of events) {
    if (event.status === null) continue;
    const at = Date.parse(event.at);
    const attempt = event.attempt ?? 1;
    const started = time(dataOf(event)['started_at']);
    const before = open as Segment | null;
    // Quick steps tell of their start only when they end.
    if (before?.kind === 'queue' && started !== null && started >= before.from && started <= at) {
      end(started);
      open = { kind: 'run', from: started, to: null, attempt: before.attempt };
    }
    end(at);
    const kind = isInside(event) ? 'inside' : KINDS[event.status];
    if (kind) open = { kind, from: at, to: null, attempt };
  }
  if (open) done.push(open);
  return events.length > 0 ? done : told(step);
}

function isInside(event: JournalEvent): boolean {
  return event.status === 'waiting' && ['region', 'children'].includes(String(dataOf(event)['reason']));
}

function told(step: Step): Segment[] {
  const { attempt } = step;
  const ready = time(step.ready_at);
  const started = time(step.started_at);
  const finished = time(step.finished_at);
  const kind = KINDS[step.status] ?? 'run';
  const found: Segment[] = [];
  if (ready !== null && (started === null || started > ready)) {
    found.push({ kind: 'queue', from: ready, to: started ?? finished, attempt });
  }
  if (started !== null)
    found.push({ kind: kind === 'queue' ? 'run' : kind, from: started, to: finished, attempt });
  return found;
}

export interface Span {
  from: number;
  to: number;
}

const ACTIVE: ReadonlySet<Kind> = new Set(['queue', 'run']);

/** The times in which something was done or could have been done, in order and without overlap. */
export function activeSpans(segments: Iterable<Segment>, now: number): Span[] {
  const spans: Span[] = [];
  for (const { kind, from, to } of segments) if (ACTIVE.has(kind)) spans.push({ from, to: to ?? now });
  spans.sort((one, other) => one.from - other.from);
  const merged: Span[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else merged.push({ ...span });
  }
  return merged;
}

export interface Piece extends Span {
  /** Where it lies, as parts of the whole width. */
  left: number;
  right: number;
  /** Nothing happened, and it is drawn short. */
  idle: boolean;
}

export interface Scale {
  pieces: readonly Piece[];
  from: number;
  to: number;
}

/** An idle time is left out if it is longer than this part of all the rest, and than half a second. */
const LONG = 0.1;
const LEAST_MS = 500;
/** What is left of it, as a part of the width. */
const GAP = 0.04;

/** A scale from `from` to `to`; with `collapse` long times outside of the spans are drawn short. */
export function scaleOf(active: readonly Span[], from: number, to: number, collapse: boolean): Scale {
  const whole = Math.max(1, to - from);
  const gaps = collapse ? longGaps(active, from, from + whole) : [];
  const shown = whole - gaps.reduce((sum, one) => sum + one.to - one.from, 0);
  const gap = gaps.length === 0 ? 0 : shown > 0 ? Math.min(GAP, 0.5 / gaps.length) : 1 / gaps.length;
  const perMs = (1 - gap * gaps.length) / Math.max(1, shown);
  const pieces: Piece[] = [];
  let left = 0;
  const add = (piece: Span, idle: boolean): void => {
    const right = left + (idle ? gap : (piece.to - piece.from) * perMs);
    pieces.push({ ...piece, left, right, idle });
    left = right;
  };
  let at = from;
  for (const one of gaps) {
    if (one.from > at) add({ from: at, to: one.from }, false);
    add(one, true);
    at = one.to;
  }
  if (at < from + whole || pieces.length === 0) add({ from: at, to: from + whole }, false);
  return { pieces, from, to: from + whole };
}

function longGaps(active: readonly Span[], from: number, to: number): Span[] {
  const gaps: Span[] = [];
  let at = from;
  for (const span of active) {
    if (span.from > at) gaps.push({ from: at, to: span.from });
    at = Math.max(at, span.to);
  }
  if (to > at) gaps.push({ from: at, to });
  const idle = gaps.reduce((sum, one) => sum + one.to - one.from, 0);
  const least = Math.max(LEAST_MS, (to - from - idle) * LONG);
  return gaps.filter((one) => one.to - one.from > least);
}

/** Where a moment lies, from 0 to 1. */
export function placeOf(scale: Scale, at: number): number {
  const { pieces } = scale;
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pieces[middle] as Piece).to < at) low = middle + 1;
    else high = middle;
  }
  const piece = pieces[low];
  if (!piece) return 0;
  const length = Math.max(1, piece.to - piece.from);
  const part = Math.min(1, Math.max(0, (at - piece.from) / length));
  return piece.left + part * (piece.right - piece.left);
}

/** Round lengths of time a tick may stand for, in seconds. */
const ROUND = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800,
  3_600, 7_200, 14_400, 43_200, 86_400,
];

/** Moments to write on the scale, not nearer to each other, or to an idle time, than `apart` of the width. */
export function ticksOf(scale: Scale, apart: number): { each: number; ticks: number[] } {
  const shown = scale.pieces.filter(({ idle }) => !idle);
  const width = shown.reduce((sum, { left, right }) => sum + right - left, 0);
  const length = shown.reduce((sum, { from, to }) => sum + to - from, 0);
  const wanted = (length / Math.max(width, 0.001)) * apart;
  const seconds = ROUND.find((one) => one * 1_000 >= wanted) ?? Math.ceil(wanted / 86_400_000) * 86_400;
  const each = seconds * 1_000;
  const ticks: number[] = [];
  let free = 0;
  for (const piece of shown) {
    const first = Math.ceil((piece.from - scale.from) / each) * each + scale.from;
    for (let at = first; at <= piece.to; at += each) {
      const left = placeOf(scale, at);
      const fits = left >= free && (left + apart * 0.6 <= piece.right || piece.to === scale.to);
      if (!fits && at !== scale.from) continue;
      ticks.push(at);
      free = left + apart * 0.9;
    }
  }
  return { each, ticks };
}

/** How long a step spent with what. */
export function sums(segments: readonly Segment[], now: number): Partial<Record<Kind, number>> {
  const found: Partial<Record<Kind, number>> = {};
  for (const { kind, from, to } of segments) found[kind] = (found[kind] ?? 0) + (to ?? now) - from;
  return found;
}

export interface Attempt {
  number: number;
  from: number;
  to: number | null;
  status: string;
  error: unknown;
  worker: string | null;
  /** When it is tried again. */
  due_at: string | null;
}

/** The attempts of a step, from its events. */
export function attemptsOf(events: readonly JournalEvent[]): Attempt[] {
  const found = new Map<number, Attempt>();
  for (const event of events) {
    if (event.status === null || event.attempt === null) continue;
    const at = Date.parse(event.at);
    const data = dataOf(event);
    const known = found.get(event.attempt) ?? {
      number: event.attempt,
      from: at,
      to: null,
      status: event.status,
      error: null,
      worker: null,
      due_at: null,
    };
    const started = time(data['started_at']);
    const over = event.status === 'retrying' || isFinal(statusOf(event.status));
    found.set(event.attempt, {
      ...known,
      from: begin(known, event.status === 'running' ? at : started),
      to: over ? at : null,
      status: event.status,
      error: data['error'] ?? known.error,
      worker: typeof data['worker'] === 'string' ? data['worker'] : known.worker,
      due_at: event.status === 'retrying' && typeof data['due_at'] === 'string' ? data['due_at'] : null,
    });
  }
  return [...found.values()];
}

/** When an attempt began to run; what tells of an earlier attempt's start is no news. */
function begin(known: Attempt, started: number | null): number {
  return known.status === 'ready' && started !== null && started >= known.from ? started : known.from;
}
