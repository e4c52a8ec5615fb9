/** Parts of a workflow as YAML text: copied, pasted here or into another installation, put into an issue. */
import { isList, isObject, member, type Json, type JsonObject } from './json';
import {
  edgesOf,
  endOf,
  freshId,
  isId,
  nodesOf,
  parentOf,
  positionOf,
  withInside,
  type Draft,
  type EdgeJson,
  type NodeJson,
  type Position,
} from './model';
import { renamedIn, type Operation, type Positions } from './operation';
import { fromYaml, toYaml, type Unreadable } from './yaml';

const HEADER = '# fermata/1 nodes';
const OFFSET = 40;

interface Parts {
  nodes: readonly NodeJson[];
  edges: readonly EdgeJson[];
  positions: Positions;
}

type Add = Extract<Operation, { op: 'add' }>;
export type Pasted = { readonly operation: Add } | { readonly error: Unreadable };

/** The nodes with all that lies in them, the edges among them, where they stand. */
function partsOf(draft: Draft, ids: Iterable<string>): Parts {
  const wanted = withInside(draft, ids);
  const places = [...wanted].flatMap((id) => {
    const place = positionOf(draft, id);
    return place ? [[id, place] as const] : [];
  });
  return {
    nodes: nodesOf(draft).filter((node) => wanted.has(node.id)),
    edges: edgesOf(draft).filter(({ from, to }) => wanted.has(endOf(from).node) && wanted.has(to)),
    positions: Object.fromEntries(places),
  };
}

/** What goes to the clipboard. */
export function copied(draft: Draft, ids: Iterable<string>): string {
  const { nodes, edges, positions } = partsOf(draft, ids);
  return `${HEADER}\n${toYaml({ nodes, edges, positions } as unknown as Json)}`;
}

/**
 * What text from the clipboard comes to on a draft: nodes with ids nobody has. A whole definition is taken too.
 * `into`: the container that gets what stood in none of the pasted ones. `at`: where its upper left corner comes.
 */
export function pasted(
  draft: Draft,
  text: string,
  { into = null, at = null }: { into?: string | null; at?: Position | null } = {},
): Pasted {
  const parsed = fromYaml(text);
  if ('error' in parsed) return parsed;
  const parts = partsFrom(parsed.definition);
  if (!parts) return { error: { message: 'The text holds no nodes.', line: 1, column: 1 } };
  return { operation: fresh(draft, parts, { into, at }) };
}

/** The same nodes once more, beside themselves and in the same containers. */
export function duplicated(draft: Draft, ids: Iterable<string>): Add {
  return fresh(draft, partsOf(draft, ids), { into: null, at: null });
}

function partsFrom(value: JsonObject): Parts | null {
  const nodes = member(value, 'nodes');
  const edges = member(value, 'edges') ?? [];
  const isNode = (each: Json): each is NodeJson => isId(String(member(each, 'id'))) && isObject(each);
  const isEdge = (each: Json): each is EdgeJson =>
    typeof member(each, 'from') === 'string' && typeof member(each, 'to') === 'string';
  if (!isList(nodes) || !isList(edges) || nodes.length === 0 || !nodes.every(isNode)) return null;
  if (new Set(nodes.map((node) => node.id)).size < nodes.length) return null;
  const ids = new Set(nodes.map((node) => node.id));
  const positions = Object.entries(member(value, 'positions') ?? {}).flatMap(([id, place]) => {
    const [x, y] = [member(place as Json, 'x'), member(place as Json, 'y')];
    return ids.has(id) && typeof x === 'number' && typeof y === 'number' ? [[id, { x, y }] as const] : [];
  });
  const among = edges.filter(isEdge).filter(({ from, to }) => ids.has(endOf(from).node) && ids.has(to));
  return { nodes, edges: among, positions: Object.fromEntries(positions) };
}

function fresh(draft: Draft, parts: Parts, { into, at }: { into: string | null; at: Position | null }): Add {
  const present = new Set(nodesOf(draft).map((node) => node.id));
  // Neither what is there nor what is pasted beside it.
  const taken = new Set([...present, ...parts.nodes.map((node) => node.id)]);
  const names = new Map<string, string>();
  for (const { id } of parts.nodes) {
    const name = present.has(id) ? freshId(id, taken) : id;
    taken.add(name);
    names.set(id, name);
  }
  // What lies in one of them is placed from its inside.
  const isOuter = new Map(parts.nodes.map((node) => [node.id, outerOf(node) !== undefined]));
  const places = Object.entries(parts.positions).flatMap(([id, at]) => (isOuter.get(id) ? at : []));
  const corner = { x: Math.min(...places.map(({ x }) => x)), y: Math.min(...places.map(({ y }) => y)) };
  const [dx, dy] = at ? [at.x - corner.x, at.y - corner.y] : [OFFSET, OFFSET];
  const positions = Object.fromEntries(
    Object.entries(parts.positions).map(([id, { x, y }]) => [
      id,
      isOuter.get(id) ? { x: x + dx, y: y + dy } : { x, y },
    ]),
  );
  const { nodes, edges } = parts;
  const add = renamedIn({ op: 'add', nodes, edges, positions }, names) as Add;
  return { ...add, nodes: add.nodes.map((node, i) => inside(node, outerOf(nodes[i] as NodeJson))) };

  /** The container of what stands in none of the pasted ones; undefined: it stands in one. */
  function outerOf(node: NodeJson): string | null | undefined {
    const parent = parentOf(node);
    if (parent !== null && names.has(parent)) return undefined;
    return into ?? (parent !== null && present.has(parent) ? parent : null);
  }
}

function inside(node: NodeJson, parent: string | null | undefined): NodeJson {
  if (parent === undefined) return node;
  const { parent: _, ...alone } = node;
  return (parent === null ? alone : { ...alone, parent }) as NodeJson;
}
