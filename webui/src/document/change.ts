/**
 * The smallest changes of a draft, as values. Nodes and edges are addressed by name, never by index.
 *
 * `apply` gives the draft afterwards and the change that takes it back exactly, the order of nodes, edges and keys
 * included. A change whose object is gone changes nothing.
 */
import {
  at,
  isList,
  isObject,
  member,
  same,
  withMember,
  without,
  type Json,
  type JsonObject,
  type Path,
} from './json';
import { edgeKeyAt, withEdge, withNode } from './lists';
import {
  edgeIndex,
  edgesOf,
  isReadable,
  nodeOf,
  nodesOf,
  type Draft,
  type EdgeJson,
  type EdgeKey,
  type NodeJson,
} from './model';

export type Target =
  | { readonly in: 'document' }
  | { readonly in: 'editor' }
  | { readonly in: 'node'; readonly id: string }
  | { readonly in: 'edge'; readonly key: EdgeKey };

export type Change =
  /** Without `value` the member is removed. `place`: among the keys of its object. */
  | {
      readonly do: 'set';
      readonly target: Target;
      readonly path: Path;
      readonly value?: Json;
      readonly place?: number;
    }
  | { readonly do: 'addNode'; readonly node: NodeJson; readonly index: number }
  | { readonly do: 'removeNode'; readonly id: string }
  /** The id alone; edges and expressions are changes of their own. */
  | { readonly do: 'nameNode'; readonly id: string; readonly to: string }
  | { readonly do: 'addEdge'; readonly edge: EdgeJson; readonly index: number }
  | { readonly do: 'removeEdge'; readonly key: EdgeKey }
  | { readonly do: 'replaceEdge'; readonly key: EdgeKey; readonly edge: EdgeJson }
  /** Where nodes stand, all at once; a thousand of them are one change. `positions` is there already. */
  | { readonly do: 'place'; readonly rows: readonly PlaceRow[] }
  /** Every id in its new place; those left out keep their order at the end. */
  | { readonly do: 'orderNodes'; readonly ids: readonly string[] }
  | { readonly do: 'orderEdges'; readonly edges: readonly number[] };

/** Without `at` the position is forgotten. `index`: among the others, where it comes back. */
export interface PlaceRow {
  readonly id: string;
  readonly at?: Json;
  readonly index?: number;
}

export interface Applied {
  readonly draft: Draft;
  /** Null: nothing was changed. */
  readonly inverse: Change | null;
}

/** Apply one change. */
export function apply(draft: Draft, change: Change): Applied {
  const unchanged = { draft, inverse: null };
  if (change.do === 'set') return setMember(draft, change) ?? unchanged;
  if (change.do === 'place') return placed(draft, change.rows) ?? unchanged;
  if (!isReadable(draft.definition)) return unchanged;
  // A list that is not there is set first, so that taking it back takes the list away too.
  if (change.do === 'addNode' && !Object.hasOwn(draft.definition, 'nodes')) return unchanged;
  if (change.do === 'addEdge' && !Object.hasOwn(draft.definition, 'edges')) return unchanged;
  const found = change.do.endsWith('Node') || change.do === 'orderNodes' ? ofNodes : ofEdges;
  return found(draft, change) ?? unchanged;
}

/** Apply them one after the other; the inverses in the order in which they take it back. */
export function applyAll(draft: Draft, changes: readonly Change[]): { draft: Draft; inverse: Change[] } {
  const inverse: Change[] = [];
  let now = draft;
  for (const change of changes) {
    const applied = apply(now, change);
    now = applied.draft;
    if (applied.inverse) inverse.push(applied.inverse);
  }
  return { draft: now, inverse: inverse.reverse() };
}

function placed(draft: Draft, rows: readonly PlaceRow[]): Applied | null {
  const before = member(draft.editor, 'positions');
  if (!isObject(before)) return null;
  const found = withRows(before, rows);
  return (
    found && {
      draft: { ...draft, editor: withMember(draft.editor, 'positions', found.places) },
      inverse: { do: 'place', rows: found.inverse },
    }
  );
}

