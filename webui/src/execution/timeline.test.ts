import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath } from './critical';
import { passagesOf } from './iterations';
import type { JournalEvent, Step } from './model';
import { planOf } from './plan';
import {
  activeSpans,
  attemptsOf,
  placeOf,
  scaleOf,
  segmentsOf,
  sums,
  ticksOf,
  type Segment,
} from './timeline';

const BEGIN = Date.UTC(2026, 0, 1);
const at = (second: number): string => new Date(BEGIN + second * 1000).toISOString();
const ms = (second: number): number => BEGIN + second * 1000;

function step(id: string, node: string, more: Partial<Step> = {}): Step {
  return {
    id,
    node_id: node,
    path: [],
    run: 1,
    superseded: false,
    attempt: 1,
    status: 'succeeded',
    rev: 1,
    port: null,
    error: null,
    handled_by: null,
    reason: null,
    worker: null,
    ready_at: null,
    started_at: null,
    finished_at: null,
    due_at: null,
    ...more,
  };
}

function event(second: number, status: string, attempt = 1, data: object = {}): JournalEvent {
  return {
    cursor: String(second),
    type: 'Step',
    at: at(second),
    step_id: 's',
    node_id: 'n',
    path: [],
    run: 1,
    attempt,
    status,
    rev: 1,
    data: { kind: 'node', ...data },
  };
}

const told = (segments: readonly Segment[]): string[] =>
  segments.map(({ kind, from, to, attempt }) => {
    const end = to === null ? '…' : (to - BEGIN) / 1000;
    return `${kind} ${(from - BEGIN) / 1000}-${end} #${attempt}`;
  });

describe('segments', () => {
  it('tell of queue, runs, pauses before retries and waits, from the events', () => {
    const events = [
      event(0, 'ready'),
      event(1, 'running'),
      event(3, 'retrying', 1, { error: { class: 'http_5xx' }, due_at: at(7) }),
      event(7, 'ready', 2),
      event(8, 'running', 2),
      event(9, 'waiting', 2),
    ];
    expect(told(segmentsOf(step('s', 'n'), events))).toEqual([
      'queue 0-1 #1',
      'run 1-3 #1',
      'retry 3-7 #1',
      'queue 7-8 #2',
      'run 8-9 #2',
      'wait 9-… #2',
    ]);
    expect(attemptsOf(events).map(({ number, status, to }) => [number, status, to])).toEqual([
      [1, 'retrying', ms(3)],
      [2, 'waiting', null],
    ]);
  });

  it('take the start of a quick step from the event of its end', () => {
    const events = [event(0, 'ready'), event(3, 'succeeded', 1, { started_at: at(2) })];
    expect(told(segmentsOf(step('s', 'n'), events))).toEqual(['queue 0-2 #1', 'run 2-3 #1']);
    expect(attemptsOf(events)[0]).toMatchObject({ from: ms(2), to: ms(3) });
    // the first attempt's start, told again by the end of the second, is no news
    const second = [event(5, 'ready', 2), event(6, 'failed', 2, { started_at: at(2) })];
    expect(told(segmentsOf(step('s', 'n'), second))).toEqual(['queue 5-6 #2']);
  });

  it('without events are what the step tells, a container included that became ready again', () => {
    const simple = step('s', 'n', { ready_at: at(0), started_at: at(1), finished_at: at(4) });
    expect(told(segmentsOf(simple, []))).toEqual(['queue 0-1 #1', 'run 1-4 #1']);
    const container = step('s', 'n', { ready_at: at(8), started_at: at(1), finished_at: at(9) });
    expect(told(segmentsOf(container, []))).toEqual(['run 1-9 #1']);
    expect(segmentsOf(step('s', 'n', { status: 'skipped', finished_at: at(2) }), [])).toEqual([]);
  });

  it('of a container are the work inside of it, not a wait', () => {
    const events = [event(0, 'ready'), event(1, 'waiting', 1, { reason: 'region', started_at: at(1) })];
    expect(told(segmentsOf(step('s', 'n'), [...events, event(9, 'succeeded')]))).toEqual([
      'queue 0-1 #1',
      'inside 1-9 #1',
    ]);
  });

  it('are summed by kind, what lasts up to now', () => {
    const segments = segmentsOf(step('s', 'n'), [event(0, 'ready'), event(2, 'running')]);
    expect(sums(segments, ms(5))).toEqual({ queue: 2_000, run: 3_000 });
  });
});

