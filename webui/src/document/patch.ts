/** Changes of a draft as the interface takes them: RFC 6902, with places by index. */
import { apply, type Change, type PlaceRow, type Target } from './change';
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
import { edgeIndex, edgesOf, nodesOf, type Draft } from './model';

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
    const { draft: after, inverse } = apply(now, change);
    if (change.do === 'place') patch.push(...placing(now, after, change.rows));
    else if (inverse) patch.push(operationOf(now, after, change));
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

function operationOf(before: Draft, after: Draft, change: Exclude<Change, { do: 'place' }>): PatchOperation {
  const node = (id: string): Path => [
    'definition',
    'nodes',
    nodesOf(before).findIndex((each) => each.id === id),
  ];
  switch (change.do) {
    case 'set':
      return written(before, after, change.target, change.path);
    case 'addNode':
      return add(
        ['definition', 'nodes', nodesOf(after).findIndex((each) => each.id === change.node.id)],
        change.node,
      );
    case 'removeNode':
      return remove(node(change.id));
    case 'nameNode':
      return replace([...node(change.id), 'id'], change.to);
    case 'addEdge':
      return add(['definition', 'edges', Math.min(change.index, edgesOf(before).length)], change.edge);
    case 'removeEdge':
      return remove(['definition', 'edges', edgeIndex(edgesOf(before), change.key)]);
    case 'replaceEdge':
      return replace(['definition', 'edges', edgeIndex(edgesOf(before), change.key)], change.edge);
    case 'orderNodes':
      return replace(['definition', 'nodes'], nodesOf(after));
    case 'orderEdges':
      return replace(['definition', 'edges'], edgesOf(after));
  }
}

/** A set as a patch: at the first member on the way that was not there. */
function written(before: Draft, after: Draft, target: Target, path: Path): PatchOperation {
  const full = [...placeOf(before, target), ...path];
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

function placeOf(draft: Draft, target: Target): Path {
  switch (target.in) {
    case 'document':
      return ['definition'];
    case 'editor':
      return ['editor'];
    case 'node':
      return ['definition', 'nodes', nodesOf(draft).findIndex((node) => node.id === target.id)];
    case 'edge':
      return ['definition', 'edges', edgeIndex(edgesOf(draft), target.key)];
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
