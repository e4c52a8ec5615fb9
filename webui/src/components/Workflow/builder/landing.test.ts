import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { begin, perform, undo } from '../../../document/history';
import type { JsonObject } from '../../../document/json';
import { edgesOf, endOf, nodeOf, nodesOf, parentOf, positionOf, type Draft } from '../../../document/model';
import type { Operation } from '../../../document/operation';
import { adding, orderWith, ordered } from './deeds';
import { arriving, moving, whyNotThere, type Place } from './landing';
import type { NodeType } from './nodeTypes';
import sample from './nodeTypes.sample.json';

const TYPES = new Map((sample as unknown as NodeType[]).map((type) => [type.name, type]));
const typeOf = (name: string) => TYPES.get(name) as NodeType;

const DRAFT: Draft = {
  definition: {
    schema: 'fermata/1',
    name: 'way',
    nodes: [
      { id: 'a', type: 'transform' },
      { id: 'b', type: 'transform' },
      { id: 'c', type: 'transform' },
      { id: 'stop', type: 'fail' },
      { id: 'each', type: 'foreach' },
      { id: 'one', type: 'transform', parent: 'each' },
      { id: 'two', type: 'transform', parent: 'each' },
    ],
    edges: [
      { from: 'a', to: 'b', when: '{{ true }}' },
      { from: 'b', to: 'c' },
      { from: 'c', to: 'each' },
      { from: 'one', to: 'two' },
    ],
  } as JsonObject,
  editor: {},
};

function after(operations: readonly Operation[], draft = DRAFT): Draft {
  return perform(begin(draft), operations).draft;
}
const drawn = (draft: Draft) => edgesOf(draft).map(({ from, to }) => `${from}>${to}`);
const edge = (from: string, to: string): Place & { at: 'edge' } => ({ at: 'edge', key: { from, to, n: 0 } });

describe('A step that is carried', () => {
  it('into a line leaves its own place closed behind it', () => {
    const moved = after(moving(DRAFT, TYPES, ['b'], edge('c', 'each')));
    expect(drawn(moved)).toEqual(['c>b', 'one>two', 'a>c', 'b>each']);
    expect(edgesOf(moved).find(({ from }) => from === 'a')?.when).toBe('{{ true }}');
  });

  it('into a line of a container comes to lie in it', () => {
    const moved = after(moving(DRAFT, TYPES, ['a'], edge('one', 'two')));
    expect(drawn(moved)).toEqual(['b>c', 'c>each', 'one>a', 'a>two']);
    expect(nodesOf(moved)[0]?.parent).toBe('each');
  });

  it('beside another takes its place in the order', () => {
    const beside = { id: 'a', side: 'before' } as const;
    const moved = after(moving(DRAFT, TYPES, ['stop', 'c'], { at: 'level', parent: null, beside }));
    expect(nodesOf(moved).map(({ id }) => id)).toEqual(['c', 'stop', 'a', 'b', 'each', 'one', 'two']);
    expect(drawn(moved)).toEqual(drawn(DRAFT));
  });

  it('is refused where it makes no sense', () => {
    const level = { at: 'level', parent: 'each', beside: null } as const;
    expect(whyNotThere(DRAFT, TYPES, ['each'], level)).toBe('inside_itself');
    expect(whyNotThere(DRAFT, TYPES, ['a'], level)).toBeNull();
    expect(whyNotThere(DRAFT, TYPES, ['a', 'b'], edge('one', 'two'))).toBe('one_only');
    expect(whyNotThere(DRAFT, TYPES, ['stop'], edge('one', 'two'))).toBe('no_way_on');
  });
});

