import { expect, it } from 'vitest';
import { START } from './arbitrary.testkit';
import { findings, whyNot } from './checks';
import type { JsonObject } from './json';

it('finds nothing in a sound draft', () => {
  expect(findings(START)).toEqual([]);
});

// What the platform's own validation says of the same document.
it('says of nodes and edges what the platform says', () => {
  const definition: JsonObject = {
    nodes: [
      { id: 'a', type: 'transform' },
      { id: 'b', type: 'transform', parent: 'a' },
      { id: 'c', type: 'transform', parent: 'gone' },
      { id: 'loop', type: 'foreach' },
      { id: 'in', type: 'transform', parent: 'loop' },
      { id: 'n', type: 'note' },
      { id: 'no id', type: 'transform' },
    ],
    edges: [
      { from: 'a', to: 'loop' },
      { from: 'a.out', to: 'loop' },
      { from: 'a', to: 'in' },
      { from: 'a', to: 'nowhere' },
      { from: 'n', to: 'a' },
    ],
  };
  expect(findings({ definition, editor: {} })).toEqual([
    { code: 'parent_is_no_container', pointer: '/nodes/1/parent', nodeId: 'b' },
    { code: 'unknown_parent', pointer: '/nodes/2/parent', nodeId: 'c' },
    { code: 'invalid_id', pointer: '/nodes/6/id' },
    { code: 'duplicate_edge', pointer: '/edges/1', nodeId: 'a' },
    { code: 'edge_across_containers', pointer: '/edges/2', nodeId: 'a' },
    { code: 'dangling_edge', pointer: '/edges/3/to' },
    { code: 'edge_at_note', pointer: '/edges/4/from', nodeId: 'n' },
  ]);
  const twice = { nodes: [{ id: 'a' }, { id: 'a' }] };
  expect(findings({ definition: twice, editor: {} })).toEqual([
    { code: 'duplicate_id', pointer: '/nodes/1/id', nodeId: 'a' },
  ]);
});

it('says why an edge cannot be drawn', () => {
  expect(whyNot(START, 'report', 'ok')).toBeNull();
  expect(whyNot(START, 'each', 'charge')).toBe('edge_across_containers');
  expect(whyNot(START, 'each', 'hint')).toBe('edge_at_note');
  expect(whyNot(START, 'each.out', 'big')).toBe('duplicate_edge');
});
