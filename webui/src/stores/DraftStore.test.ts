import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiError, type Problem } from '../api/client';
import { useSession } from '../api/session';
import { START } from '../document/arbitrary.testkit';
import type { JournalRecord } from '../document/journal';
import { at, type Json, type JsonObject } from '../document/json';
import { nodeOf } from '../document/model';
import type { Operation } from '../document/operation';
import { patched } from '../document/patch';
import { fromYaml } from '../document/yaml';
import { DraftStore, REST_MS, type DraftChannel, type DraftTransport, type SavedDraft } from './DraftStore';
import type { Journals } from './journals';

/** A platform that applies patches, and refuses what it is told to refuse. */
class Platform implements DraftTransport {
  now: SavedDraft = { rev: 1, ...START, source: null };
  refusals: (number | undefined)[] = [];
  saves = 0;
  open = 0;
  most = 0;
  gate: Promise<void> = Promise.resolve();

  load = (): Promise<SavedDraft> => Promise.resolve(this.now);

  save: DraftTransport['save'] = async (patch, rev) => {
    this.saves += 1;
    this.most = Math.max(this.most, (this.open += 1));
    await this.gate;
    this.open -= 1;
    const status = this.refusals.shift();
    if (status !== undefined) throw new ApiError(status, null, 'no');
    if (rev !== this.now.rev) throw new ApiError(412, { draft: this.now } as unknown as Problem, 'stale');
    const { rev: _, ...content } = this.now;
    const after = patched(content as unknown as JsonObject, patch);
    if (!after) throw new ApiError(422, null, 'bad patch');
    return (this.now = { ...(after as unknown as SavedDraft), rev: rev + 1 });
  };
}

class Memory implements Journals {
  readonly records = new Map<string, JournalRecord>();
  put = async (record: JournalRecord): Promise<void> =>
    void this.records.set(record.page, JSON.parse(JSON.stringify(record)) as JournalRecord);
  drop = async ({ page }: { page: string }): Promise<void> => void this.records.delete(page);
  left = async (): Promise<JournalRecord[]> =>
    [...this.records.values()].filter(({ page }) => page === 'gone');
}

/** Tabs that hear of one another. */
function tabs(): () => DraftChannel {
  const all: DraftChannel[] = [];
  return () => {
    const own: DraftChannel = {
      onmessage: null,
      postMessage: (data) =>
        all.forEach((each) => each !== own && each.onmessage?.({ data } as MessageEvent<unknown>)),
      close: () => undefined,
    };
    all.push(own);
    return own;
  };
}

let platform: Platform;
let journals: Memory;
const open = async (channel: DraftChannel | null = null): Promise<DraftStore> => {
  const store = new DraftStore('w', platform, journals, channel);
  await store.start();
  return store;
};
const set = (path: string[], value: Json): Operation[] => [
  { op: 'set', target: { in: 'node', id: 'charge' }, path: ['config', ...path], value },
];
const charge = (definition: JsonObject): Json | undefined =>
  at(nodeOf({ definition, editor: {} }, 'charge'), ['config']);

beforeEach(() => {
  vi.useFakeTimers();
  platform = new Platform();
  journals = new Memory();
});
afterEach(() => vi.useRealTimers());

it('saves after a moment of rest, in one request, and forgets the journal', async () => {
  const store = await open();
  store.perform(set(['url'], 'a'));
  await vi.advanceTimersByTimeAsync(REST_MS - 1);
  store.perform(set(['method'], 'PUT'));
  expect(store.state()).toMatchObject({ saving: 'dirty', unsaved: 2 });
  expect(platform.saves).toBe(0);
  expect(journals.records.size).toBe(1);
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(platform.saves).toBe(1);
  expect(store.state()).toMatchObject({ saving: 'saved', rev: 2, unsaved: 0, canUndo: true });
  expect(charge(platform.now.definition)).toEqual({ url: 'a', method: 'PUT' });
  expect(journals.records.size).toBe(0);
});

