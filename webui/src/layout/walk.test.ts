import { expect, it } from 'vitest';
import { layoutOf } from './layout';
import { Walk } from './walk';

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
