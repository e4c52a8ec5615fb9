import { describe, expect, it } from 'vitest';
import { SOURCE, START } from './arbitrary.testkit';
import { copied, duplicated, pasted } from './clipboard';
import { compare, diff } from './diff';
import { arrived, begin, GROUP_MS, perform, sending, undo } from './history';
import { asRecord, recovered, recordOf } from './journal';
import { at, member, type Json } from './json';
import { edgesOf, nodeOf, nodesOf, positionOf, type Draft } from './model';
import type { Operation } from './operation';
import { rebase } from './rebase';
import { renamed } from './references';
import { fromYaml, toYaml, withComments } from './yaml';

const after = (...operations: Operation[]): Draft => perform(begin(START), operations).draft;
const set = (id: string, path: (string | number)[], value?: Json): Operation => ({
  op: 'set',
  target: { in: 'node', id },
  path: ['config', ...path],
  ...(value === undefined ? {} : { value }),
});
const config = (draft: Draft, id: string, ...path: string[]): Json | undefined =>
  at(nodeOf(draft, id), ['config', ...path]);

describe('rename', () => {
  it('takes edges, children, positions and expressions along', () => {
    const draft = after({ op: 'rename', id: 'each', to: 'orders' });
    expect(edgesOf(draft).map(({ from }) => from)).toEqual([
      'orders',
      'big.true',
      'big.false',
      'ok.approved',
    ]);
    expect(member(nodeOf(draft, 'charge'), 'parent')).toBe('orders');
    expect(positionOf(draft, 'orders')).toEqual({ x: 0, y: 0 });
    expect(positionOf(draft, 'each')).toBeNull();
    expect(config(draft, 'big', 'when')).toBe('{{ sum(steps.orders.output.results) > 10.0 }}');
    expect(member(edgesOf(draft)[1], 'when')).toBe('{{ steps.orders.output != null }}');
    const two = perform(begin(draft), [{ op: 'rename', id: 'report', to: 'sum' }]).draft;
    expect(two.definition.output).toEqual({ count: '{{ steps.sum.output.n }}' });
  });

  it('rewrites only what certainly names the node', () => {
    const names = new Map([['a', 'b']]);
    const rows: [string, string][] = [
      ['steps.a', 'steps.a'],
      [
        'x {{ steps.a.output }} steps.a {{ previous["a"].output }}',
        'x {{ steps.b.output }} steps.a {{ previous["b"].output }}',
      ],
      ['{{ inputs.steps.a }}', '{{ inputs.steps.a }}'],
      ['{{ "steps.a" + steps.aa.output }}', '{{ "steps.a" + steps.aa.output }}'],
      ['{{ inputs.l.map(steps, steps.a) }}', '{{ inputs.l.map(steps, steps.a) }}'],
      ['{{ {"k": steps.a}["k"] }}', '{{ {"k": steps.b}["k"] }}'],
      ['{{ steps.a', '{{ steps.a'],
    ];
    for (const [text, expected] of rows) expect(renamed(text, names)).toBe(expected);
  });

  it('refuses an id that is taken or none', () => {
    for (const to of ['big', 'not an id', '']) expect(after({ op: 'rename', id: 'each', to })).toBe(START);
  });
});

