import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EventsFrame, SnapshotFrame, Transport } from '../api/realtime';
import { useConnections } from './connection';
import { ExecutionStore } from './ExecutionStore';
import type { Page } from './RestReader';

const cursor = (seq: number): string => seq.toString(16).padStart(12, '0');
let socket: { onopen?: () => void; onmessage?: (message: { data: string }) => void; close: () => void };
const transport: Transport = {
  open: () => {
    socket = { close: () => undefined };
    return socket as unknown as WebSocket;
  },
  events: () => Promise.reject(new Error('not asked for')),
  snapshot: () => Promise.reject(new Error('not asked for')),
};
const send = (frame: object): void => socket.onmessage?.({ data: JSON.stringify(frame) });

const step = (id: string, node: string, status = 'ready', rev = 1): SnapshotFrame['steps'][number] =>
  ({ id, node_id: node, path: [], run: 1, superseded: false, attempt: 1, status, rev }) as never;

const snapshot = (...steps: SnapshotFrame['steps']): object => ({
  type: 'snapshot',
  cursor: cursor(0),
  execution: { id: 'e', status: 'running', finished_at: null },
  nodes: [{ node_id: 'a', counts: { ready: 2 } }],
  steps,
  steps_truncated: false,
});

const moves = (
  after: number,
  ...steps: [id: string, node: string, status: string, rev: number][]
): EventsFrame =>
  ({
    type: 'events',
    after: cursor(after),
    cursor: cursor(after + steps.length),
    events: steps.map(([step_id, node_id, status, rev], at) => ({
      cursor: cursor(after + at + 1),
      type: 'StepX',
      at: '2026-01-01T00:00:00Z',
      step_id,
      node_id,
      path: [],
      run: 1,
      attempt: 1,
      status,
      rev,
      data: { kind: 'node' },
    })),
  }) as EventsFrame;

let store: ExecutionStore;
let stop: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  store = new ExecutionStore('e', transport);
  stop = store.start();
  socket.onopen?.();
  send(snapshot(step('a1', 'a'), step('a2', 'a'), step('b1', 'b')));
  vi.advanceTimersByTime(20);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

it('reads the steps a snapshot had no room for while a list of all is shown, and then has them all', async () => {
  const pages = [
    { steps: [step('a1', 'a'), step('old', 'c', 'succeeded')], next: '2' },
    { steps: [step('older', 'c', 'failed')], next: null },
  ] as unknown as Page[];
  const large = new ExecutionStore('large', transport, async () => pages.shift() as Page);
  const close = large.start();
  socket.onopen?.();
  const nodes = [
    { node_id: 'a', counts: { ready: 1 } },
    { node_id: 'c', counts: { succeeded: 1, failed: 1 } },
  ];
  send({ ...snapshot(step('a1', 'a')), nodes, steps_truncated: true });
  vi.advanceTimersByTime(20);
  expect(large.overall()?.truncated).toBe(true);
  expect(large.known()).toEqual({ here: 1, all: 3 });
  expect(pages).toHaveLength(2);
  large.rest.want(100);
  await vi.advanceTimersByTimeAsync(50);
  expect(large.stepIds()).toEqual(['a1', 'old', 'older']);
  expect(large.known()).toEqual({ here: 3, all: 3 });
  expect(large.overall()?.truncated).toBe(false);
  expect(large.stepOf('c')?.id).toBe('old');
  close();
});

it('tells those whose step or node changed and nobody else, once a frame', () => {
  const calls = { a1: vi.fn(), a2: vi.fn(), a: vi.fn(), b: vi.fn(), list: vi.fn(), steps: vi.fn() };
  store.subscribeStep('a1', calls.a1);
  store.subscribeStep('a2', calls.a2);
  store.subscribeNode('a', calls.a);
  store.subscribeNode('b', calls.b);
  store.subscribe('list', calls.list);
  store.subscribe('steps', calls.steps);
  const before = store.step('a2');
  send(moves(0, ['a1', 'a', 'running', 2]));
  send(moves(1, ['a1', 'a', 'succeeded', 3]));
  expect(store.step('a1')?.status).toBe('ready'); // until the next frame of the screen
  vi.advanceTimersByTime(20);
  expect(store.step('a1')?.status).toBe('succeeded');
  expect(store.step('a2')).toBe(before);
  const numbers = Object.fromEntries(
    Object.entries(calls).map(([name, { mock }]) => [name, mock.calls.length]),
  );
  expect(numbers).toEqual({ a1: 1, a2: 0, a: 1, b: 0, list: 0, steps: 1 });
});

