import { beforeEach, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { START } from '../document/arbitrary.testkit';
import { at, type Json, type JsonObject } from '../document/json';
import { nodeOf } from '../document/model';
import type { Operation } from '../document/operation';
import { patched } from '../document/patch';
import { holdDraft } from './drafts';
import type { DraftStore, DraftTransport, SavedDraft } from './DraftStore';
import { flushUnsaved, holdUnsaved } from './unsaved';

class Platform implements DraftTransport {
  now: SavedDraft = { rev: 1, ...START, source: null };
  status: number | null = null;
  load = async (): Promise<SavedDraft> => this.now;
  save: DraftTransport['save'] = async (patch, rev) => {
    if (this.status !== null) throw new ApiError(this.status, null, 'no');
    const { rev: _, ...content } = this.now;
    const after = patched(content as unknown as JsonObject, patch) as unknown as SavedDraft;
    return (this.now = { ...after, rev: rev + 1 });
  };
}

const edit = (url: Json): Operation[] => [
  { op: 'set', target: { in: 'node', id: 'charge' }, path: ['config', 'url'], value: url },
];
const url = (definition: JsonObject): Json | undefined =>
  at(nodeOf({ definition, editor: {} }, 'charge'), ['config', 'url']);
const seen = (store: DraftStore): Json | undefined => url(store.state().draft.definition);

let platform: Platform;
beforeEach(() => {
  platform = new Platform();
});

it('saves what was done last when the builder is left, and begins anew the next time', async () => {
  const hold = holdDraft('w', platform);
  const store = await hold.started;
  store.perform(edit('left'));
  hold.release();
  await vi.waitFor(() => expect(url(platform.now.definition)).toBe('left'));
  await vi.waitFor(async () => {
    const next = holdDraft('w', platform);
    const found = await next.started;
    next.release();
    expect(found).not.toBe(store);
  });
});

it('keeps a draft that is refused while its builder is away, and saves it once it is taken', async () => {
  platform.status = 422;
  const hold = holdDraft('w', platform);
  const store = await hold.started;
  store.perform(edit('refused'));
  hold.release();
  await vi.waitFor(() => expect(store.state().saving).toBe('refused'));
  const back = holdDraft('w', platform);
  expect(await back.started).toBe(store);
  expect(seen(store)).toBe('refused');
  platform.status = null;
  back.release();
  await vi.waitFor(() => expect(url(platform.now.definition)).toBe('refused'));
});

it('has one store for two who hold a draft, and closes it with the second', async () => {
  const [one, other] = [holdDraft('w', platform), holdDraft('w', platform)];
  const store = await one.started;
  one.release();
  store.perform(edit('still open'));
  expect(await other.started).toBe(store);
  await flushUnsaved();
  expect(url(platform.now.definition)).toBe('still open');
  other.release();
});

it('forgets a draft that could not be loaded', async () => {
  platform.load = () => Promise.reject(new ApiError(404, null, 'none'));
  const hold = holdDraft('w', platform);
  await expect(hold.started).rejects.toMatchObject({ status: 404 });
  hold.release();
  platform.load = async () => platform.now;
  const again = holdDraft('w', platform);
  expect((await again.started).state().saving).toBe('saved');
  again.release();
});

it('does not wait for ever for what cannot be saved', async () => {
  vi.useFakeTimers();
  const stop = holdUnsaved(() => new Promise(() => undefined));
  const flushed = vi.fn();
  void flushUnsaved().then(flushed);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(flushed).toHaveBeenCalled();
  stop();
  vi.useRealTimers();
});
