/** What a person does in the builder, as operations of the document; each is one undo. */
import { applyAll, type Target } from '../../../document/change';
import { diff } from '../../../document/diff';
import { isObject, member, type Json, type JsonObject, type Path } from '../../../document/json';
import {
  edgesOf,
  endOf,
  freshId,
  nodeOf,
  nodesOf,
  parentOf,
  positionOf,
  withInside,
  type Draft,
  type EdgeKey,
  type NodeJson,
  type Position,
} from '../../../document/model';
import type { Operation } from '../../../document/operation';
import { patched, type PatchOperation } from '../../../document/patch';
import { GAP, NODE } from '../../../layout/model';
import type { Beside } from '../../../surface/editing';
import { fromOf, portsOf, type NodeType, type NodeTypes } from './nodeTypes';

/** Where a new node goes. */
export type Where =
  | { readonly at: 'end' }
  | { readonly at: 'after'; readonly id: string; readonly port: string }
  | { readonly at: 'inside'; readonly id: string }
  | { readonly at: 'edge'; readonly key: EdgeKey };

export function newNode(draft: Draft, type: NodeType, parent: string | null): NodeJson {
  const id = freshId(type.name, new Set(nodesOf(draft).map((node) => node.id)));
  return { id, type: type.name, config: {}, ...(parent === null ? {} : { parent }) };
}

/** A node of a type where it is wanted, with the edge that leads there. */
export function adding(draft: Draft, type: NodeType, where: Where): { id: string; operations: Operation[] } {
  if (where.at === 'edge') {
    const before = nodeOf(draft, endOf(where.key.from).node);
    const node = newNode(draft, type, before ? parentOf(before) : null);
    const port = type.ports[0];
    const position = between(draft, where.key);
    const insert = { op: 'insert', key: where.key, node, ...(position ? { position } : {}) } as const;
    return {
      id: node.id,
      operations: [port && port !== 'out' ? { ...insert, port } : insert],
    };
  }
  const before = where.at === 'after' ? nodeOf(draft, where.id) : undefined;
  const parent = where.at === 'inside' ? where.id : before ? parentOf(before) : null;
  const node = newNode(draft, type, parent);
  const edges =
    where.at === 'after' && type.runnable ? [{ from: fromOf(where.id, where.port), to: node.id }] : [];
  const position = where.at === 'after' ? behind(draft, where.id) : null;
  const positions = position ? { positions: { [node.id]: position } } : {};
  // The edge leads from a node that is there to one that comes with it: an operation of its own.
  return {
    id: node.id,
    operations: [
      { op: 'add', nodes: [node], ...positions },
      ...edges.map((edge): Operation => ({ op: 'connect', edge })),
    ],
  };
}

const COLUMN = NODE.width + GAP.layer;
const ROW = NODE.height + GAP.node;

/**
 * Right of a step that was placed by hand, below what was placed there before: the layout would put it far away. Null
 * behind any other.
 */
export function behind(draft: Draft, id: string): Position | null {
  const [at, node] = [positionOf(draft, id), nodeOf(draft, id)];
  if (!at || !node) return null;
  const others = nodesOf(draft).flatMap((each) =>
    parentOf(each) === parentOf(node) ? (positionOf(draft, each.id) ?? []) : [],
  );
  const place = { x: at.x + COLUMN, y: at.y };
  const isTaken = (): boolean =>
    others.some(({ x, y }) => Math.abs(x - place.x) < NODE.width && Math.abs(y - place.y) < NODE.height);
  while (isTaken()) place.y += ROW;
  return place;
}

/** In the middle of a connection whose both ends were placed by hand; null in any other. */
export function between(draft: Draft, { from, to }: EdgeKey): Position | null {
  const [one, other] = [positionOf(draft, endOf(from).node), positionOf(draft, to)];
  return one && other ? { x: Math.round((one.x + other.x) / 2), y: Math.round((one.y + other.y) / 2) } : null;
}

/** Which of these somebody placed by hand, whatever is said there. */
export function placedOf(draft: Draft, ids: readonly string[] | null): string[] {
  const positions = member(draft.editor, 'positions');
  const all = isObject(positions) ? Object.keys(positions) : [];
  return ids === null ? all : ids.filter((id) => isObject(positions) && Object.hasOwn(positions, id));
}

/** A member gets another value: the smallest changes that come to it, so that others' changes beside it survive. */
export function setting(draft: Draft, target: Target, path: Path, value: Json | undefined): Operation[] {
  const change = { do: 'set', target, path, ...(value === undefined ? {} : { value }) } as const;
  const { draft: after } = applyAll(draft, [change]);
  return diff(draft, after).map((each): Operation =>
    each.do === 'set'
      ? {
          op: 'set',
          target: each.target,
          path: each.path,
          ...(each.value === undefined ? {} : { value: each.value }),
        }
      : { op: 'change', changes: [each] },
  );
}

