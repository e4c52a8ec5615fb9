/** What leads from one draft to another: as changes that can be applied, and as a list to be read. */
import { applyAll, type Change, type PlaceRow, type Target } from './change';
import {
  canonicalJson,
  isList,
  isObject,
  member,
  pointerOf,
  same,
  type Json,
  type JsonObject,
  type Path,
} from './json';
import {
  edgeKeys,
  edgesOf,
  isReadable,
  keyText,
  nodesOf,
  type Draft,
  type EdgeJson,
  type EdgeKey,
  type NodeJson,
} from './model';

/** Changes that make `after` of `before`: equal values and the same order of nodes and edges. */
export function diff(before: Draft, after: Draft): Change[] {
  const changes: Change[] = [];
  let reached = before;
  const add = (more: readonly Change[]): Draft => {
    for (const change of more) changes.push(change);
    return (reached = applyAll(reached, more).draft);
  };
  const apart = isReadable(before.definition) && isReadable(after.definition);
  const parts = apart ? ['nodes', 'edges'] : [];
  const [from, to] = [before.definition, after.definition].map((each) => rest(each, parts)) as [Json, Json];
  let now = add([...values({ in: 'document' }, from, to, []), ...ofEditor(before.editor, after.editor)]);
  if (!apart) return changes;
  for (const part of parts)
    if (Object.hasOwn(now.definition, part) !== Object.hasOwn(after.definition, part))
      now = add([
        {
          do: 'set',
          target: { in: 'document' },
          path: [part],
          ...(Object.hasOwn(after.definition, part) ? { value: [] } : {}),
        },
      ]);
  now = add(ofNodes(nodesOf(now), nodesOf(after)));
  const ids = nodesOf(after).map((node) => node.id);
  if (
    !same(
      ids,
      nodesOf(now).map((node) => node.id),
    )
  )
    now = add([{ do: 'orderNodes', ids }]);
  now = add(ofEdges(edgesOf(now), edgesOf(after)));
  add(orderOfEdges(edgesOf(now), edgesOf(after)));
  return changes;
}

/** Positions are one change, however many there are. */
function ofEditor(before: JsonObject, after: JsonObject): Change[] {
  const [old, fresh] = [member(before, 'positions'), member(after, 'positions')];
  if (!isObject(old) || !isObject(fresh)) return values({ in: 'editor' }, before, after, []);
  const gone = Object.keys(old).filter((id) => !Object.hasOwn(fresh, id));
  const rows: PlaceRow[] = [
    ...gone.map((id) => ({ id })),
    ...Object.entries(fresh).flatMap(([id, at]) => (same(member(old, id), at) ? [] : [{ id, at }])),
  ];
  const others = [before, after].map((each) => rest(each, ['positions'])) as [Json, Json];
  return [
    ...values({ in: 'editor' }, ...others, []),
    ...(rows.length > 0 ? [{ do: 'place', rows } as const] : []),
  ];
}

function rest(definition: JsonObject, parts: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(definition).filter(([key]) => !parts.includes(key)));
}

/** Member by member, as deep as both sides have the same form; lists of one length place by place. */
function values(target: Target, before: Json, after: Json, path: Path): Change[] {
  if (same(before, after)) return [];
  if (isList(before) && isList(after) && before.length === after.length && path.length > 0)
    return before.flatMap((each, i) => values(target, each, after[i] as Json, [...path, i]));
  if (!isObject(before) || !isObject(after)) return [{ do: 'set', target, path, value: after }];
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return [
    ...gone.map((key): Change => ({ do: 'set', target, path: [...path, key] })),
    ...Object.entries(after).flatMap(([key, value]) => {
      const old = member(before, key);
      const here = [...path, key];
      return old === undefined
        ? [{ do: 'set', target, path: here, value } as Change]
        : values(target, old, value, here);
    }),
  ];
}

function ofNodes(before: readonly NodeJson[], after: readonly NodeJson[]): Change[] {
  if (before === after) return [];
  const [had, has] = [before, after].map((nodes) => new Map(nodes.map((node) => [node.id, node]))) as [
    Map<string, NodeJson>,
    Map<string, NodeJson>,
  ];
  const names = namedAnew(before, after, had, has);
  const called = new Set(names.values());
  const removed = before.filter((node) => !has.has(node.id) && !names.has(node.id));
  return [
    ...[...names].map(([id, to]): Change => ({ do: 'nameNode', id, to })),
    ...removed.map((node): Change => ({ do: 'removeNode', id: node.id })),
    ...after.flatMap((node, index): Change[] => {
      const old = had.get(node.id);
      if (called.has(node.id)) return [];
      if (!old) return [{ do: 'addNode', node, index }];
      return values({ in: 'node', id: node.id }, old, node, []);
    }),
  ];
}