describe('Among steps that were placed by hand', () => {
  const placed = after([
    { op: 'move', positions: { a: { x: 0, y: 0 }, b: { x: 400, y: 80 }, stop: { x: 9, y: 9 } } },
  ]);
  const place = (draft: Draft, id: string) => positionOf(draft, id);

  it('a step comes behind the one it follows, below what is there, and between two in the middle', () => {
    const once = after(
      adding(placed, typeOf('wait'), { at: 'after', id: 'b', port: 'out' }).operations,
      placed,
    );
    expect(place(once, 'wait')).toEqual({ x: 672, y: 80 });
    const twice = after(adding(once, typeOf('wait'), { at: 'after', id: 'b', port: 'out' }).operations, once);
    expect(place(twice, 'wait_2')).toEqual({ x: 672, y: 160 });
    const into = adding(placed, typeOf('wait'), { at: 'edge', key: { from: 'a', to: 'b', n: 0 } });
    expect(place(after(into.operations, placed), 'wait')).toEqual({ x: 200, y: 40 });
    expect(
      place(after(adding(placed, typeOf('wait'), { at: 'after', id: 'c', port: 'out' }).operations), 'wait'),
    ).toBeNull();
  });

  it('one that is carried into a line or beside another stands there, wherever it stood', () => {
    expect(place(after(moving(placed, TYPES, ['stop'], edge('a', 'b')), placed), 'stop')).toEqual({
      x: 200,
      y: 40,
    });
    expect(place(after(moving(placed, TYPES, ['b'], edge('c', 'each')), placed), 'b')).toBeNull();
    const beside = { id: 'c', side: 'after' } as const;
    const moved = after(moving(placed, TYPES, ['b'], { at: 'level', parent: null, beside }), placed);
    expect(place(moved, 'b')).toBeNull();
  });
});

describe('A new step', () => {
  it('comes into a line, after a step, into a container at its place', () => {
    const [into, behind] = [edge('one', 'two'), { at: 'node', id: 'c' } as const];
    expect(drawn(after(arriving(DRAFT, TYPES, typeOf('wait'), into).operations))).toContain('wait>two');
    expect(drawn(after(arriving(DRAFT, TYPES, typeOf('wait'), behind).operations))).toContain('c>wait');
    const beside = { id: 'two', side: 'before' } as const;
    const level = { at: 'level', parent: 'each', beside } as const;
    const added = after(arriving(DRAFT, TYPES, typeOf('wait'), level).operations);
    expect(nodesOf(added).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'stop', 'each', 'one', 'wait', 'two']);
    expect(nodeOf(added, 'wait')?.parent).toBe('each');
  });

  it('is refused between two steps when nothing can follow it, and after one that has no output', () => {
    expect(whyNotThere(DRAFT, TYPES, typeOf('fail'), edge('a', 'b'))).toBe('no_way_on');
    expect(whyNotThere(DRAFT, TYPES, typeOf('note'), edge('a', 'b'))).toBe('no_way_on');
    expect(whyNotThere(DRAFT, TYPES, typeOf('wait'), { at: 'node', id: 'each' })).toBeNull();
  });
});

const ids = nodesOf(DRAFT).map(({ id }) => id);
const anyId = fc.constantFrom(...ids);
const anyPlace: fc.Arbitrary<Exclude<Place, { at: 'node' }>> = fc.oneof(
  fc.constantFrom(...edgesOf(DRAFT)).map(({ from, to }) => edge(from, to)),
  fc.record({
    at: fc.constant('level' as const),
    parent: fc.constantFrom(null, 'each'),
    beside: fc.option(fc.record({ id: anyId, side: fc.constantFrom('before' as const, 'after' as const) })),
  }),
);

it('wherever a step is carried, no line crosses a container, nothing is lost, and one undo takes it back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyId, { minLength: 1, maxLength: 3 }), anyPlace, (carried, place) => {
      fc.pre(whyNotThere(DRAFT, TYPES, carried, place) === null);
      fc.pre(
        place.at !== 'edge' ||
          !carried.some((id) => id === place.key.to || id === endOf(place.key.from).node),
      );
      fc.pre(place.at !== 'edge' || !carried.includes('each'));
      const history = perform(begin(DRAFT), moving(DRAFT, TYPES, carried, place));
      const level = new Map(nodesOf(history.draft).map((node) => [node.id, parentOf(node)]));
      expect([...level.keys()].sort()).toEqual([...ids].sort());
      for (const { from, to } of edgesOf(history.draft))
        expect(level.get(endOf(from).node)).toBe(level.get(to));
      expect(JSON.stringify(undo(history).draft)).toBe(JSON.stringify(DRAFT));
    }),
  );
});

it('keeps the order of all others', () => {
  expect(orderWith(['a', 'b', 'c', 'd'], ['d', 'a'], { id: 'c', side: 'before' })).toEqual([
    'b',
    'a',
    'd',
    'c',
  ]);
  expect(ordered(DRAFT, ['a'], 'earlier')).toEqual([]);
  expect(
    nodesOf(after(ordered(DRAFT, ['two'], 'earlier')))
      .map(({ id }) => id)
      .slice(-2),
  ).toEqual(['two', 'one']);
});
