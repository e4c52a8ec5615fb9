/** Nodes into containers and out of them; an edge never crosses the border of one. */
import type { Change, Target } from './change';
import type { Json, Path } from './json';
import {
  edgeKeys,
  edgesOf,
  endOf,
  INSIDE,
  nodeOf,
  nodesOf,
  parentOf,
  positionOf,
  withInside,
  type Draft,
  type EdgeJson,
  type EdgeKey,
  type NodeJson,
  type Position,
} from './model';

/** What is being planned (`operation.Plan`). */
interface Making {
  readonly draft: Draft;
  do(change: Change): void;
  set(target: Target, path: Path, value?: Json): void;
  addNode(node: NodeJson, index?: number): void;
  addEdge(edge: EdgeJson): void;
  removeEdges(which: (edge: EdgeJson, key: EdgeKey) => boolean): void;
  place(positions: Readonly<Record<string, Position | null>>): void;
}

/** Nodes of one level come into a new container; edges from outside lead to it, edges to outside leave it. */
export function wrapped(
  made: Making,
  { ids, container, position }: { ids: readonly string[]; container: NodeJson; position?: Position },
): void {
  const inside = new Set(ids);
  const members = nodesOf(made.draft).filter((node) => inside.has(node.id));
  const first = members[0];
  if (!first || nodeOf(made.draft, container.id)) return;
  const parent = parentOf(first);
  if (members.some((node) => parentOf(node) !== parent)) return;
  const index = nodesOf(made.draft).indexOf(first);
  made.addNode(parent === null ? container : { ...container, parent }, index);
  for (const { id } of members) made.set({ in: 'node', id }, ['parent'], container.id);
  settleIn(made, members, container.id, position);
  redirect(made, inside, ({ from, to }) => [
    { from: inside.has(endOf(from).node) ? container.id : from, to: inside.has(to) ? container.id : to },
  ]);
}

/** What was placed by hand stays in its places, and the container comes around it. */
function settleIn(made: Making, members: readonly NodeJson[], id: string, position?: Position): void {
  const placed = members.flatMap((node) => {
    const at = positionOf(made.draft, node.id);
    return at ? [[node.id, at] as const] : [];
  });
  const corner = {
    x: Math.min(...placed.map(([, at]) => at.x)),
    y: Math.min(...placed.map(([, at]) => at.y)),
  };
  const own = placed.length > 0 ? { x: corner.x - INSIDE.x, y: corner.y - INSIDE.y } : null;
  const at = position ?? own;
  if (!at) return;
  const inside = placed.map(([each, { x, y }]) => [each, { x: x - corner.x, y: y - corner.y }] as const);
  made.place(Object.fromEntries([...inside, [id, at]]));
}

/** Out of a container: where they stood on the canvas if it was placed, else where the layout puts them. */
function settleOut(made: Making, members: readonly string[], id: string): void {
  const outer = positionOf(made.draft, id);
  const rows = members.map((each): [string, Position | null] => {
    const at = positionOf(made.draft, each);
    return [each, at && outer && { x: outer.x + INSIDE.x + at.x, y: outer.y + INSIDE.y + at.y }];
  });
  made.place(Object.fromEntries([...rows, [id, null]]));
}

/** A container goes and what lay in it stays; its edges lead to where the inside begins and leave where it ends. */
export function unwrapped(made: Making, id: string): void {
  const container = nodeOf(made.draft, id);
  if (!container) return;
  const parent = parentOf(container);
  const members = nodesOf(made.draft).filter((node) => parentOf(node) === id);
  const names = members.map((node) => node.id);
  const edges = edgesOf(made.draft);
  const reached = new Set(edges.map((edge) => edge.to));
  const left = new Set(edges.map((edge) => endOf(edge.from).node));
  const starts = names.filter((name) => !reached.has(name));
  const ends = names.filter((name) => !left.has(name));
  for (const name of names) made.set({ in: 'node', id: name }, ['parent'], parent ?? undefined);
  redirect(made, new Set([id]), ({ from, to }) => {
    if (to === id) return starts.map((start) => ({ from, to: start }));
    return ends.map((end) => ({ from: end, to }));
  });
  made.removeEdges(({ from, to }) => endOf(from).node === id || to === id);
  made.do({ do: 'removeNode', id });
  settleOut(made, names, id);
}

/** Edges between `inside` and the rest give way to others; a guard goes along, loops within themselves do not. */
function redirect(
  made: Making,
  inside: ReadonlySet<string>,
  others: (edge: EdgeJson) => { from: string; to: string }[],
): void {
  const edges = edgesOf(made.draft);
  const crossing = edgeKeys(edges).flatMap((key, index) => {
    const edge = edges[index] as EdgeJson;
    return inside.has(endOf(edge.from).node) !== inside.has(edge.to) ? [{ key, edge }] : [];
  });
  for (const { key } of crossing.toReversed()) made.do({ do: 'removeEdge', key });
  for (const { edge } of crossing)
    for (const ends of others(edge))
      if (endOf(ends.from).node !== ends.to) made.addEdge({ ...edge, ...ends });
}

/** Nodes come to lie in a container (null: in none); edges that would cross a border go. */
export function reparented(made: Making, ids: readonly string[], parent: string | null): void {
  const moving = ids.filter((id) => nodeOf(made.draft, id));
  if (parent !== null && (!nodeOf(made.draft, parent) || withInside(made.draft, moving).has(parent))) return;
  const elsewhere = moving.filter((id) => parentOf(nodeOf(made.draft, id) as NodeJson) !== parent);
  for (const id of moving) made.set({ in: 'node', id }, ['parent'], parent ?? undefined);
  // A place is one in a container.
  made.place(Object.fromEntries(elsewhere.map((id) => [id, null])));
  const moved = new Set(moving);
  const level = new Map(nodesOf(made.draft).map((node) => [node.id, parentOf(node)]));
  made.removeEdges(({ from, to }) => {
    const source = endOf(from).node;
    return (moved.has(source) || moved.has(to)) && level.get(source) !== level.get(to);
  });
}