describe('structure', () => {
  it('puts a node into an edge, in the container of the edge', () => {
    const key = { from: 'big.true', to: 'ok', n: 0 };
    const draft = after({ op: 'insert', key, node: { id: 'log', type: 'transform' } });
    expect(edgesOf(draft).slice(1, 3)).toEqual([
      { from: 'big.true', to: 'log', when: '{{ steps.each.output != null }}' },
      { from: 'log', to: 'ok' },
    ]);
  });

  it('wraps nodes, and takes them out again', () => {
    const wrap = after({ op: 'wrap', ids: ['ok', 'report'], container: { id: 'again', type: 'while' } });
    expect(edgesOf(wrap).map(({ from, to }) => `${from}>${to}`)).toEqual([
      'each>big',
      'ok.approved>report',
      'big.true>again',
      'big.false>again',
    ]);
    const flat = perform(begin(wrap), [{ op: 'unwrap', id: 'again' }]).draft;
    expect(edgesOf(flat).map(({ from, to }) => `${from}>${to}`)).toEqual([
      'each>big',
      'ok.approved>report',
      'big.true>ok',
      'big.false>ok',
    ]);
    expect(nodesOf(flat).map(({ id }) => id)).toEqual(nodesOf(START).map(({ id }) => id));
  });

  it('never puts a container into itself', () => {
    const nested = after(
      { op: 'wrap', ids: ['each'], container: { id: 'outer', type: 'foreach' } },
      { op: 'reparent', ids: ['outer'], parent: 'each' },
    );
    expect(member(nodeOf(nested, 'outer'), 'parent')).toBeUndefined();
  });

  it('removes a container with its inside, edges and places', () => {
    const draft = after({ op: 'remove', ids: ['each'] });
    expect(nodesOf(draft).map(({ id }) => id)).toEqual(['big', 'ok', 'hint', 'report']);
    expect(edgesOf(draft)).toHaveLength(3);
    expect(positionOf(draft, 'each')).toBeNull();
  });
});