/** A node that is gone and one that is new, alike in all but the id: it was renamed. */
function namedAnew(
  before: readonly NodeJson[],
  after: readonly NodeJson[],
  had: ReadonlyMap<string, NodeJson>,
  has: ReadonlyMap<string, NodeJson>,
): Map<string, string> {
  const gone = before.filter((node) => !has.has(node.id));
  const fresh = gone.length > 0 ? after.filter((node) => !had.has(node.id)) : [];
  const names = new Map<string, string>();
  if (fresh.length === 0) return names;
  const alike = new Map<string, string[]>();
  for (const node of fresh) {
    const text = canonicalJson({ ...node, id: '' });
    alike.set(text, [...(alike.get(text) ?? []), node.id]);
  }
  const taken = new Set<string>();
  for (const old of gone) {
    const [only, ...others] = alike.get(canonicalJson({ ...old, id: '' })) ?? [];
    if (only === undefined || others.length > 0 || taken.has(only)) continue;
    names.set(old.id, only);
    taken.add(only);
  }
  return names;
}

function ofEdges(before: readonly EdgeJson[], after: readonly EdgeJson[]): Change[] {
  if (before === after) return [];
  const [had, has] = [before, after].map(
    (edges) => new Map(edgeKeys(edges).map((key, i) => [keyText(key), { key, edge: edges[i] as EdgeJson }])),
  ) as [Map<string, Row>, Map<string, Row>];
  const removed = [...had.values()].filter(({ key }) => !has.has(keyText(key))).reverse();
  return [
    ...removed.map(({ key }): Change => ({ do: 'removeEdge', key })),
    ...[...has.values()].flatMap(({ key, edge }, index): Change[] => {
      const old = had.get(keyText(key));
      return old ? values({ in: 'edge', key }, old.edge, edge, []) : [{ do: 'addEdge', edge, index }];
    }),
  ];
}

interface Row {
  key: EdgeKey;
  edge: EdgeJson;
}

/** Edges with the same ends may stand in for one another: compared by value. */
function orderOfEdges(now: readonly EdgeJson[], after: readonly EdgeJson[]): Change[] {
  if (now.length === after.length && now.every((edge, at) => same(edge, after[at]))) return [];
  const left = new Map<string, number[]>();
  now.forEach((edge, index) => {
    const text = JSON.stringify(Object.entries(edge).sort());
    left.set(text, [...(left.get(text) ?? []), index]);
  });
  const edges = after.flatMap((edge) => left.get(JSON.stringify(Object.entries(edge).sort()))?.shift() ?? []);
  return edges.every((edge, index) => edge === index) ? [] : [{ do: 'orderEdges', edges }];
}

/** One value that differs, with its pointers into the two definitions. */
export interface ValueChange {
  readonly pointer: string;
  readonly old?: Json;
  readonly new?: Json;
}
export interface Part {
  readonly name: string;
  readonly pointer: string;
}
export interface Comparison {
  readonly equal: boolean;
  readonly nodes: { added: Part[]; removed: Part[]; changed: (Part & { changes: ValueChange[] })[] };
  readonly edges: { added: Part[]; removed: Part[]; changed: (Part & { changes: ValueChange[] })[] };
  readonly document: ValueChange[];
}

/** What a person reads of two versions; pointers lead into the newer one, those of removed parts into the older. */
export function compare(before: JsonObject, after: JsonObject): Comparison {
  const [one, other] = [before, after].map((definition) => ({ definition, editor: {} })) as [Draft, Draft];
  const apart = isReadable(before) && isReadable(after);
  const [old, fresh] = [before, after].map((each) => rest(each, apart ? ['nodes', 'edges'] : [])) as [
    Json,
    Json,
  ];
  const named = (draft: Draft): Named[] =>
    apart ? nodesOf(draft).map((node, i) => ({ name: node.id, pointer: `/nodes/${i}`, value: node })) : [];
  const joined = (draft: Draft): Named[] => {
    const edges = apart ? edgesOf(draft) : [];
    return edgeKeys(edges).map(({ from, to, n }, i) => {
      const name = n === 0 ? `${from} → ${to}` : `${from} → ${to} (${n + 1})`;
      return { name, pointer: `/edges/${i}`, value: edges[i] as EdgeJson };
    });
  };
  return {
    equal: same(before, after),
    nodes: parts(named(one), named(other)),
    edges: parts(joined(one), joined(other)),
    document: rows({ in: 'document' }, old, fresh, ''),
  };
}

type Named = Part & { value: Json };

function parts(before: Named[], after: Named[]): Comparison['nodes'] {
  const had = new Map(before.map((part) => [part.name, part]));
  const has = new Set(after.map((part) => part.name));
  const plain = ({ name, pointer }: Named): Part => ({ name, pointer });
  return {
    added: after.filter((part) => !had.has(part.name)).map(plain),
    removed: before.filter((part) => !has.has(part.name)).map(plain),
    changed: after.flatMap((part) => {
      const old = had.get(part.name);
      const changes = old ? rows({ in: 'document' }, old.value, part.value, part.pointer) : [];
      return changes.length > 0 ? [{ ...plain(part), changes }] : [];
    }),
  };
}

function rows(target: Target, before: Json, after: Json, pointer: string): ValueChange[] {
  return values(target, before, after, []).flatMap((change) => {
    if (change.do !== 'set') return [];
    const old = change.path.reduce<Json | undefined>(member, before);
    return [
      {
        pointer: pointer + pointerOf(change.path),
        ...(old === undefined ? {} : { old }),
        ...(change.value === undefined ? {} : { new: change.value }),
      },
    ];
  });
}
