/** Random drafts and random deeds on them, for the laws that hold for all. */
import fc from 'fast-check';
import type { Json, JsonObject } from './json';
import {
  edgeKeys,
  edgesOf,
  freshId,
  nodesOf,
  parentOf,
  type Draft,
  type EdgeKey,
  type NodeJson,
} from './model';
import type { Operation } from './operation';
import { duplicated } from './clipboard';

export const START: Draft = {
  definition: {
    schema: 'fermata/1',
    name: 'order-fulfilment',
    inputs: { type: 'object', properties: { orders: { type: 'array' } } },
    nodes: [
      { id: 'each', type: 'foreach', config: { items: '{{ inputs.orders }}' } },
      {
        id: 'charge',
        type: 'http_request',
        parent: 'each',
        config: { method: 'POST', url: 'https://pay.example' },
      },
      { id: 'big', type: 'condition', config: { when: '{{ sum(steps.each.output.results) > 10.0 }}' } },
      {
        id: 'ok',
        type: 'approval',
        label: 'Large batch?',
        config: { title: 'Large', assignees: ['group:finance'] },
      },
      { id: 'hint', type: 'note', config: { text: 'ask finance' } },
      { id: 'report', type: 'transform', config: { output: { n: '{{ steps["big"].output }}' } } },
    ],
    edges: [
      { from: 'each', to: 'big' },
      { from: 'big.true', to: 'ok', when: '{{ steps.each.output != null }}' },
      { from: 'big.false', to: 'report' },
      { from: 'ok.approved', to: 'report' },
    ],
    output: { count: '{{ steps.report.output.n }}' },
  },
  editor: { positions: { each: { x: 0, y: 0 }, big: { x: 240, y: 0 } }, zoom: 1 },
};

export const SOURCE = `# what finance wants
schema: fermata/1
name: order-fulfilment
inputs: {type: object, properties: {orders: {type: array}}}
nodes:
  # the loop
  - {id: each, type: foreach, config: {items: "{{ inputs.orders }}"}}
  - id: charge # costs money
    type: http_request
    parent: each
    config:
      method: POST
      url: https://pay.example
  - {id: big, type: condition, config: {when: "{{ sum(steps.each.output.results) > 10.0 }}"}}
  - {id: ok, type: approval, label: "Large batch?", config: {title: Large, assignees: ['group:finance']}}
  - {id: hint, type: note, config: {text: ask finance}}
  - {id: report, type: transform, config: {output: {n: '{{ steps["big"].output }}'}}}
edges:
  - {from: each, to: big}
  - {from: big.true, to: ok, when: "{{ steps.each.output != null }}"} # only then
  - {from: big.false, to: report}
  - {from: ok.approved, to: report}
output: {count: "{{ steps.report.output.n }}"}
`;

const KINDS = [
  ...[
    'add',
    'addInside',
    'remove',
    'move',
    'setConfig',
    'unsetConfig',
    'setLabel',
    'setGuard',
    'setDocument',
  ],
  ...[
    'rename',
    'connect',
    'disconnect',
    'reconnect',
    'insert',
    'wrap',
    'unwrap',
    'into',
    'out',
    'order',
    'duplicate',
  ],
  ...['note', 'setEditor', 'setInList', 'swapEdges', 'moveMany', 'unplace', 'setPositions'],
] as const;
export type Kind = (typeof KINDS)[number];

/** A deed that knows no draft yet: numbers choose among what there is. */
export interface Deed {
  kind: Kind;
  a: number;
  b: number;
  value: Json;
}

const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
export const json: fc.Arbitrary<Json> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'url', '1', 'ü/~'), tie('value'), { maxKeys: 3 }),
  ),
})).value as fc.Arbitrary<Json>;

export const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom(...KINDS),
  a: fc.nat(1_000),
  b: fc.nat(1_000),
  value: json,
});

