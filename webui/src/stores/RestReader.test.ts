import { beforeEach, expect, it, vi } from 'vitest';
import type { Step } from '../execution/model';
import { RestReader, type Page } from './RestReader';

const step = (id: number): Step => ({ id: `s${id}`, rev: 1 }) as Step;
/** 10 steps, 3 a page; a test may hold answers back or refuse. */
const SIZE = 3;
const ALL = Array.from({ length: 10 }, (_, id) => step(id));
let asked: (string | null)[];
let refuse: Error | null;
let gate: Promise<void>;
const read = async (cursor: string | null): Promise<Page> => {
  asked.push(cursor);
  await gate;
  if (refuse) throw refuse;
  const from = Number(cursor ?? 0);
  return { steps: ALL.slice(from, from + SIZE), next: from + SIZE < ALL.length ? `${from + SIZE}` : null };
};

let got: string[];
let changed: () => void;
const reader = (): RestReader =>
  new RestReader(read, { page: (steps) => got.push(...steps.map(({ id }) => id)), changed });

beforeEach(() => {
  asked = [];
  got = [];
  refuse = null;
  gate = Promise.resolve();
  changed = vi.fn();
});

it('reads nothing until somebody shows a list of all, then all of it, once', async () => {
  const one = reader();
  one.begin();
  expect(asked).toEqual([]);
  one.want(100);
  one.want(100);
  await vi.waitFor(() => expect(one.rest.state).toBe('done'));
  expect(asked).toEqual([null, '3', '6', '9']);
  expect(got).toEqual(ALL.map(({ id }) => id));
  expect(changed).toHaveBeenCalled();
});

it('rests at the number that was asked for, goes on for more, and stops when nobody looks', async () => {
  const one = reader();
  const stop = one.want(5);
  await vi.waitFor(() => expect(one.rest.state).toBe('idle'));
  expect(got).toHaveLength(6);
  stop();
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  const leave = one.want(100);
  leave();
  open();
  await vi.waitFor(() => expect(one.rest.state).toBe('idle'));
  expect(got).toHaveLength(9);
  one.want(100);
  await vi.waitFor(() => expect(one.rest.state).toBe('done'));
  expect(got).toHaveLength(10);
});

it('says what went wrong and tries again where it was', async () => {
  const one = reader();
  one.want(3);
  await vi.waitFor(() => expect(one.rest.state).toBe('idle'));
  refuse = new Error('no answer');
  one.want(100);
  await vi.waitFor(() => expect(one.rest).toEqual({ state: 'failed', error: refuse }));
  refuse = null;
  one.retry();
  await vi.waitFor(() => expect(one.rest.state).toBe('done'));
  expect(asked).toEqual([null, '3', '3', '6', '9']);
});

it('begins anew with a new snapshot; a page that was on its way is left', async () => {
  const one = reader();
  let open = (): void => undefined;
  gate = new Promise((resolve) => (open = resolve));
  one.want(100);
  one.begin();
  open();
  await vi.waitFor(() => expect(one.rest.state).toBe('done'));
  expect(asked).toEqual([null, null, '3', '6', '9']);
  expect(got).toHaveLength(10);
});
