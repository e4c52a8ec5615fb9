/**
 * What is known of the lists of a document: whether they can be read, which node has which id, which edges lead from
 * where to where. Lists are never changed in place, so what was found out once holds. A list that one change makes of
 * another takes the index of it over, so that a thousand changes do not look through the list a thousand times; the
 * older one makes its own anew if it is asked again.
 */
import { isObject, member, type Json, type JsonObject } from './json';

export type NodeJson = JsonObject & { readonly id: string };
export type EdgeJson = JsonObject & { readonly from: string; readonly to: string };

/** An edge by its ends and, among edges with the same ends, its number. */
export interface EdgeKey {
  readonly from: string;
  readonly to: string;
  readonly n: number;
}

type Nodes = readonly NodeJson[];
type Edges = readonly EdgeJson[];

export function isNode(value: Json): value is NodeJson {
  return isObject(value) && typeof member(value, 'id') === 'string';
}

export function isEdge(value: Json): value is EdgeJson {
  return (
    isObject(value) && typeof member(value, 'from') === 'string' && typeof member(value, 'to') === 'string'
  );
}

const areNodes = new WeakMap<readonly Json[], boolean>();
const areEdges = new WeakMap<readonly Json[], boolean>();

function once(known: WeakMap<readonly Json[], boolean>, list: readonly Json[], look: () => boolean): boolean {
  let found = known.get(list);
  if (found === undefined) known.set(list, (found = look()));
  return found;
}

export function isEdgeList(list: readonly Json[]): list is Edges {
  return once(areEdges, list, () => list.every(isEdge));
}

/** The index of lists, each owned by the list it was made for or handed to last. */
class Indexes<List extends object, Index> {
  private readonly known = new WeakMap<List, Index>();

  constructor(private readonly make: (list: List) => Index) {}

  of(list: List): Index {
    let found = this.known.get(list);
    if (found === undefined) this.known.set(list, (found = this.make(list)));
    return found;
  }

  hand(before: List, after: List, write: (index: Index) => void): List {
    const index = this.of(before);
    this.known.delete(before);
    write(index);
    this.known.set(after, index);
    return after;
  }
}

function indexed(nodes: Nodes): Map<string, NodeJson> {
  return new Map(nodes.map((node) => [node.id, node]));
}

const byId = new Indexes<Nodes, Map<string, NodeJson>>(indexed);

/** Whether all are nodes with ids of their own. */
export function isNodeList(list: readonly Json[]): list is Nodes {
  return once(areNodes, list, () => list.every(isNode) && byId.of(list).size === list.length);
}

/** The node with an id, of a list of nodes. */
export function nodeIn(nodes: Nodes, id: string): NodeJson | undefined {
  return byId.of(nodes).get(id);
}

/** A list with a node at a place: added there, or instead of the one that is there; without one it is removed. */
export function withNode(nodes: Nodes, index: number, node: NodeJson | null, instead = true): Nodes {
  const old = instead ? nodes[index] : undefined;
  const after = node
    ? instead
      ? nodes.with(index, node)
      : nodes.toSpliced(index, 0, node)
    : nodes.toSpliced(index, 1);
  areNodes.set(after, true);
  return byId.hand(nodes, after, (known) => {
    if (old) known.delete(old.id);
    if (node) known.set(node.id, node);
  });
}

/** The text of an edge's two ends, for maps. */
const endsText = ({ from, to }: Pick<EdgeJson, 'from' | 'to'>): string => JSON.stringify([from, to]);

/** Edges with the same ends, in their order. */
function groups(edges: Edges): Map<string, Edges> {
  const found = new Map<string, EdgeJson[]>();
  for (const edge of edges) {
    const text = endsText(edge);
    const known = found.get(text);
    if (known) known.push(edge);
    else found.set(text, [edge]);
  }
  return found;
}

const byEnds = new Indexes<Edges, Map<string, Edges>>(groups);
const NONE: Edges = [];

/** All edges of a list with these ends, in their order. */
export function edgesBetween(edges: Edges, ends: Pick<EdgeJson, 'from' | 'to'>): Edges {
  return byEnds.of(edges).get(endsText(ends)) ?? NONE;
}

/** Where those of one group stand. The list is searched for the very objects, not read. */
function placesOf(edges: Edges, group: Edges): number[] {
  let at = -1;
  return group.map((edge) => (at = edges.indexOf(edge, at + 1)));
}

/** Where an edge stands; -1 if it is gone. */
export function edgeIndex(edges: Edges, key: EdgeKey): number {
  return placesOf(edges, edgesBetween(edges, key))[key.n] ?? -1;
}

/** The key of the edge at a place. */
export function edgeKeyAt(edges: Edges, index: number): EdgeKey {
  const { from, to } = edges[index] as EdgeJson;
  const group = edgesBetween(edges, { from, to });
  return { from, to, n: group.length === 1 ? 0 : placesOf(edges, group).indexOf(index) };
}

/** As `withNode`, of edges. */
export function withEdge(edges: Edges, index: number, edge: EdgeJson | null, instead = true): Edges {
  const old = instead ? edges[index] : undefined;
  const without = old ? edges.toSpliced(index, 1) : edges;
  const after = edge ? without.toSpliced(index, 0, edge) : without;
  areEdges.set(after, true);
  return byEnds.hand(edges, after, (known) => {
    const put = (text: string, group: Edges): void =>
      void (group.length > 0 ? known.set(text, group) : known.delete(text));
    if (old) {
      const group = known.get(endsText(old)) ?? NONE;
      put(endsText(old), group.toSpliced(placesOf(edges, group).indexOf(index), 1));
    }
    if (edge) {
      const group = known.get(endsText(edge)) ?? NONE;
      const before = placesOf(without, group).filter((at) => at < index).length;
      put(endsText(edge), group.toSpliced(before, 0, edge));
    }
  });
}