it('tells of a summary at once after a rest, then ten times a second, and always of the last change', () => {
  vi.advanceTimersByTime(100); // since the snapshot
  const seen: (string | undefined)[] = [];
  const frames = vi.fn();
  store.subscribe('summary', () => seen.push(store.step('a1')?.status));
  store.subscribe('steps', frames);
  send(moves(0, ['a1', 'a', 'running', 2]));
  vi.advanceTimersByTime(20);
  expect(seen).toEqual(['running']);
  send(moves(1, ['a1', 'a', 'retrying', 3]));
  vi.advanceTimersByTime(20);
  send(moves(2, ['a1', 'a', 'succeeded', 4]));
  vi.advanceTimersByTime(20);
  expect(frames).toHaveBeenCalledTimes(3);
  expect(seen).toEqual(['running']);
  vi.advanceTimersByTime(200);
  expect(seen).toEqual(['running', 'succeeded']);
  vi.advanceTimersByTime(1_000);
  expect(seen).toHaveLength(2);
});

it('says which steps there are, and the one of a node that changed last', () => {
  const ids = store.stepIds();
  send(moves(0, ['a3', 'a', 'ready', 1], ['a1', 'a', 'running', 2]));
  vi.advanceTimersByTime(20);
  expect(store.stepIds()).not.toBe(ids);
  expect(store.stepIds()).toEqual(['a1', 'a2', 'b1', 'a3']);
  expect(store.stepOf('a')?.id).toBe('a1');
  expect(store.stepOf('nothing')).toBeUndefined();
});

it('has counts as told, the same object while they are the same', () => {
  const before = store.nodeCounts('a');
  expect(before).toEqual({ ready: 2 });
  const told = vi.fn();
  store.subscribeNode('a', told);
  send({ type: 'counts', nodes: [{ node_id: 'a', counts: { ready: 2 } }] });
  vi.advanceTimersByTime(20);
  expect(store.nodeCounts('a')).toBe(before);
  expect(told).not.toHaveBeenCalled();
  send({ type: 'counts', nodes: [{ node_id: 'a', counts: { ready: 1, succeeded: 1 } }] });
  vi.advanceTimersByTime(20);
  expect(store.nodeCounts('a')).toEqual({ ready: 1, succeeded: 1 });
  expect(told).toHaveBeenCalledOnce();
  expect(store.nodeCounts('unheard of')).toBe(store.nodeCounts('another'));
});

it('shows a running execution as waiting once every live step waits', () => {
  const told = vi.fn();
  store.subscribe('execution', told);
  expect(store.overall()?.status).toBe('running');
  send(moves(0, ['a1', 'a', 'waiting', 2], ['a2', 'a', 'held', 2], ['b1', 'b', 'succeeded', 2]));
  vi.advanceTimersByTime(20);
  expect(store.overall()?.status).toBe('waiting');
  expect(told).toHaveBeenCalledOnce();
});

it('keeps the rows that a new snapshot does not change', () => {
  const [kept, other] = [store.step('a1'), vi.fn()];
  store.subscribeStep('a1', other);
  send({ ...snapshot(step('a1', 'a'), step('a2', 'a', 'running', 2)), cursor: cursor(9) });
  vi.advanceTimersByTime(20);
  expect(store.step('a1')).toBe(kept);
  expect(other).not.toHaveBeenCalled();
  expect(store.step('a2')?.status).toBe('running');
  expect(store.step('b1')).toBeUndefined();
});

it('tells the sidebar how fresh it is, and takes that back', () => {
  expect(useConnections.getState().streams).toEqual({ e: { state: 'live' } });
  stop();
  expect(useConnections.getState().streams).toEqual({});
});

it('applies what comes while the page draws no frames', () => {
  vi.stubGlobal('requestAnimationFrame', () => 0);
  send(moves(0, ['a1', 'a', 'running', 2]));
  vi.advanceTimersByTime(300);
  expect(store.step('a1')?.status).toBe('running');
  vi.unstubAllGlobals();
});