it('never has two requests on their way; what is done meanwhile follows', async () => {
  let release = (): void => undefined;
  platform.gate = new Promise((resolve) => (release = resolve));
  const store = await open();
  store.perform(set(['url'], 'a'));
  await vi.advanceTimersByTimeAsync(REST_MS);
  store.undo();
  store.perform(set(['method'], 'PUT'));
  await vi.advanceTimersByTimeAsync(10 * REST_MS);
  expect(platform.saves).toBe(1);
  release();
  await vi.advanceTimersByTimeAsync(2 * REST_MS);
  expect(platform).toMatchObject({ saves: 2, most: 1 });
  expect(charge(platform.now.definition)).toEqual({ url: 'https://pay.example', method: 'PUT' });
  expect(store.state().saving).toBe('saved');
});

it('lets two tabs edit different fields: both survive, and each sees the other', async () => {
  const channel = tabs();
  const [one, other] = [await open(channel()), await open(channel())];
  one.perform(set(['url'], 'one'));
  other.perform(set(['method'], 'PUT'));
  await vi.advanceTimersByTimeAsync(10 * REST_MS);
  for (const store of [one, other]) {
    expect(charge(store.state().draft.definition)).toEqual({ url: 'one', method: 'PUT' });
    expect(store.state()).toMatchObject({ saving: 'saved', conflicts: [], rev: 3 });
  }
});

it('reports one field changed in two tabs, with both values, and saves mine when it is chosen', async () => {
  const [one, other] = [await open(), await open()];
  one.perform(set(['url'], 'one'));
  await vi.advanceTimersByTimeAsync(REST_MS);
  other.perform(set(['url'], 'other'));
  await vi.advanceTimersByTimeAsync(2 * REST_MS);
  const [conflict] = other.state().conflicts;
  expect(conflict).toMatchObject({ mine: 'other', theirs: 'one' });
  expect(charge(other.state().draft.definition)).toMatchObject({ url: 'one' });
  expect([...journals.records.values()][0]?.conflicts).toHaveLength(1);
  if (conflict) other.settle(conflict, 'mine');
  await vi.advanceTimersByTimeAsync(2 * REST_MS);
  expect(charge(platform.now.definition)).toMatchObject({ url: 'other' });
  expect(other.state().conflicts).toEqual([]);
  expect(journals.records.size).toBe(0);
});

