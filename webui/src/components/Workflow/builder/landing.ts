/** What it comes to when a step is carried to another place: one undo, whatever it takes. */
import {
  edgeKeys,
  edgesOf,
  endOf,
  nodeOf,
  nodesOf,
  parentOf,
  withInside,
  type Draft,
  type EdgeKey,
} from '../../../document/model';
import type { Operation } from '../../../document/operation';
import type { Beside } from '../../../surface/editing';
import { adding, between, mainPort, newNode, orderWith, placedOf } from './deeds';
import { fromOf, namesOf, typeOf, type NodeType, type NodeTypes } from './nodeTypes';

/** Why it cannot come there, as the name of the words that say it. */
export type WhyNotThere = 'one_only' | 'no_way_on' | 'no_port' | 'inside_itself';

export type Place =
  | { readonly at: 'edge'; readonly key: EdgeKey }
  | { readonly at: 'node'; readonly id: string }
  | { readonly at: 'level'; readonly parent: string | null; readonly beside: Beside | null };

export function whyNotThere(
  draft: Draft,
  types: NodeTypes,
  what: NodeType | readonly string[],
  place: Place,
): WhyNotThere | null {
  if (!isType(what)) {
    if (place.at === 'level')
      return place.parent !== null && withInside(draft, what).has(place.parent) ? 'inside_itself' : null;
    const [id, ...more] = what;
    const node = nodeOf(draft, id ?? '');
    return more.length > 0 ? 'one_only' : node && goesOn(typeOf(types, node)) ? null : 'no_way_on';
  }
  if (place.at === 'edge') return goesOn(what) ? null : 'no_way_on';
  if (place.at === 'level' || !what.runnable) return null;
  const before = nodeOf(draft, place.id);
  return before && mainPort(types, before) !== undefined ? null : 'no_port';
}

/** Whether something can come after it that is not its failure. */
export function goesOn(type: NodeType | undefined): boolean {
  return type === undefined || (type.runnable && type.ports.some((port) => port !== 'error'));
}

function isType(what: NodeType | readonly string[]): what is NodeType {
  return 'name' in what;
}

/** A new step comes to a place. */
export function arriving(
  draft: Draft,
  types: NodeTypes,
  type: NodeType,
  place: Place,
): { id: string; operations: Operation[] } {
  if (place.at === 'edge') return adding(draft, type, place);
  if (place.at === 'node') {
    const before = nodeOf(draft, place.id);
    const port = before && mainPort(types, before);
    return adding(draft, type, { at: 'after', id: place.id, port: port ?? 'out' });
  }
  const node = newNode(draft, type, place.parent);
  const operations: Operation[] = [{ op: 'add', nodes: [node] }];
  if (place.beside)
    operations.push({
      op: 'order',
      ids: orderWith([...namesOf(nodesOf(draft)), node.id], [node.id], place.beside),
    });
  return { id: node.id, operations };
}

/** Steps that are there come to another place. */
export function moving(
  draft: Draft,
  types: NodeTypes,
  ids: readonly string[],
  place: Exclude<Place, { at: 'node' }>,
): Operation[] {
  if (place.at === 'edge') return ontoEdge(draft, types, ids[0] ?? '', place.key);
  const { parent, beside } = place;
  const stays = ids.every((id) => {
    const node = nodeOf(draft, id);
    return node && parentOf(node) === parent;
  });
  return [
    ...(stays ? [] : [{ op: 'reparent', ids, parent } as const]),
    ...(beside ? [{ op: 'order', ids: orderWith(namesOf(nodesOf(draft)), ids, beside) } as const] : []),
    // The order tells where they stand, unless a hand has.
    ...(beside ? unplaced(draft, ids) : []),
  ];
}

function unplaced(draft: Draft, ids: readonly string[]): Operation[] {
  const placed = placedOf(draft, ids);
  return placed.length > 0 ? [{ op: 'unplace', ids: placed }] : [];
}

/** A step leaves its place, where what came before leads on to what came after, and comes between two others. */
function ontoEdge(draft: Draft, types: NodeTypes, id: string, key: EdgeKey): Operation[] {
  const node = nodeOf(draft, id);
  const beside = nodeOf(draft, endOf(key.from).node);
  const port = node && mainPort(types, node);
  if (!beside || port === undefined) return [];
  const edges = edgesOf(draft);
  const before = edges.filter(({ from, to }) => to === id && endOf(from).node !== id);
  const after = edges.filter(({ from, to }) => endOf(from).node === id && to !== id);
  const oneWay = new Set(after.map(({ from }) => endOf(from).port)).size === 1;
  const place = between(draft, key);
  const bridges = oneWay ? before.flatMap((edge) => after.map(({ to }) => ({ ...edge, to }))) : [];
  return [
    {
      op: 'disconnect',
      keys: edgeKeys(edges).filter(({ from, to }) => to === id || endOf(from).node === id),
    },
    ...bridges.map((edge) => ({ op: 'connect', edge }) as const),
    { op: 'reparent', ids: [id], parent: parentOf(beside) },
    { op: 'reconnect', key, from: key.from, to: id },
    { op: 'connect', edge: { from: fromOf(id, port), to: key.to } },
    ...(place ? [{ op: 'move', positions: { [id]: place } } as const] : unplaced(draft, [id])),
  ];
}
