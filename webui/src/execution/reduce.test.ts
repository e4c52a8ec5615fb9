import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { START, type Batch, type JournalEvent, type Snapshot, type Step } from './model';
import {
  addSteps,
  applyBatch,
  applyCounts,
  emptyState,
  fitting,
  fromSnapshot,
  shownStatus,
  type State,
} from './reduce';

const cursor = (seq: number): string => seq.toString(16).padStart(12, '0');
const at = (seq: number): string => new Date(Date.UTC(2026, 0, 1) + seq * 250).toISOString();
const LIVES = [
  ['ready', 'running', 'succeeded'],
  ['ready', 'running', 'retrying', 'ready', 'running', 'failed'],
  ['ready', 'waiting', 'ready', 'succeeded'],
  ['ready', 'held', 'ready', 'running', 'timed_out'],
  ['ready', 'cancelled'],
  ['skipped'],
  ['ready', 'running'],
];

/** A journal of some steps whose lives are interleaved, with events of other kinds between them. */
const journals = fc
  .record({
    lives: fc.array(fc.constantFrom(...LIVES), { minLength: 1, maxLength: 8 }),
    turns: fc.array(fc.nat(), { maxLength: 60 }),
    ends: fc.boolean(),
  })
  .map(({ lives, turns, ends }) => {
    const left = lives.map((life, step) => ({ step, life: [...life], rev: 0 }));
    const events: JournalEvent[] = [];
    const say = (one: Partial<JournalEvent>): void => {
      const seq = events.length + 1;
      const blank = { step_id: null, node_id: null, run: null, attempt: null, status: null, rev: null };
      events.push({ ...blank, type: '', path: [], data: {}, ...one, cursor: cursor(seq), at: at(seq) });
    };
    say({ type: 'ExecutionStarted', status: 'running' });
    for (const turn of [...turns, ...Array.from({ length: 60 }, () => 0)]) {
      const open = left.filter(({ life }) => life.length > 0);
      const one = open[turn % Math.max(1, open.length)];
      if (!one) break;
      if (turn % 5 === 1) say({ type: 'JoinOpened', node_id: 'join' });
      if (turn % 5 === 2)
        say({
          type: 'StepReady',
          step_id: 'x',
          node_id: '@turn',
          status: 'ready',
          rev: 1,
          data: { kind: 'turn' },
        });
      const status = one.life.shift() as string;
      one.rev += 1;
      say({
        type: `Step${status}`,
        step_id: `s${one.step}`,
        node_id: `n${one.step % 3}`,
        path: one.step % 2 ? [{ region: 'each', iteration: one.step }] : [],
        run: 1,
        attempt: one.rev > 3 ? 2 : 1,
        status,
        rev: one.rev,
        data: {
          kind: 'node',
          worker: status === 'running' ? 'w1' : undefined,
          port: status === 'succeeded' ? 'out' : undefined,
        },
      });
    }
    if (ends) say({ type: 'ExecutionFinished', status: 'failed', data: { error: { class: 'boom' } } });
    return events;
  });

const execution = { status: 'queued', error: null, finished_at: null };
const batchOf = (events: readonly JournalEvent[], from: number, to: number): Batch => ({
  after: cursor(from),
  cursor: cursor(to),
  events: events.slice(from, to),
});

function replayed(events: readonly JournalEvent[], to = events.length): State {
  const state = emptyState(execution);
  for (let seq = 0; seq < to; seq += 1) applyBatch(state, batchOf(events, seq, seq + 1));
  return state;
}

const seen = (state: State): unknown => ({
  cursor: state.cursor,
  execution: state.execution,
  steps: Object.fromEntries([...state.steps].sort(([one], [other]) => (one < other ? -1 : 1))),
  tally: Object.fromEntries(
    Object.entries(state.tally)
      .filter(([, number]) => number > 0)
      .sort(),
  ),
});

/** A snapshot whose rows stand at `ahead` although its cursor says `to`. */
function snapshotOf(events: readonly JournalEvent[], to: number, ahead: number): Snapshot {
  const state = replayed(events, ahead);
  return {
    cursor: cursor(to),
    execution: state.execution,
    nodes: [],
    steps: [...state.steps.values()],
    steps_truncated: false,
  };
}