describe('the scale', () => {
  const spans = (...pairs: [number, number][]) => pairs.map(([from, to]) => ({ from: ms(from), to: ms(to) }));

  it('draws two idle hours short, and everything else in proportion', () => {
    const scale = scaleOf(spans([0, 10], [7_210, 7_220]), ms(0), ms(7_220), true);
    expect(scale.pieces.map(({ idle }) => idle)).toEqual([false, true, false]);
    const [first, gap, last] = scale.pieces.map(({ left, right }) => right - left);
    expect(gap).toBeLessThanOrEqual(0.05);
    expect(first).toBeCloseTo(last as number, 6);
    expect(scaleOf(spans([0, 10], [7_210, 7_220]), ms(0), ms(7_220), false).pieces).toHaveLength(1);
  });

  it('keeps pauses that are short beside the rest', () => {
    expect(scaleOf(spans([0, 10], [11, 20]), ms(0), ms(20), true).pieces).toHaveLength(1);
  });

  it('maps every moment once: it grows from 0 to 1, whatever the spans', () => {
    const span = fc.tuple(fc.nat(100_000), fc.nat(5_000)).map(([from, length]) => [from, from + length]);
    fc.assert(
      fc.property(fc.array(span), fc.array(fc.nat(110_000)), fc.boolean(), (pairs, moments, collapse) => {
        const segments = pairs.map(([from, to]): Segment => ({
          kind: 'run',
          from: from as number,
          to: to as number,
          attempt: 1,
        }));
        const active = activeSpans(segments, 0);
        for (let index = 1; index < active.length; index += 1) {
          expect(active[index]?.from).toBeGreaterThan(active[index - 1]?.to as number);
        }
        const scale = scaleOf(active, 0, 110_000, collapse);
        expect(placeOf(scale, 0)).toBe(0);
        expect(placeOf(scale, 110_000)).toBeCloseTo(1, 9);
        const places = moments.sort((one, other) => one - other).map((moment) => placeOf(scale, moment));
        for (let index = 1; index < places.length; index += 1) {
          expect(places[index]).toBeGreaterThanOrEqual((places[index - 1] as number) - 1e-9);
        }
        const { ticks } = ticksOf(scale, 0.1);
        expect(ticks.length).toBeLessThanOrEqual(14);
        for (let index = 1; index < ticks.length; index += 1) {
          const apart = placeOf(scale, ticks[index] as number) - placeOf(scale, ticks[index - 1] as number);
          expect(apart).toBeGreaterThanOrEqual(0.09 - 1e-9);
        }
      }),
    );
  });
});

const plan = planOf({
  nodes: [
    { id: 'a', type: 'transform', label: 'A', region: 'root' },
    { id: 'b', type: 'transform', label: 'B', region: 'root' },
    { id: 'each', type: 'foreach', label: 'Each', region: 'root' },
    { id: 'x', type: 'transform', label: 'X', region: 'each' },
    { id: 'y', type: 'transform', label: 'Y', region: 'each' },
    { id: 'z', type: 'transform', label: 'Z', region: 'root' },
  ],
  edges: [
    { from: 'a', port: 'out', to: 'each', kind: 'forward' },
    { from: 'a', port: 'out', to: 'b', kind: 'forward' },
    { from: 'x', port: 'out', to: 'y', kind: 'forward' },
    { from: 'each', port: 'out', to: 'z', kind: 'forward' },
    { from: 'b', port: 'out', to: 'z', kind: 'forward' },
  ],
});
const took = (from: number, to: number | null) => ({
  ready_at: at(from),
  started_at: at(from),
  finished_at: to === null ? null : at(to),
});
const inEach = (iteration: number) => ({ path: [{ region: 'each', iteration }] });

describe('the critical path', () => {
  it('goes through the container that was waited for, its slowest passage and what made room for that', () => {
    const steps = [
      step('a', 'a', took(0, 1)),
      step('b', 'b', took(1, 3)),
      step('each', 'each', took(1, 20)),
      step('x0', 'x', { ...took(1, 5), ...inEach(0) }),
      step('y0', 'y', { ...took(5, 8), ...inEach(0) }),
      step('x1', 'x', { ...took(1, 2), ...inEach(1) }),
      step('y1', 'y', { ...took(2, 3), ...inEach(1) }),
      step('x2', 'x', { ...took(8, 12), ...inEach(2) }), // one lane was free when the first passage ended
      step('y2', 'y', { ...took(12, 20), ...inEach(2) }),
      step('z', 'z', took(20, 21)),
    ];
    expect([...criticalPath(steps, plan, ms(21))].sort()).toEqual(
      ['a', 'each', 'x0', 'x2', 'y0', 'y2', 'z'].sort(),
    );
  });

  it('takes the branch that came last, and what still runs', () => {
    const steps = [
      step('a', 'a', took(0, 1)),
      step('b', 'b', { ...took(1, null), status: 'running' }),
      step('each', 'each', took(1, 4)),
      step('z', 'z', { status: 'skipped', finished_at: at(9) }),
    ];
    expect([...criticalPath(steps, plan, ms(10))].sort()).toEqual(['a', 'b']);
    expect(criticalPath([], plan, ms(1)).size).toBe(0);
  });
});

describe('iterations', () => {
  it('have the status of their worst step; a failure that was taken care of is none', () => {
    const steps = [
      step('each', 'each', took(0, null)),
      step('x0', 'x', { ...took(0, 1), ...inEach(0) }),
      step('y0', 'y', { ...took(1, 2), ...inEach(0), status: 'failed' }),
      step('x1', 'x', { ...took(0, 1), ...inEach(1), status: 'failed', handled_by: 'port' }),
      step('y1', 'y', { ...took(1, 4), ...inEach(1) }),
      step('x2', 'x', { ...took(0, null), ...inEach(2), status: 'running' }),
      step('x3', 'x', { ...took(0, 1), ...inEach(3), status: 'skipped' }),
    ];
    const [found] = passagesOf(steps, plan);
    expect(found?.iterations.map(({ number, status, step: id }) => [number, status, id])).toEqual([
      [0, 'failed', 'y0'],
      [1, 'succeeded', 'y1'],
      [2, 'running', 'x2'],
      [3, 'skipped', 'x3'],
    ]);
    expect(found?.counts).toEqual({ failed: 1, succeeded: 1, running: 1, skipped: 1 });
    expect(found?.container?.id).toBe('each');
    expect(found?.iterations[1]).toMatchObject({ from: ms(0), to: ms(4) });
    expect(found?.iterations[2]?.to).toBeNull();
  });
});
