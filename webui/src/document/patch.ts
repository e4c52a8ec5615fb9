/** Changes of a draft as the interface takes them: RFC 6902, with places by index. */
import { apply, type Change, type PlaceRow } from './change';
import {
  at,
  isList,
  isObject,
  member,
  pointerOf,
  same,
  withMember,
  without,
  type Json,
  type JsonObject,
  type Path,
} from './json';
import { edgeIndex, edgesOf, nodeOf, nodesOf, type Draft, type EdgeKey } from './model';

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: Json;
}

/** The patch that makes of `draft` what the changes make of it. */
export function patchOf(draft: Draft, changes: readonly Change[]): PatchOperation[] {
  const patch: PatchOperation[] = [];
  let now = draft;
  for (const change of changes) {
    // The place as it is before: a list that was changed is looked through anew.
    const place = placeOf(now, change);
    const { draft: after, inverse } = apply(now, change);
    if (change.do === 'place') patch.push(...placing(now, after, change.rows));
    else if (inverse) patch.push(operationOf(now, after, change, place));
    now = after;
  }
  return patch;
}

const add = (path: Path, value: Json): PatchOperation => ({ op: 'add', path: pointerOf(path), value });
const replace = (path: Path, value: Json): PatchOperation => ({
  op: 'replace',
  path: pointerOf(path),
  value,
});
const remove = (path: Path): PatchOperation => ({ op: 'remove', path: pointerOf(path) });

/** Beyond this many rows all positions are sent together. */
const MOST_ROWS = 200;

function placing(before: Draft, after: Draft, rows: readonly PlaceRow[]): PatchOperation[] {
  const all: Path = ['editor', 'positions'];
  const [old, fresh] = [member(before.editor, 'positions'), member(after.editor, 'positions')];
  if (old === fresh) return [];
  if (rows.length > MOST_ROWS) return [replace(all, fresh as JsonObject)];
  return rows.flatMap(({ id }) => {
    const [had, has] = [member(old, id), member(fresh, id)];
    if (same(had, has)) return [];
    const place = [...all, id];
    return has === undefined ? remove(place) : had === undefined ? add(place, has) : replace(place, has);
  });
}

function operationOf(
  before: Draft,
  after: Draft,
  change: Exclude<Change, { do: 'place' }>,
  place: Path,
): PatchOperation {
  switch (change.do) {
    case 'set':
      return written(before, after, [...place, ...change.path]);
    case 'addNode':
      return add(place, change.node);
    case 'addEdge':
      return add(place, change.edge);
    case 'removeNode':
    case 'removeEdge':
      return remove(place);
    case 'nameNode':
      return replace([...place, 'id'], change.to);
    case 'replaceEdge':
      return replace(place, change.edge);
    case 'orderNodes':
      return replace(place, nodesOf(after));
    case 'orderEdges':
      return replace(place, edgesOf(after));
  }
}

/** A set as a patch: at the first member on the way that was not there. */
function written(before: Draft, after: Draft, full: Path): PatchOperation {
  const whole = ({ definition, editor }: Draft): JsonObject => ({ definition, editor });
  const [old, fresh] = [whole(before), whole(after)];
  const depth = full.findIndex((_, i) => {
    const value = at(old, full.slice(0, i + 1));
    return value === undefined || (i + 1 < full.length && !isObject(value) && !isList(value));
  });
  const place = full.slice(0, depth < 0 ? full.length : depth + 1);
  const value = at(fresh, place);
  if (value === undefined) return remove(place);
  return at(old, place) === undefined ? add(place, value) : replace(place, value);
}

/** Where the object of a change stands. */
function placeOf(draft: Draft, change: Change): Path {
  const node = (id: string): Path => {
    const found = nodeOf(draft, id);
    return ['definition', 'nodes', found ? nodesOf(draft).indexOf(found) : -1];
  };
  const edge = (key: EdgeKey): Path => ['definition', 'edges', edgeIndex(edgesOf(draft), key)];
  switch (change.do) {
    case 'set': {
      const { target } = change;
      if (target.in === 'node') return node(target.id);
      return target.in === 'edge' ? edge(target.key) : [target.in === 'document' ? 'definition' : 'editor'];
    }
    case 'place':
      return [];
    case 'addNode':
      return ['definition', 'nodes', Math.min(change.index, nodesOf(draft).length)];
    case 'addEdge':
      return ['definition', 'edges', Math.min(change.index, edgesOf(draft).length)];
    case 'removeNode':
    case 'nameNode':
      return node(change.id);
    case 'removeEdge':
    case 'replaceEdge':
      return edge(change.key);
    case 'orderNodes':
      return ['definition', 'nodes'];
    case 'orderEdges':
      return ['definition', 'edges'];
  }
}

/** A value with a patch applied; null if it does not fit. Quick fixes come as patches of the definition. */
export function patched(value: JsonObject, patch: readonly PatchOperation[]): JsonObject | null {
  const result = patch.reduce<Json | null>((now, operation) => {
    const path = operation.path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return now === null ? null : (stepped(now, path, operation) ?? null);
  }, value);
  return isObject(result) ? result : null;
}

function stepped(value: Json, path: readonly string[], operation: PatchOperation): Json | undefined {
  const [key, ...below] = path;
  if (key === undefined) return operation.op === 'remove' ? undefined : operation.value;
  if (isList(value)) {
    const index = key === '-' ? value.length : Number(key);
    if (!Number.isInteger(index) || index < 0 || index > value.length) return undefined;
    if (below.length === 0 && operation.op === 'add')
      return value.toSpliced(index, 0, operation.value as Json);
    const old = value[index];
    if (old === undefined) return undefined;
    if (below.length === 0 && operation.op === 'remove') return value.toSpliced(index, 1);
    const inner = stepped(old, below, operation);
    return inner === undefined ? undefined : value.with(index, inner);
  }
  if (!isObject(value)) return undefined;
  const old = Object.hasOwn(value, key) ? value[key] : undefined;
  if (old === undefined && (below.length > 0 || operation.op !== 'add')) return undefined;
  if (below.length === 0 && operation.op === 'remove') return without(value, key);
  const inner = stepped(old ?? null, below, operation);
  return inner === undefined ? undefined : withMember(value, key, inner);
}