it.each([413, 422])(
  'keeps what is refused with %i here and in the journal, and tries again when it changes',
  async (status) => {
    const store = await open();
    platform.refusals = [status];
    store.perform(set(['url'], 'a'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(platform.saves).toBe(1);
    expect(store.state()).toMatchObject({ saving: 'refused', unsaved: 1, error: { status } });
    expect([...journals.records.values()]).toMatchObject([{ steps: store.record().steps, rev: 1 }]);
    store.perform(set(['url'], 'b'));
    await vi.advanceTimersByTimeAsync(REST_MS);
    expect(store.state()).toMatchObject({ saving: 'saved', error: null });
  },
);

it('tries again while nothing answers, less and less often, and at once when it is woken', async () => {
  const store = await open();
  platform.refusals = [0, 503, 0, 0, 0, 0];
  store.perform(set(['url'], 'a'));
  await vi.advanceTimersByTimeAsync(REST_MS + 3_500);
  expect(platform.saves).toBe(3);
  expect(store.state()).toMatchObject({ saving: 'offline', unsaved: 1 });
  platform.refusals = [];
  store.wake();
  await vi.advanceTimersByTimeAsync(1);
  expect(store.state().saving).toBe('saved');
});

it('waits for the next sign-in when the session has ended', async () => {
  const store = await open();
  platform.refusals = [401];
  store.perform(set(['url'], 'a'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(platform.saves).toBe(1);
  expect(store.state().saving).toBe('signedOut');
  useSession.setState({ ended: true });
  useSession.setState({ ended: false, me: {} as never });
  await vi.advanceTimersByTimeAsync(1);
  expect(store.state().saving).toBe('saved');
});

it('offers what a page that is gone has left, and applies it only when told to', async () => {
  const lost = await open();
  lost.perform(set(['url'], 'kept'));
  await vi.advanceTimersByTimeAsync(1);
  const record = { ...lost.record(), page: 'gone' };
  journals.records.clear();
  await journals.put(record);
  lost.undo();
  lost.perform(set(['method'], 'PUT'));
  await vi.advanceTimersByTimeAsync(REST_MS);
  const store = await open();
  expect(charge(store.state().draft.definition)).toEqual({ method: 'PUT', url: 'https://pay.example' });
  const [offer] = store.state().offered;
  store.recover(offer as JournalRecord);
  expect(charge(store.state().draft.definition)).toEqual({ method: 'PUT', url: 'kept' });
  await vi.advanceTimersByTimeAsync(2 * REST_MS);
  expect(journals.records.size).toBe(0);
  expect(charge(platform.now.definition)).toEqual({ method: 'PUT', url: 'kept' });
  store.undo();
  expect(charge(store.state().draft.definition)).toMatchObject({ url: 'https://pay.example' });
});

it('forgets a record whose last request did arrive', async () => {
  const gone = await open();
  gone.perform(set(['url'], 'arrived'));
  const record = { ...gone.record(), page: 'gone' };
  await gone.flush();
  await journals.put(record);
  const store = await open();
  await vi.advanceTimersByTimeAsync(1);
  expect(store.state().offered).toEqual([]);
  expect(journals.records.size).toBe(0);
});

it('saves nothing in the name of somebody else who signed in meanwhile', async () => {
  useSession.setState({ ended: false, me: { user: { id: 1 } } as never });
  const store = await open();
  store.perform(set(['url'], 'mine'));
  useSession.setState({ me: { user: { id: 2 } } as never });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(platform.saves).toBe(0);
  expect(store.state().saving).toBe('signedOut');
  expect(journals.records.size).toBe(1);
  useSession.setState({ me: null });
  useSession.setState({ me: { user: { id: 1 } } as never });
  await vi.advanceTimersByTimeAsync(1);
  expect(charge(platform.now.definition)).toMatchObject({ url: 'mine' });
  useSession.setState({ me: null });
});

it('can be taken away as text that can be imported', async () => {
  const store = await open();
  store.perform(set(['url'], 'away'));
  const parsed = fromYaml(store.exported());
  expect(parsed).toEqual({ definition: store.state().draft.definition });
});

it('flushes at once, before a reload', async () => {
  const store = await open();
  store.perform(set(['url'], 'a'));
  await store.flush();
  expect(charge(platform.now.definition)).toMatchObject({ url: 'a' });
});

it('sends the text along, comments kept, and takes text for the definition', async () => {
  const text = 'schema: fermata/1 # which\nname: x\nnodes:\n  - id: charge # dear\n    type: transform\n';
  const store = await open();
  expect(store.text()).toBeNull();
  expect(store.write('a: [')).toMatchObject({ line: 1 });
  expect(store.write(text)).toBeNull();
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(platform.now).toMatchObject({ source: text, definition: { name: 'x' } });
  store.perform(set(['url'], 'a'));
  await vi.advanceTimersByTimeAsync(REST_MS);
  expect(platform.now.source).toBe(`${text}    config:\n      url: a\n`);
  store.undo();
  expect(store.text()).toBe(text);
  expect(store.write(text.replace('dear', 'cheap'))).toBeNull();
  await vi.advanceTimersByTimeAsync(2 * REST_MS);
  expect(platform.now.source).toContain('# cheap');
  store.perform(set(['url'], 'a'));
  store.undo();
  expect(store.text()).toContain('# cheap');
});