/** An object with many members written in one pass; null: it says so already. */
function withRows(
  places: JsonObject,
  rows: readonly PlaceRow[],
): { places: JsonObject; inverse: PlaceRow[] } | null {
  const now = new Map(Object.entries(places));
  const index = new Map([...now.keys()].map((id, at) => [id, at]));
  const gone: PlaceRow[] = [];
  const inverse: PlaceRow[] = [];
  const back: (PlaceRow & { at: Json })[] = [];
  for (const { id, at, ...row } of rows) {
    const had = now.get(id);
    if (at === undefined) {
      if (had === undefined) continue;
      now.delete(id);
      gone.push({ id, at: had, index: index.get(id) ?? 0 });
    } else if (had === undefined) {
      if (row.index === undefined) now.set(id, at);
      else back.push({ id, at, index: row.index });
      inverse.push({ id });
    } else if (!same(had, at)) {
      now.set(id, at);
      inverse.push({ id, at: had });
    }
  }
  inverse.push(...gone.sort(byIndex));
  return inverse.length === 0 ? null : { places: merged(now, back.sort(byIndex)), inverse };
}

function byIndex(one: PlaceRow, other: PlaceRow): number {
  return (one.index ?? 0) - (other.index ?? 0);
}

/** Those that come back each where it was. */
function merged(rest: ReadonlyMap<string, Json>, back: readonly (PlaceRow & { at: Json })[]): JsonObject {
  const rows: [string, Json][] = [];
  const left = [...rest];
  let next = 0;
  for (const { id, at, index = 0 } of back) {
    const before = left.slice(next, next + Math.max(0, index - rows.length));
    rows.push(...before, [id, at]);
    next += before.length;
  }
  return Object.fromEntries([...rows, ...left.slice(next)]);
}

function withPart(draft: Draft, name: 'nodes' | 'edges', items: readonly Json[]): Draft {
  return { ...draft, definition: withMember(draft.definition, name, items) };
}

function ofNodes(draft: Draft, change: Change): Applied | null {
  const nodes = nodesOf(draft);
  const put = (items: readonly NodeJson[]): Draft => withPart(draft, 'nodes', items);
  if (change.do === 'addNode') {
    if (nodeOf(draft, change.node.id)) return null;
    return {
      draft: put(withNode(nodes, change.index, change.node, false)),
      inverse: { do: 'removeNode', id: change.node.id },
    };
  }
  if (change.do === 'orderNodes') {
    const ids = nodes.map((node) => node.id);
    const ordered = inOrder(ids, change.ids);
    if (same(ids, ordered)) return null;
    const byId = new Map(nodes.map((node) => [node.id, node]));
    return {
      draft: put(ordered.map((id) => byId.get(id) as NodeJson)),
      inverse: { do: 'orderNodes', ids },
    };
  }
  if (change.do !== 'removeNode' && change.do !== 'nameNode') return null;
  const node = nodeOf(draft, change.id);
  if (!node) return null;
  const index = nodes.indexOf(node);
  if (change.do === 'removeNode')
    return { draft: put(withNode(nodes, index, null)), inverse: { do: 'addNode', node, index } };
  if (nodeOf(draft, change.to)) return null;
  return {
    draft: put(withNode(nodes, index, { ...node, id: change.to })),
    inverse: { do: 'nameNode', id: change.to, to: change.id },
  };
}

function ofEdges(draft: Draft, change: Change): Applied | null {
  const edges = edgesOf(draft);
  const put = (items: readonly EdgeJson[]): Draft => withPart(draft, 'edges', items);
  if (change.do === 'addEdge') {
    const index = Math.min(change.index, edges.length);
    const after = withEdge(edges, index, change.edge, false);
    return { draft: put(after), inverse: { do: 'removeEdge', key: edgeKeyAt(after, index) } };
  }
  if (change.do === 'orderEdges') {
    const all = edges.map((_, index) => index);
    const ordered = inOrder(all, change.edges);
    if (same(all, ordered)) return null;
    return {
      draft: put(ordered.map((index) => edges[index] as EdgeJson)),
      inverse: { do: 'orderEdges', edges: all.map((index) => ordered.indexOf(index)) },
    };
  }
  if (change.do !== 'removeEdge' && change.do !== 'replaceEdge') return null;
  const index = edgeIndex(edges, change.key);
  const edge = edges[index];
  if (!edge) return null;
  if (change.do === 'removeEdge')
    return { draft: put(withEdge(edges, index, null)), inverse: { do: 'addEdge', edge, index } };
  if (same(edge, change.edge)) return null;
  const after = withEdge(edges, index, change.edge);
  return { draft: put(after), inverse: { do: 'replaceEdge', key: edgeKeyAt(after, index), edge } };
}