/** What a quick fix of the platform comes to; null if it does not fit this draft. */
export function fixing(draft: Draft, fix: readonly unknown[]): Operation[] | null {
  const definition = patched(draft.definition, fix as readonly PatchOperation[]);
  if (!definition) return null;
  const changes = diff(draft, { definition, editor: draft.editor });
  return changes.length === 0 ? null : [{ op: 'change', changes }];
}

/** Why an edge cannot lead somewhere, as the name of the words that say it. */
export type WhyNot = 'note' | 'gone' | 'elsewhere' | 'connected';

/** Whether an output can lead to a node: on the same level, run at all, not connected yet. Back is allowed. */
export function connecting(
  draft: Draft,
  types: NodeTypes,
  id: string,
  port: string,
): (to: string) => WhyNot | null {
  const nodes = new Map(nodesOf(draft).map((node) => [node.id, node]));
  const node = nodes.get(id);
  const from = fromOf(id, port);
  const same = (other: string): boolean => other === from || other === `${id}.${port}`;
  const taken = new Set(edgesOf(draft).flatMap((edge) => (same(edge.from) ? [edge.to] : [])));
  return (to) => {
    const target = nodes.get(to);
    if (!node || !target) return 'gone';
    if (types.get(String(target.type))?.runnable === false) return 'note';
    if (parentOf(target) !== parentOf(node)) return 'elsewhere';
    return taken.has(to) ? 'connected' : null;
  };
}

/** Nodes an edge may lead to; the node itself is one, but not what is meant first. */
export function targetsOf(draft: Draft, types: NodeTypes, id: string, port: string): NodeJson[] {
  const why = connecting(draft, types, id, port);
  const possible = nodesOf(draft).filter((each) => why(each.id) === null);
  return [...possible.filter((each) => each.id !== id), ...possible.filter((each) => each.id === id)];
}

/** Containers that all of these may be moved into. */
export function containersFor(draft: Draft, types: NodeTypes, ids: readonly string[]): NodeJson[] {
  const inside = withInside(draft, ids);
  const parents = new Set(
    ids.map((id) => {
      const node = nodeOf(draft, id);
      return node ? parentOf(node) : null;
    }),
  );
  return nodesOf(draft).filter(
    (each) =>
      Boolean(types.get(String(each.type))?.container) &&
      !inside.has(each.id) &&
      !(parents.size === 1 && parents.has(each.id)),
  );
}

/** Out of the container they lie in: beside it. */
export function outOf(draft: Draft, ids: readonly string[]): Operation[] {
  const node = nodeOf(draft, ids[0] ?? '');
  const parent = node && parentOf(node);
  if (!parent) return [];
  const outer = nodeOf(draft, parent);
  return [{ op: 'reparent', ids, parent: outer ? parentOf(outer) : null }];
}

/** One place up or down among those beside them; the picture and the lists follow this order. */
export function ordered(draft: Draft, ids: readonly string[], way: 'earlier' | 'later'): Operation[] {
  const moving = new Set(ids);
  const [first] = ids.flatMap((id) => nodeOf(draft, id) ?? []);
  if (!first) return [];
  const level = nodesOf(draft).filter((each) => parentOf(each) === parentOf(first));
  const places = level.flatMap((each, at) => (moving.has(each.id) ? [at] : []));
  const other = way === 'earlier' ? level[Math.min(...places) - 1] : level[Math.max(...places) + 1];
  if (!other) return [];
  const beside = { id: other.id, side: way === 'earlier' ? 'before' : 'after' } as const;
  return [
    {
      op: 'order',
      ids: orderWith(
        nodesOf(draft).map(({ id }) => id),
        ids,
        beside,
      ),
    },
  ];
}

/** All in their order, with some of them directly before or after another. */
export function orderWith(all: readonly string[], ids: readonly string[], { id, side }: Beside): string[] {
  const moving = new Set(ids);
  const rest = all.filter((each) => !moving.has(each));
  const at = rest.indexOf(id) + (side === 'after' ? 1 : 0);
  return rest.toSpliced(at, 0, ...all.filter((each) => moving.has(each)));
}

/** The first port that is not for errors. */
export function mainPort(types: NodeTypes, node: NodeJson): string | undefined {
  const ports = portsOf(types, node);
  return ports.find((port) => port !== 'error') ?? ports[0];
}

export function configOf(node: NodeJson): JsonObject {
  return isObject(node.config) ? node.config : {};
}
