import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../../../document/json';
import { nodeOf, type Draft } from '../../../../document/model';
import { patched } from '../../../../document/patch';
import { DraftStore, type DraftTransport, type SavedDraft } from '../../../../stores/DraftStore';
import { unappliedOf } from '../../../../stores/unapplied';
import { CodeSession, REST_MS, type CodeState } from './session';

const TEXT = `# What it does.
name: greet
nodes:
  - id: first # the beginning
    type: transform
    config: {output: 1}
  - {id: last, type: transform, config: {output: 2}}
edges:
  - {from: first, to: last}
`;
const DEFINITION: JsonObject = {
  name: 'greet',
  nodes: [
    { id: 'first', type: 'transform', config: { output: 1 } },
    { id: 'last', type: 'transform', config: { output: 2 } },
  ],
  edges: [{ from: 'first', to: 'last' }],
};

class Fake implements DraftTransport {
  saved: SavedDraft = { rev: 1, definition: DEFINITION, editor: {}, source: TEXT };
  load = async () => this.saved;
  save: DraftTransport['save'] = async (patch) => {
    const { rev, ...rest } = this.saved;
    const next = patched(rest as unknown as JsonObject, patch) as unknown as Draft & { source: string };
    this.saved = { ...next, rev: rev + 1 };
    return this.saved;
  };
}

/** A draft with its text on a sheet that a person types on. */
async function opened(id = 'w1') {
  const store = new DraftStore(id, new Fake(), null, null);
  await store.start();
  let text = '';
  const states: CodeState[] = [];
  const sheet = { text: () => text, setText: (next: string) => (text = next) };
  const session = new CodeSession(store, sheet, (state) => states.push(state));
  store.subscribe(() => session.changed());
  return {
    ...{ store, session, states },
    text: () => text,
    type(from: string, to: string) {
      expect(text).toContain(from);
      text = text.replace(from, to);
      session.typed();
    },
    rest: () => vi.advanceTimersByTimeAsync(REST_MS),
    output: (node: string) => (nodeOf(store.state().draft, node)?.config as JsonObject | undefined)?.output,
    set: (node: string, output: number) =>
      store.perform([
        { op: 'set', target: { in: 'node', id: node }, path: ['config', 'output'], value: output },
      ]),
  };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
});

describe('the text of a draft', () => {
  it('is taken after a rest as one deed that can be undone, to the very text', async () => {
    const { store, type, rest, output, text } = await opened();
    expect(text()).toBe(TEXT);
    type('output: 1', 'output: 17');
    expect(output('first')).toBe(1);
    await rest();
    expect(output('first')).toBe(17);
    store.undo();
    expect(output('first')).toBe(1);
    expect(text()).toBe(TEXT);
  });

  it('follows what is done elsewhere, and keeps its comments', async () => {
    const { set, text } = await opened();
    set('last', 5);
    expect(text()).toBe(TEXT.replace('output: 2', 'output: 5'));
  });

  it('says where it cannot be read, changes nothing, and loses nothing when the pane goes', async () => {
    const { store, session, states, type, rest, output, text } = await opened();
    const before = store.state().draft;
    type('{output: 1}', '{output: 17');
    await rest();
    expect(states.at(-1)).toMatchObject({ is: 'wrong', error: { line: 7 } });
    expect(store.state().draft).toBe(before);
    session.stop();
    const again = await opened();
    expect(again.text()).toBe(text());
    expect(again.states.at(-1)).toMatchObject({ is: 'wrong' });
    again.type('{output: 17', '{output: 17}');
    await again.rest();
    expect(again.output('first')).toBe(17);
    expect(unappliedOf('w1')).toBeNull();
    expect(output('first')).toBe(1);
  });

  it('keeps what was done elsewhere while it could not be read', async () => {
    const { type, rest, set, output, text } = await opened();
    type('{output: 1}', '{output: 17');
    await rest();
    set('last', 5);
    expect(text()).toContain('{output: 17\n');
    type('{output: 17', '{output: 17}');
    await rest();
    expect([output('first'), output('last')]).toEqual([17, 5]);
    expect(text()).toBe(TEXT.replace('output: 1', 'output: 17').replace('output: 2', 'output: 5'));
  });

  it('can be given up for the draft as it is', async () => {
    const { session, type, rest, text } = await opened();
    type('{output: 1}', '{output: 17');
    await rest();
    session.discard();
    expect(text()).toBe(TEXT);
    expect(unappliedOf('w1')).toBeNull();
  });

  it('keeps a change of comments alone', async () => {
    const { store, session, type } = await opened();
    type('# What it does.', '# What it is for.');
    session.apply();
    expect(store.text()).toContain('# What it is for.');
    expect(store.state().canUndo).toBe(false);
  });
});
