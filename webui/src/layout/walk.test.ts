import { expect, it } from 'vitest';
import { layoutOf } from './layout';
import { entryOf, Walk } from './walk';

const walk = new Walk(
  layoutOf({
    nodes: [
      { id: 'ask', type: 'condition' },
      { id: 'yes', type: 'transform' },
      { id: 'no', type: 'transform' },
      { id: 'each', type: 'foreach' },
      { id: 'inner', type: 'transform', parent: 'each' },
      { id: 'last', type: 'transform', parent: 'each' },
    ],
    edges: [
      { from: 'ask.true', to: 'yes' },
      { from: 'ask.false', to: 'no' },
      { from: 'yes', to: 'each' },
      { from: 'no', to: 'each' },
      { from: 'inner', to: 'last' },
      { from: 'no.again', to: 'ask' },
    ],
  }),
);

it.each([
  ['ask', 'next', 'yes'],
  ['yes', 'down', 'no'],
  ['no', 'up', 'yes'],
  ['no', 'before', 'ask'],
  ['no', 'next', 'each'],
  ['each', 'in', 'inner'],
  ['inner', 'next', 'last'],
  ['last', 'next', 'each'],
  ['inner', 'before', 'each'],
  ['last', 'out', 'each'],
  ['ask', 'out', null],
  ['yes', 'up', null],
  ['', 'first', 'ask'],
  ['ask', 'last', 'last'],
] as const)('from %s a step %s leads to %s', (from, step, to) => {
  expect(walk.from(from, step)).toBe(to);
});
it.each([
  [
    'what is led to by none',
    [
      ['b', 'c'],
      ['a', 'b'],
    ],
    'a',
  ],
  [
    'a loop, where it is entered',
    [
      ['b', 'c'],
      ['c', 'b'],
      ['a', 'b'],
    ],
    'a',
  ],
  ['the first of what is not connected', [], 'note'],
])('begins with %s', (_, ends, wanted) => {
  const nodes = ['note', 'c', 'b', 'a'].map((id) => ({ id, type: id === 'note' ? 'note' : 'transform' }));
  const edges = ends.map(([from, to]) => ({ from: from as string, to: to as string }));
  expect(entryOf(layoutOf({ nodes, edges }))?.id).toBe(wanted);
});
