import { beforeEach, expect, it, vi } from 'vitest';

const server = vi.hoisted(() => {
  const state = { answers: [] as { status: number; body: unknown }[], asked: [] as unknown[] };
  globalThis.fetch = (async (input: Request) => {
    state.asked.push(input.method === 'GET' ? input.url : await input.json());
    input.signal.throwIfAborted();
    const { status, body } = state.answers.shift() ?? { status: 404, body: {} };
    return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
  }) as typeof fetch;
  return state;
});

import { QueryClient } from '@tanstack/react-query';
import { NoAnswer } from '../../../forms/expression/context';
import type { DraftStore } from '../../../stores/DraftStore';
import { namesAt, previewOf } from './expressions';

const GOOD = { ok: true, value: 1, type: 'integer', truncated: false, from: null, error: null };
const problem = (status: number, code: string) => ({ status, body: { status, code, detail: code } });

function draft(state: { saving: string; rev: number }, arrived = true) {
  const calls = new Set<() => void>();
  const pull = vi.fn(async () => {
    state.rev += 1;
  });
  /** What is on its way arrives, unless the platform cannot be reached. */
  const flush = vi.fn(async () => {
    if (!arrived || !['dirty', 'saving'].includes(state.saving)) return;
    Object.assign(state, { saving: 'saved', rev: state.rev + 1 });
  });
  return {
    store: {
      ...{ workflowId: 'w', state: () => state, pull, flush },
      subscribe: (call: () => void) => {
        calls.add(call);
        return () => calls.delete(call);
      },
      hasArrived: () => arrived,
    } as unknown as DraftStore,
    pull,
    become: (saving: string) => {
      state.saving = saving;
      for (const call of calls) call();
    },
  };
}

function ask(store: DraftStore, values: object = {}) {
  const none = { execution: null, passage: null, input: undefined };
  const asked = { ...none, text: '{{ 1 }}', signal: new AbortController().signal, ...values };
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

it('asks of the draft as it is: what is on its way arrives first', async () => {
  const { store } = draft({ saving: 'dirty', rev: 7 });
  server.answers = [{ status: 200, body: GOOD }];
  await ask(store);
  expect(server.asked).toMatchObject([{ draft_rev: 8 }]);
});

it('asks nothing while the change after it is on its way', async () => {
  const state = { saving: 'dirty', rev: 7 };
  const { store, become } = draft(state);
  const flush = vi.mocked(store.flush);
  const arrives = flush.getMockImplementation() as DraftStore['flush'];
  flush.mockImplementationOnce(async () => {
    await arrives();
    become('saving');
  });
  server.answers = [{ status: 200, body: GOOD }];
  await ask(store);
  expect(server.asked).toMatchObject([{ draft_rev: 9 }]);
});

it('leaves it to the next time when the draft changes without end', async () => {
  const { store, become } = draft({ saving: 'dirty', rev: 7 });
  vi.mocked(store.flush).mockImplementation(async () => become('saving'));
  await expect(ask(store)).rejects.toEqual(new NoAnswer('unsaved', ''));
  expect(server.asked).toEqual([]);
});

it('asks nothing more when the text is another by then', async () => {
  const { store } = draft({ saving: 'saving', rev: 7 });
  const stop = new AbortController();
  const asked = ask(store, { signal: stop.signal });
  stop.abort();
  await expect(asked).rejects.toThrow();
  expect(server.asked).toEqual([]);
});

it('gives a question up while the draft becomes another', async () => {
  const { store, become } = draft({ saving: 'saved', rev: 7 });
  server.answers = [{ status: 200, body: GOOD }];
  const asked = ask(store).catch((error: unknown) => (error as NoAnswer).why);
  become('saving');
  expect(await asked).toBe('unsaved');
});

it('tells a busy platform from a draft that is on its way', async () => {
  const { store } = draft({ saving: 'offline', rev: 7 });
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

function names() {
  return namesAt(new QueryClient(), 'w', 'n', '/config/url', {
    execution: null,
    passage: null,
    input: undefined,
  });
}

it('asks for names again when the platform did not answer', async () => {
  const known = { names: [], functions: [] };
  server.answers = [problem(503, 'busy'), problem(500, 'broken'), { status: 200, body: known }];
  expect(await names()).toEqual(known);
  expect(server.asked).toHaveLength(3);
});

it('knows no names when they are refused, or nothing answers', async () => {
  server.answers = [problem(422, 'There is no expression there.')];
  expect(await names()).toBeNull();
  expect(server.asked).toHaveLength(1);
  server.answers = [503, 503, 503, 200].map((status) => problem(status, 'busy'));
  expect(await names()).toBeNull();
  expect(server.asked).toHaveLength(4);
});