/** `wanted` first, what it does not name after it. */
function inOrder<Key extends string | number>(all: readonly Key[], wanted: readonly Key[]): Key[] {
  const known = new Set(all);
  return [...new Set([...wanted.filter((key) => known.has(key)), ...all])];
}

type SetChange = Extract<Change, { do: 'set' }>;

function setMember(draft: Draft, change: SetChange): Applied | null {
  const { target } = change;
  const inverse = (found: Written): SetChange => ({ do: 'set', target, ...found.inverse });
  if (target.in === 'document' || target.in === 'editor') {
    const part = target.in === 'document' ? 'definition' : 'editor';
    const found = write(draft[part], change);
    return found && { draft: { ...draft, [part]: found.value as JsonObject }, inverse: inverse(found) };
  }
  if (!isReadable(draft.definition)) return null;
  // What names a node or an edge is changed by changes of their own.
  const names = target.in === 'node' ? ['id'] : ['id', 'from', 'to'];
  const old = targetOf(draft, target);
  if (old === undefined || names.includes(String(change.path[0]))) return null;
  const found = write(old, change);
  return found && { draft: withTarget(draft, target, found.value as JsonObject), inverse: inverse(found) };
}

/** Another value for a node or an edge that is there. */
function withTarget(
  draft: Draft,
  target: Extract<Target, { in: 'node' | 'edge' }>,
  value: JsonObject,
): Draft {
  const [nodes, edges] = [nodesOf(draft), edgesOf(draft)];
  if (target.in === 'edge')
    return withPart(draft, 'edges', withEdge(edges, edgeIndex(edges, target.key), value as EdgeJson));
  const index = nodes.indexOf(nodeOf(draft, target.id) as NodeJson);
  return withPart(draft, 'nodes', withNode(nodes, index, value as NodeJson));
}

interface Written {
  readonly value: Json;
  readonly inverse: { readonly path: Path; readonly value?: Json; readonly place?: number };
}

/** Write at a path; objects on the way are made. Null: it says so already, or there is no such place. */
function write(
  root: Json,
  { path, value, place }: Pick<SetChange, 'path' | 'value' | 'place'>,
  depth = 0,
): Written | null {
  const key = path[depth];
  if (key === undefined) return null;
  const here = path.slice(0, depth + 1);
  const old = member(root, key);
  const next = depth + 1 < path.length;
  if (isList(root)) {
    if (old === undefined || typeof key !== 'number') return null;
    const inner = next ? write(old, { path, value, place }, depth + 1) : null;
    if (next) return inner && { ...inner, value: root.with(key, inner.value) };
    if (value === undefined || same(old, value)) return null;
    return { value: root.with(key, value), inverse: { path: here, value: old } };
  }
  if (!isObject(root)) return null;
  const name = String(key);
  if (next && (isObject(old) || isList(old))) {
    const inner = write(old, { path, value, place }, depth + 1);
    return inner && { ...inner, value: withMember(root, name, inner.value) };
  }
  if (value === undefined) {
    if (old === undefined || next) return null;
    return {
      value: without(root, name),
      inverse: { path: here, value: old, place: Object.keys(root).indexOf(name) },
    };
  }
  const given = path.slice(depth + 1).reduceRight<Json>((inner, each) => ({ [String(each)]: inner }), value);
  if (old !== undefined && JSON.stringify(old) === JSON.stringify(given)) return null;
  return {
    value: withMember(root, name, given, place),
    inverse: old === undefined ? { path: here } : { path: here, value: old },
  };
}

/** The value a `set` addresses. */
export function valueAt(draft: Draft, target: Target, path: Path): Json | undefined {
  return at(targetOf(draft, target), path);
}

function targetOf(draft: Draft, target: Target): Json | undefined {
  if (target.in === 'document') return draft.definition;
  if (target.in === 'editor') return draft.editor;
  if (target.in === 'node') return nodeOf(draft, target.id);
  return edgesOf(draft)[edgeIndex(edgesOf(draft), target.key)];
}
