import { beforeEach, expect, it, vi } from 'vitest';

const server = vi.hoisted(() => {
  const state = { answers: [] as { status: number; body: unknown }[], asked: [] as unknown[] };
  globalThis.fetch = (async (input: Request) => {
    state.asked.push(await input.json());
    const { status, body } = state.answers.shift() ?? { status: 404, body: {} };
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
  }) as typeof fetch;
  return state;
});

import { NoAnswer } from '../../../forms/expression/context';
import type { DraftStore } from '../../../stores/DraftStore';
import { previewOf } from './expressions';

const GOOD = { ok: true, value: 1, type: 'integer', truncated: false, from: null, error: null };
const problem = (status: number, code: string) => ({ status, body: { status, code, detail: code } });

function draft(state: { saving: string; rev: number }, arrived = true) {
  const pull = vi.fn(async () => {
    state.rev += 1;
  });
  return {
    store: {
      ...{ workflowId: 'w', state: () => state, pull },
      hasArrived: () => arrived,
    } as unknown as DraftStore,
    pull,
  };
}

function ask(store: DraftStore, values: object = {}) {
  const none = { execution: null, passage: null, input: undefined };
  const asked = { ...none, ...values, text: '{{ 1 }}', signal: new AbortController().signal };
  return previewOf(store, 'n', '/config/url', asked);
}

beforeEach(() => {
  server.answers = [];
  server.asked = [];
});

it('asks with the revision, and with the values that were chosen', async () => {
  const { store } = draft({ saving: 'saved', rev: 7 });
  server.answers = [
    { status: 200, body: GOOD },
    { status: 200, body: GOOD },
  ];
  await ask(store, { execution: 'e', passage: [{ region: 'each', iteration: 2 }] });
  await ask(store, { input: { a: 1 } });
  expect(server.asked[0]).toMatchObject({
    ...{ draft_rev: 7, node_id: 'n', pointer: '/config/url', expression: '{{ 1 }}' },
    ...{ execution_id: 'e', path: [{ region: 'each', iteration: 2 }], sample: null },
  });
  expect(server.asked[1]).toMatchObject({ execution_id: null, path: null, sample: { inputs: { a: 1 } } });
});

it('tells a busy platform from a draft that is on its way', async () => {
  const { store } = draft({ saving: 'dirty', rev: 7 });
  server.answers = [problem(503, 'busy'), problem(422, 'unknown_node'), problem(412, 'old')];
  const why = () => ask(store).catch((error: unknown) => (error as NoAnswer).why);
  expect([await why(), await why(), await why()]).toEqual(['busy', 'unsaved', 'unsaved']);
});

it('asks nothing about a step that the platform does not know yet', async () => {
  const { store } = draft({ saving: 'dirty', rev: 7 }, false);
  expect(await ask(store).catch((error: unknown) => (error as NoAnswer).why)).toBe('unsaved');
  expect(server.asked).toEqual([]);
});

it('takes in what others have saved, once', async () => {
  const { store, pull } = draft({ saving: 'saved', rev: 7 });
  server.answers = [problem(412, 'old'), { status: 200, body: GOOD }];
  expect(await ask(store)).toEqual(GOOD);
  expect(pull).toHaveBeenCalledOnce();
  expect(server.asked[1]).toMatchObject({ draft_rev: 8 });
  server.answers = [problem(412, 'old'), problem(412, 'old')];
  await expect(ask(store)).rejects.toThrow('old');
});

it('passes on what the platform refuses of a saved draft', async () => {
  const { store } = draft({ saving: 'saved', rev: 7 });
  server.answers = [problem(422, 'There is no expression there.')];
  await expect(ask(store)).rejects.toThrow('There is no expression there.');
});