describe('the reducer', () => {
  it('gives with any batches, repeated, overlapping or too early, what one event after the other gives', () => {
    fc.assert(
      fc.property(journals, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 }), (events, cuts) => {
        const state = emptyState(execution);
        for (const [from, length] of cuts) {
          const begin = from % events.length;
          const batch = batchOf(events, begin, Math.min(events.length, begin + 1 + (length % 7)));
          const before = state.cursor;
          const fits = applyBatch(state, batch) !== null;
          expect(fits).toBe(batch.after <= before && batch.cursor > before);
          expect(seen(state)).toEqual(seen(replayed(events, parseInt(state.cursor, 16))));
        }
        applyBatch(state, batchOf(events, parseInt(state.cursor, 16), events.length));
        expect(seen(state)).toEqual(seen(replayed(events)));
      }),
      { numRuns: 150 },
    );
  });

  it('goes on from a snapshot that is ahead of its cursor, taking no revision twice', () => {
    fc.assert(
      fc.property(journals, fc.nat(), fc.nat(), (events, one, other) => {
        const to = one % (events.length + 1);
        const ahead = Math.min(events.length, to + (other % 9));
        const state = fromSnapshot(snapshotOf(events, to, ahead));
        const revs = new Map([...state.steps].map(([id, { rev }]) => [id, rev]));
        for (let seq = to; seq < events.length; seq += 1) {
          applyBatch(state, batchOf(events, seq, seq + 1));
          for (const [id, { rev }] of state.steps) {
            expect(rev).toBeGreaterThanOrEqual(revs.get(id) ?? 0);
            revs.set(id, rev);
          }
        }
        expect(seen(state)).toEqual({ ...(seen(replayed(events)) as object), cursor: cursor(events.length) });
      }),
      { numRuns: 150 },
    );
  });

  it('has all steps once those a snapshot left out were read, whatever happened meanwhile', () => {
    const reads = fc.array(fc.tuple(fc.nat(), fc.nat(6)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(journals, fc.nat(), fc.nat(8), reads, (events, one, most, when) => {
        const to = one % (events.length + 1);
        const snapshot = snapshotOf(events, to, to);
        const state = fromSnapshot({ ...snapshot, steps: snapshot.steps.slice(0, most) });
        const moments = when.map(([at]) => to + (at % (events.length - to + 1)));
        for (let seq = to; seq <= events.length; seq += 1) {
          for (const [step, moment] of moments.entries()) {
            if (moment !== seq) continue;
            // A read may be ahead of what the stream has told, or tell of what it has told long ago.
            const ahead = Math.min(events.length, seq + (when[step]?.[1] ?? 0));
            const row = replayed(events, ahead).steps.get(`s${step}`);
            const before = new Map(state.steps);
            const { added, steps } = addSteps(state, row ? [row] : []);
            expect(steps).toEqual(row && before.get(row.id) !== state.steps.get(row.id) ? [row.id] : []);
            expect(added).toEqual(row && !before.has(row.id) ? [row.id] : []);
          }
          if (seq < events.length) applyBatch(state, batchOf(events, seq, seq + 1));
        }
        expect(seen(state)).toEqual({ ...(seen(replayed(events)) as object), cursor: cursor(events.length) });
      }),
      { numRuns: 200 },
    );
  });

  it('tells which steps are new and which changed, and of nothing else', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (events, cut) => {
        const state = emptyState(execution);
        const middle = cut % (events.length + 1);
        if (middle > 0) applyBatch(state, batchOf(events, 0, middle));
        const before = new Map(state.steps);
        if (middle === events.length) return;
        const changes = applyBatch(state, batchOf(events, middle, events.length));
        const changed = [...state.steps].filter(([id, step]) => before.get(id) !== step).map(([id]) => id);
        expect(new Set(changes?.steps)).toEqual(new Set(changed));
        expect(new Set(changes?.added)).toEqual(new Set(changed.filter((id) => !before.has(id))));
      }),
    );
  });
});

const step = (more: Partial<Step>): Step => ({
  id: 's',
  node_id: 'n',
  path: [],
  run: 1,
  superseded: false,
  attempt: 1,
  status: 'ready',
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
});

describe('a batch', () => {
  const events = (from: number, to: number): JournalEvent[] =>
    Array.from({ length: to - from }, (_, index) => ({
      cursor: cursor(from + 1 + index),
      type: 'SignalReceived',
      at: at(0),
      step_id: null,
      node_id: null,
      path: [],
      run: null,
      attempt: null,
      status: null,
      rev: null,
      data: {},
    }));

  it('is cut to what lies beyond the cursor', () => {
    const batch = { after: cursor(2), cursor: cursor(6), events: events(2, 6) };
    expect(fitting(batch, cursor(4))).toEqual({ after: cursor(4), cursor: cursor(6), events: events(4, 6) });
    expect(fitting(batch, cursor(6))).toBeNull();
    expect(fitting(batch, cursor(1))).toBeNull();
    expect(fitting(batch, START)).toBeNull();
  });
});

describe('the shown status', () => {
  const shown = (status: string, statuses: string[], truncated = false): string =>
    shownStatus(
      fromSnapshot({
        cursor: START,
        execution: { ...execution, status },
        nodes: truncated ? [{ node_id: 'n', counts: { waiting: 3, ready: 1 } }] : [],
        steps: statuses.map((one, index) => step({ id: `${index}`, status: one })),
        steps_truncated: truncated,
      }),
    );

  it('is waiting when every live step waits', () => {
    expect(shown('running', ['succeeded', 'waiting', 'held'])).toBe('waiting');
    expect(shown('running', ['waiting', 'retrying'])).toBe('running');
    expect(shown('waiting', ['waiting', 'running'])).toBe('running');
    expect(shown('paused', ['waiting'])).toBe('paused');
    expect(shown('running', ['succeeded'])).toBe('running');
  });

  it('goes by the counts when not all steps are here', () => {
    expect(shown('running', ['waiting'], true)).toBe('running');
  });
});

it('counts are replaced as told, and only changed nodes are named', () => {
  const state = emptyState(execution);
  expect(applyCounts(state, [{ node_id: 'a', counts: { ready: 2 } }])).toEqual(['a']);
  expect(applyCounts(state, [{ node_id: 'a', counts: { ready: 2 } }])).toEqual([]);
  expect(
    applyCounts(state, [
      { node_id: 'a', counts: { ready: 1, running: 1 } },
      { node_id: 'b', counts: {} },
    ]),
  ).toEqual(['a', 'b']);
  expect(state.counts.get('a')).toEqual({ ready: 1, running: 1 });
});
