import { expect, it } from 'vitest';
import { workflowSearch } from './view';

it('keeps what can be shown and leaves the rest out', () => {
  expect(workflowSearch({ tab: 'versions', node: 7, rev: 2, a: 'draft', b: 1 })).toEqual({
    tab: 'versions',
    node: '7',
    rev: 2,
    a: 'draft',
    b: 1,
  });
  expect(workflowSearch({ tab: 'nothing', node: '', rev: -1, a: 'latest', b: 1.5, x: 1 })).toEqual({
    tab: 'graph',
    node: '',
  });
});

it('leads from the former address of the builder to the builder', () => {
  expect(workflowSearch({ tab: 'edit', node: 'pay' })).toEqual({ tab: 'builder', node: 'pay' });
});
