/** What deeds cost: looks at the nodes and edges of a document, counted. No deed multiplies what it changes by them. */
import { describe, expect, it } from 'vitest';
import { duplicated } from './clipboard';
import { diff } from './diff';
import { begin, perform, redo, undo, type History } from './history';
import type { Draft, EdgeJson, NodeJson } from './model';
import type { Operation } from './operation';
import { patchOf } from './patch';

const SIZE = 2_000;
const MANY = 200;
/** So many looks at every node and edge of the document a deed may take that must look at all of them. */
const PASSES = 40;

let looks = 0;

/** The same object, each look at a member of it counted. */
function watched<Part extends object>(part: Part): Part {
  const count =
    <Result>(look: (target: object, ...more: never[]) => Result) =>
    (...all: Parameters<typeof look>): Result => {
      looks += 1;
      return look(...all);
    };
  return new Proxy(part, {
    get: count(Reflect.get),
    has: count(Reflect.has),
    ownKeys: count(Reflect.ownKeys),
    getOwnPropertyDescriptor: count(Reflect.getOwnPropertyDescriptor),
  } as ProxyHandler<Part>);
}

/** Chains beside one another, each step reading the one before it. */
function large(wide = 20): Draft {
  const id = (at: number): string => `n${at}`;
  const nodes = Array.from({ length: SIZE }, (_, at): NodeJson => {
    const output = at < wide ? at : `{{ steps.${id(at - wide)}.output }}`;
    return watched({ id: id(at), type: 'transform', config: { output } });
  });
  const edges = nodes.slice(wide).map((_, at): EdgeJson => watched({ from: id(at), to: id(at + wide) }));
  return { definition: { schema: 'fermata/1', name: 'large', nodes, edges }, editor: { positions: {} } };
}

const some = Array.from({ length: MANY }, (_, at) => `n${500 + at}`);
const container: NodeJson = { id: 'around', type: 'foreach', config: {} };
const DEEDS: Readonly<Record<string, (draft: Draft) => Operation[]>> = {
  'removing many': () => [{ op: 'remove', ids: some }],
  'renaming one': () => [{ op: 'rename', id: 'n500', to: 'other' }],
  'pasting many': (draft) => [duplicated(draft, some)],
  'wrapping many': () => [{ op: 'wrap', ids: some, container }],
  'disconnecting many': () => [
    { op: 'disconnect', keys: some.map((to) => ({ from: `n${Number(to.slice(1)) - 20}`, to, n: 0 })) },
  ],
  'writing into many': () =>
    some.map((id) => ({ op: 'set', target: { in: 'node', id }, path: ['label'], value: 'x' })),
};

function counted<Result>(deed: () => Result): [Result, number] {
  looks = 0;
  const result = deed();
  return [result, looks];
}

describe.each(Object.entries(DEEDS))('%s', (_, operationsOf) => {
  it('looks at each node and edge a few times, however many are changed', () => {
    const draft = large();
    const most = PASSES * (draft.definition.nodes as unknown[]).length;
    const [done, toDo] = counted(() => perform(begin(draft), operationsOf(draft)));
    const [undone, toUndo] = counted(() => undo(done));
    const [, toRedo] = counted(() => redo(undone));
    const [changes, toCompare] = counted(() => diff(draft, done.draft));
    const [, toSend] = counted(() => patchOf(draft, changes));
    expect(changes.length).toBeGreaterThan(0);
    for (const cost of [toDo, toUndo, toRedo, toCompare, toSend]) expect(cost).toBeLessThan(most);
  });
});

it('what concerns one node or edge alone looks at no other, once the draft is known', () => {
  let history: History = perform(begin(large()), [
    { op: 'add', nodes: [{ id: 'known', type: 'transform' } as NodeJson] },
    { op: 'connect', edge: { from: 'n0', to: 'known' } },
  ]);
  const deeds: Operation[] = [
    { op: 'set', target: { in: 'node', id: 'n7' }, path: ['label'], value: 'x' },
    { op: 'add', nodes: [{ id: 'fresh', type: 'transform' } as NodeJson] },
    { op: 'connect', edge: { from: 'n7', to: 'fresh' } },
    { op: 'insert', key: { from: 'n7', to: 'fresh', n: 0 }, node: { id: 'more', type: 'note' } as NodeJson },
    { op: 'reconnect', key: { from: 'more', to: 'fresh', n: 0 }, from: 'more', to: 'n9' },
  ];
  for (const deed of deeds) {
    const [next, cost] = counted(() => perform(history, [deed]));
    expect(next).not.toBe(history);
    expect(cost).toBeLessThan(60);
    history = next;
  }
  for (let turn = 0; turn < deeds.length; turn += 1) {
    const [next, cost] = counted(() => undo(history));
    expect(cost).toBeLessThan(60);
    history = next;
  }
});