/** The operation a deed comes to on a draft; null if there is nothing to choose from. */
export function operationFor(draft: Draft, { kind, a, b, value }: Deed, prefix = 'n'): Operation | null {
  const nodes = nodesOf(draft);
  const ids = nodes.map((node) => node.id);
  const keys = edgeKeys(edgesOf(draft));
  const node = nodes[a % Math.max(nodes.length, 1)];
  const other = nodes[b % Math.max(nodes.length, 1)];
  const key = keys[a % Math.max(keys.length, 1)] as EdgeKey | undefined;
  const fresh = freshId(`${prefix}_1`, new Set(ids));
  const field = ['a', 'b', 'url', '1'][b % 4] as string;
  const containers = nodes.filter((each) => each.type === 'foreach' || each.type === 'while');
  const container = containers[b % Math.max(containers.length, 1)];
  const made = (type: string, more: JsonObject = {}): NodeJson => ({
    id: fresh,
    type,
    config: { value },
    ...more,
  });
  const some = (every: number): string[] => ids.filter((_, at) => at % (2 + (every % 3)) === 0);
  switch (kind) {
    case 'add':
      return { op: 'add', nodes: [made('transform')], positions: { [fresh]: { x: a, y: b } } };
    case 'note':
      return { op: 'add', nodes: [made('note', { note: 'x' })] };
    case 'setDocument':
      return {
        op: 'set',
        target: { in: 'document' },
        path: [['settings', 'variables'][a % 2] as string, field],
        value,
      };
    case 'setEditor':
      return { op: 'set', target: { in: 'editor' }, path: ['sizes', field], value };
    case 'setPositions':
      if (a % 4 > 0) return { op: 'set', target: { in: 'editor' }, path: ['positions', 'gone'], value };
      return { op: 'set', target: { in: 'editor' }, path: ['positions'], ...(b % 2 ? { value } : {}) };
    case 'moveMany':
      return { op: 'move', positions: Object.fromEntries(some(a).map((id, n) => [id, { x: a * n, y: b }])) };
    case 'unplace':
      return { op: 'unplace', ids: some(b) };
    case 'order':
      return { op: 'order', ids: ids.toSorted((x, y) => ((a + x.length) % 7) - ((b + y.length) % 5)) };
    case 'swapEdges':
      return { op: 'change', changes: [{ do: 'orderEdges', edges: keys.map((_, i) => i).reverse() }] };
  }
  if (!node || !other) return null;
  switch (kind) {
    case 'addInside':
      return container ? { op: 'add', nodes: [made('transform', { parent: container.id })] } : null;
    case 'remove':
      return { op: 'remove', ids: [node.id] };
    case 'move':
      return { op: 'move', positions: { [node.id]: { x: a, y: b } } };
    case 'setConfig':
      return { op: 'set', target: { in: 'node', id: node.id }, path: ['config', field], value };
    case 'setInList':
      return { op: 'set', target: { in: 'node', id: node.id }, path: ['config', 'assignees', 0], value };
    case 'unsetConfig':
      return {
        op: 'set',
        target: { in: 'node', id: node.id },
        path: b % 3 === 0 ? ['config'] : ['config', field],
      };
    case 'setLabel':
      return { op: 'set', target: { in: 'node', id: node.id }, path: ['label'], value };
    case 'rename':
      return { op: 'rename', id: node.id, to: fresh };
    case 'connect':
      return { op: 'connect', edge: { from: b % 2 ? node.id : `${node.id}.true`, to: other.id } };
    case 'wrap': {
      const level = nodes.filter((each) => parentOf(each) === parentOf(node)).slice(0, 1 + (b % 3));
      return { op: 'wrap', ids: level.map((each) => each.id), container: made(b % 2 ? 'foreach' : 'while') };
    }
    case 'unwrap':
      return container ? { op: 'unwrap', id: container.id } : null;
    case 'into':
      return container ? { op: 'reparent', ids: [node.id], parent: container.id } : null;
    case 'out':
      return { op: 'reparent', ids: [node.id], parent: null };
    case 'duplicate':
      return nodes.length > 60 ? null : duplicated(draft, [node.id, other.id]);
  }
  if (!key) return null;
  switch (kind) {
    case 'setGuard':
      return {
        op: 'set',
        target: { in: 'edge', key },
        path: ['when'],
        value: `{{ steps.${node.id}.output == ${b} }}`,
      };
    case 'disconnect':
      return { op: 'disconnect', keys: [key] };
    case 'reconnect':
      return { op: 'reconnect', key, from: key.from, to: other.id };
    case 'insert':
      return { op: 'insert', key, node: made('transform'), position: { x: a, y: b } };
  }
  return null;
}