describe('positions', () => {
  const places = (draft: Draft) => member(draft.editor, 'positions');
  const PLACED: Operation = { op: 'move', positions: { charge: { x: 8, y: 16 }, big: { x: 0, y: 80 } } };

  it('are moved together, of steps that are there, and taken away together', () => {
    const history = perform(begin(START), [
      { op: 'move', positions: { big: { x: 1, y: 2 }, gone: { x: 0, y: 0 }, ok: { x: 3, y: 4 } } },
    ]);
    expect(places(history.draft)).toEqual({ each: { x: 0, y: 0 }, big: { x: 1, y: 2 }, ok: { x: 3, y: 4 } });
    const tidied = perform(history, [{ op: 'unplace', ids: ['each', 'ok', 'hint'] }]);
    expect(places(tidied.draft)).toEqual({ big: { x: 1, y: 2 } });
    expect(JSON.stringify(undo(tidied).draft)).toBe(JSON.stringify(history.draft));
    expect(JSON.stringify(undo(undo(tidied)).draft)).toBe(JSON.stringify(START));
  });

  it('come to an editor that has none, or nonsense, and leave it as it was', () => {
    for (const editor of [{}, { positions: [1] }, { positions: null, zoom: 2 }] as Draft['editor'][]) {
      const history = perform(begin({ ...START, editor }), [PLACED]);
      expect(positionOf(history.draft, 'charge')).toEqual({ x: 8, y: 16 });
      expect(JSON.stringify(undo(history).draft.editor)).toBe(JSON.stringify(editor));
    }
  });

  it('are counted from the inside: a container comes around them, and goes', () => {
    const start = after({ op: 'move', positions: { big: { x: 240, y: 160 }, ok: { x: 480, y: 120 } } });
    const wrap: Operation = { op: 'wrap', ids: ['big', 'ok'], container: { id: 'box', type: 'foreach' } };
    const wrapped = perform(begin(start), [wrap]);
    expect(places(wrapped.draft)).toEqual({
      each: { x: 0, y: 0 },
      big: { x: 0, y: 40 },
      ok: { x: 240, y: 0 },
      box: { x: 216, y: 64 },
    });
    const flat = perform(wrapped, [{ op: 'unwrap', id: 'box' }]);
    expect(places(flat.draft)).toEqual(places(start));
    expect(JSON.stringify(undo(undo(flat)).draft)).toBe(JSON.stringify(start));
  });

  it('are none in another container', () => {
    const draft = after(PLACED, { op: 'reparent', ids: ['big', 'charge'], parent: 'each' });
    expect(places(draft)).toEqual({ each: { x: 0, y: 0 }, charge: { x: 8, y: 16 } });
  });

  it('of two tabs are put together, and neither takes back what the other did', () => {
    const mine = perform(begin(START), [{ op: 'move', positions: { big: { x: 8, y: 8 } } }]);
    const theirs = after(set('charge', ['url'], 'theirs'), PLACED, { op: 'unplace', ids: ['each'] });
    const { history, conflicts } = rebase(mine, theirs);
    expect(conflicts).toEqual([]);
    expect(places(history.draft)).toEqual({ big: { x: 8, y: 8 }, charge: { x: 8, y: 16 } });
    expect(config(history.draft, 'charge', 'url')).toBe('theirs');
    expect(undo(history).draft).toEqual(theirs);
  });

  it('that others have overwritten since are not taken back', () => {
    const done = perform(begin(START), [
      { op: 'move', positions: { big: { x: 8, y: 8 }, ok: { x: 1, y: 1 } } },
    ]);
    const saved = arrived(sending(done), done.draft);
    const theirs = perform(begin(done.draft), [{ op: 'move', positions: { big: { x: 99, y: 99 } } }]).draft;
    const { history } = rebase(saved, theirs);
    expect(places(undo(history).draft)).toEqual({ each: { x: 0, y: 0 }, big: { x: 99, y: 99 } });
  });

  it('of 5,000 steps are moved, told apart and undone at once', () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => `n${at}`);
    const start: Draft = {
      definition: { nodes: ids.map((id) => ({ id, type: 'wait' })), edges: [] },
      editor: { positions: Object.fromEntries(ids.map((id, at) => [id, { x: at, y: 0 }])) },
    };
    const began = performance.now();
    const positions = Object.fromEntries(ids.map((id, at) => [id, { x: at, y: 8 }]));
    const history = perform(begin(start), [{ op: 'move', positions }]);
    expect(diff(start, history.draft)).toHaveLength(1);
    const tidied = perform(history, [{ op: 'unplace', ids }]);
    expect(places(tidied.draft)).toEqual({});
    expect(places(undo(undo(tidied)).draft)).toEqual(places(start));
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('history', () => {
  it('takes typing in one field as one deed, until a pause, another field or a save', () => {
    const type = (value: string): Operation[] => [set('charge', ['url'], value)];
    const group = 'text:charge:/url';
    let history = perform(begin(START), type('h'), { group, at: 0 });
    history = perform(history, type('ht'), { group, at: GROUP_MS - 1 });
    expect(history.done).toHaveLength(1);
    expect(undo(history).draft).toEqual(START);
    history = perform(history, type('htt'), { group, at: 3 * GROUP_MS });
    expect(history.done).toHaveLength(2);
    history = perform(sending(history), type('http'), { group, at: 3 * GROUP_MS + 1 });
    expect(history.done).toHaveLength(3);
    expect(
      perform(history, [set('ok', ['title'], 'x')], { group: 'text:ok', at: 3 * GROUP_MS + 2 }).done,
    ).toHaveLength(4);
  });
});

describe('rebase', () => {
  const merged = (mine: Operation[], theirs: Operation[]): ReturnType<typeof rebase> =>
    rebase(perform(begin(START), mine), after(...theirs));

  it('lets different fields of one node both survive', () => {
    const { history, conflicts } = merged(
      [set('charge', ['method'], 'PUT')],
      [set('charge', ['url'], 'https://x')],
    );
    expect(config(history.draft, 'charge')).toEqual({ method: 'PUT', url: 'https://x' });
    expect(conflicts).toEqual([]);
    expect(config(undo(history).draft, 'charge')).toEqual({ method: 'POST', url: 'https://x' });
  });

  it('reports a field changed twice with both values, and takes mine when told to', () => {
    const { history, conflicts } = merged(
      [set('charge', ['url'], 'mine')],
      [set('charge', ['url'], 'theirs')],
    );
    expect(conflicts).toHaveLength(1);
    expect(conflicts[0]).toMatchObject({ path: ['config', 'url'], mine: 'mine', theirs: 'theirs' });
    expect(config(history.draft, 'charge', 'url')).toBe('theirs');
    expect(history.log).toEqual([]);
    const taken = perform(history, [conflicts[0]?.take as Operation]).draft;
    expect(config(taken, 'charge', 'url')).toBe('mine');
  });

  it('finds no conflict where both wrote the same', () => {
    const both = [set('charge', ['url'], 'same')];
    expect(merged(both, both).conflicts).toEqual([]);
  });

  it('gives nodes of both tabs ids of their own, references following', () => {
    const add = (label: string): Operation => ({
      op: 'add',
      nodes: [{ id: 'transform', type: 'transform', label }],
    });
    const { history, conflicts } = merged(
      [add('mine'), { op: 'connect', edge: { from: 'report', to: 'transform' } }],
      [add('theirs')],
    );
    expect(conflicts).toEqual([]);
    expect(member(nodeOf(history.draft, 'transform'), 'label')).toBe('theirs');
    expect(member(nodeOf(history.draft, 'transform_2'), 'label')).toBe('mine');
    expect(edgesOf(history.draft).at(-1)).toEqual({ from: 'report', to: 'transform_2' });
  });

  it('writes into the node that others renamed', () => {
    const { history } = merged(
      [set('charge', ['method'], 'PUT')],
      [{ op: 'rename', id: 'charge', to: 'pay' }],
    );
    expect(config(history.draft, 'pay', 'method')).toBe('PUT');
  });

  it('keeps a node that was removed here and changed there, and the other way round has it restored', () => {
    const kept = merged([{ op: 'remove', ids: ['charge'] }], [set('charge', ['url'], 'x')]);
    expect(nodeOf(kept.history.draft, 'charge')).toBeDefined();
    expect(kept.conflicts).toHaveLength(1);
    const gone = merged([set('charge', ['url'], 'x')], [{ op: 'remove', ids: ['charge'] }]);
    expect(gone.conflicts[0]).toMatchObject({ path: [], mine: { id: 'charge', config: { url: 'x' } } });
    const back = perform(gone.history, [gone.conflicts[0]?.take as Operation]).draft;
    expect(config(back, 'charge', 'url')).toBe('x');
  });

  it('leaves what others overwrote alone when an older deed is undone', () => {
    const mine = perform(begin(START), [set('charge', ['url'], 'mine'), set('charge', ['method'], 'PUT')]);
    const saved = arrived(sending(mine), mine.draft);
    const theirs = perform(begin(saved.base), [set('charge', ['url'], 'theirs')]).draft;
    const { history } = rebase(saved, theirs);
    expect(config(undo(history).draft, 'charge')).toEqual({ method: 'POST', url: 'theirs' });
  });
});

describe('clipboard', () => {
  it('duplicates a container with its inside under new names', () => {
    const draft = perform(begin(START), [duplicated(START, ['each'])]).draft;
    expect(member(nodeOf(draft, 'charge_2'), 'parent')).toBe('each_2');
    expect(positionOf(draft, 'each_2')).toEqual({ x: 40, y: 40 });
  });

  it('pastes into a container, and a container beside one of the same name', () => {
    const result = pasted(START, copied(START, ['each']), { into: 'each', at: { x: 9, y: 9 } });
    if ('error' in result) throw new Error(result.error.message);
    expect(result.operation.nodes.map((node) => [node.id, member(node, 'parent')])).toEqual([
      ['each_2', 'each'],
      ['charge_2', 'each_2'],
    ]);
    expect(result.operation.positions).toEqual({ each_2: { x: 9, y: 9 } });
  });

  it('moves aside what is pasted, not what lies in it', () => {
    const start = after({ op: 'move', positions: { charge: { x: 8, y: 16 } } });
    expect(duplicated(start, ['each']).positions).toEqual({
      each_2: { x: 40, y: 40 },
      charge_2: { x: 8, y: 16 },
    });
  });

  it('says why text is not pasted', () => {
    expect(pasted(START, 'hello')).toHaveProperty('error.message', 'The text must hold one object.');
    expect(pasted(START, 'a: [1')).toHaveProperty('error.line', 1);
    expect(pasted(START, 'nodes: [{id: "../x", type: note}]')).toHaveProperty('error');
  });
});

describe('text', () => {
  it('keeps comments and the style of what did not change', () => {
    const text = withComments(SOURCE, after(set('charge', ['url'], 'https://new')).definition);
    expect(text).toContain('# costs money');
    expect(text).toContain('# only then');
    expect(text).toContain('url: https://new');
    expect(text.split('\n').filter((line) => !SOURCE.split('\n').includes(line))).toEqual([
      '      url: https://new',
    ]);
  });

  it('quotes what YAML 1.1 takes for flags and numbers', () => {
    expect(toYaml({ a: 'yes', b: '12:30', c: '1h', d: true })).toBe("a: 'yes'\nb: '12:30'\nc: 1h\nd: true\n");
  });

  it('takes no aliases, no second key of a name, no list', () => {
    expect(fromYaml('a: &x 1\nb: *x')).toHaveProperty('error.line', 2);
    expect(fromYaml('a: 1\na: 2')).toHaveProperty('error.line', 2);
    expect(fromYaml('- 1')).toHaveProperty('error');
  });
});

describe('comparison', () => {
  it('names what was added, removed and changed, with pointers', () => {
    const draft = after(
      set('charge', ['url'], 'x'),
      { op: 'remove', ids: ['hint'] },
      { op: 'add', nodes: [{ id: 'log', type: 'transform' }] },
      { op: 'connect', edge: { from: 'report', to: 'log' } },
    );
    const { nodes, edges, document, equal } = compare(START.definition, draft.definition);
    expect(equal).toBe(false);
    expect(nodes.added).toEqual([{ name: 'log', pointer: '/nodes/5' }]);
    expect(nodes.removed).toEqual([{ name: 'hint', pointer: '/nodes/4' }]);
    expect(nodes.changed).toEqual([
      {
        name: 'charge',
        pointer: '/nodes/1',
        changes: [{ pointer: '/nodes/1/config/url', old: 'https://pay.example', new: 'x' }],
      },
    ]);
    expect(edges.added).toEqual([{ name: 'report → log', pointer: '/edges/4' }]);
    expect(document).toEqual([]);
  });

  it('sees a renamed node as renamed', () => {
    const draft = after({ op: 'rename', id: 'hint', to: 'remark' });
    expect(diff(START, draft)).toEqual([{ do: 'nameNode', id: 'hint', to: 'remark' }]);
  });
});

describe('journal', () => {
  it('is put on what the platform has by now', () => {
    const history = perform(begin(START), [set('charge', ['method'], 'PUT')]);
    const record = recordOf(history, { workflow: 'w', page: 'p', at: 1, rev: 3 });
    const now = after(set('charge', ['url'], 'theirs'));
    const { history: found } = recovered(record, now);
    expect(config(found.draft, 'charge')).toEqual({ method: 'PUT', url: 'theirs' });
    expect(found.base).toBe(now);
  });

  it('is not guessed at', () => {
    const record = recordOf(begin(START), { workflow: 'w', page: 'p', at: 1, rev: 3 });
    expect(asRecord(record)).toBe(record);
    for (const other of [
      null,
      {},
      { ...record, format: 2 },
      { ...record, base: 1 },
      { ...record, steps: [1] },
    ])
      expect(asRecord(other)).toBeNull();
  });
});

it('changes any object a draft may be, though its nodes cannot be told apart', () => {
  const odd: Draft = { definition: { nodes: [{ id: 'a' }, { id: 'a' }], x: 1 }, editor: {} };
  const history = perform(begin(odd), [
    { op: 'set', target: { in: 'document' }, path: ['nodes', 1, 'id'], value: 'b' },
  ]);
  expect(history.draft.definition.nodes).toEqual([{ id: 'a' }, { id: 'b' }]);
  expect(undo(history).draft).toEqual(odd);
  expect(perform(begin(odd), [{ op: 'remove', ids: ['a'] }]).draft).toBe(odd);
});
