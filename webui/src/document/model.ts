/**
 * A draft as the builder sees it: the definition, and beside it where things stand on the canvas.
 *
 * A draft may be any JSON object. Its nodes and edges can be told apart only where `nodes` is a list of objects with
 * ids of their own and `edges`, if there, a list of objects with two ends (`isReadable`); anything else is changed as
 * one value, in the code pane.
 */
import { isList, member, type JsonObject } from './json';
import {
  edgeIndex,
  isEdge,
  isEdgeList,
  isNode,
  isNodeList,
  nodeIn,
  type EdgeJson,
  type EdgeKey,
  type NodeJson,
} from './lists';

export { edgeIndex, type EdgeJson, type EdgeKey, type NodeJson };

export interface Draft {
  readonly definition: JsonObject;
  /** Positions by node id, sizes of notes, what is collapsed: no part of the digest. */
  readonly editor: JsonObject;
}

export interface Position {
  readonly x: number;
  readonly y: number;
}

export const CONTAINERS: readonly string[] = ['foreach', 'while'];
export const DEFAULT_PORT = 'out';
const ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LONGEST_ID = 64;

export function isId(text: string): boolean {
  return text.length <= LONGEST_ID && ID.test(text);
}

export function emptyDraft(name: string): Draft {
  return { definition: { schema: 'fermata/1', name, nodes: [], edges: [] }, editor: {} };
}

export function isReadable(definition: JsonObject): boolean {
  const nodes = member(definition, 'nodes') ?? [];
  const edges = member(definition, 'edges') ?? [];
  return isList(nodes) && isList(edges) && isNodeList(nodes) && isEdgeList(edges);
}

export function nodesOf(draft: Draft): readonly NodeJson[] {
  const nodes = member(draft.definition, 'nodes');
  if (!isList(nodes)) return [];
  return isNodeList(nodes) ? nodes : nodes.filter(isNode);
}

export function edgesOf(draft: Draft): readonly EdgeJson[] {
  const edges = member(draft.definition, 'edges');
  if (!isList(edges)) return [];
  return isEdgeList(edges) ? edges : edges.filter(isEdge);
}

export function nodeOf(draft: Draft, id: string): NodeJson | undefined {
  const nodes = member(draft.definition, 'nodes');
  if (isList(nodes) && isNodeList(nodes)) return nodeIn(nodes, id);
  return nodesOf(draft).find((node) => node.id === id);
}

/** The key of every edge, in the order of the edges. */
export function edgeKeys(edges: readonly EdgeJson[]): EdgeKey[] {
  const seen = new Map<string, number>();
  return edges.map(({ from, to }) => {
    const ends = JSON.stringify([from, to]);
    const n = seen.get(ends) ?? 0;
    seen.set(ends, n + 1);
    return { from, to, n };
  });
}

export function sameEdge(one: EdgeKey, other: EdgeKey): boolean {
  return one.from === other.from && one.to === other.to && one.n === other.n;
}

/** The text of a key, for maps. */
export function keyText(key: EdgeKey): string {
  return JSON.stringify([key.from, key.to, key.n]);
}

/** `from` as node and port: `big.true`; without a port it is `out`. */
export function endOf(from: string): { node: string; port: string } {
  const dot = from.indexOf('.');
  return dot < 0
    ? { node: from, port: DEFAULT_PORT }
    : { node: from.slice(0, dot), port: from.slice(dot + 1) };
}

/** The same end at another node. */
export function endAt(from: string, node: string): string {
  const dot = from.indexOf('.');
  return dot < 0 ? node : node + from.slice(dot);
}

export function parentOf(node: NodeJson): string | null {
  const parent = member(node, 'parent');
  return typeof parent === 'string' ? parent : null;
}

/** Those nodes and all that lies inside them, in the document's order. */
export function withInside(draft: Draft, ids: Iterable<string>): Set<string> {
  const found = new Set(ids);
  const nodes = nodesOf(draft);
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const node of nodes) if (found.has(parentOf(node) ?? '')) found.add(node.id);
  }
  return found;
}

/** From the corner of a container to where its inside begins, from which those in it are placed. */
export const INSIDE = { x: 24, y: 56 } as const;

export function positionOf(draft: Draft, id: string): Position | null {
  const place = member(member(draft.editor, 'positions'), id);
  const [x, y] = [member(place, 'x'), member(place, 'y')];
  return typeof x === 'number' && typeof y === 'number' ? { x, y } : null;
}

/** An id nobody has: the wish itself, or the wish with the next free number. */
export function freshId(wish: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wish)) return wish;
  const stem = wish.replace(/_\d+$/, '').slice(0, LONGEST_ID - 8);
  for (let n = 2; ; n += 1) if (!taken.has(`${stem}_${n}`)) return `${stem}_${n}`;
}
