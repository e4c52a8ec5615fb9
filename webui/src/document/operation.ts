/**
 * What a person does to a draft, as a value: it can be kept in a journal, sent to another tab and done anew on a draft
 * that others have changed meanwhile. `plan` says which changes it comes to on a draft; none: there is nothing to do.
 */
import { apply, type Change, type PlaceRow, type Target } from './change';
import { reparented, unwrapped, wrapped } from './containers';
import { edgeKeyAt, edgesBetween } from './lists';
import { isObject, member, same, type Json, type JsonObject, type Path } from './json';
import {
  edgeIndex,
  edgeKeys,
  edgesOf,
  endAt,
  endOf,
  isId,
  isReadable,
  nodeOf,
  nodesOf,
  parentOf,
  withInside,
  type Draft,
  type EdgeJson,
  type EdgeKey,
  type NodeJson,
  type Position,
} from './model';
import { renamed, type Names } from './references';

export type Positions = Readonly<Record<string, Position>>;

export type Operation =
  /** New nodes with edges among them: one from the palette, what was pasted, what was duplicated. */
  | {
      readonly op: 'add';
      readonly nodes: readonly NodeJson[];
      readonly edges?: readonly EdgeJson[];
      readonly positions?: Positions;
    }
  /** With all that lies in them and the edges at them. */
  | { readonly op: 'remove'; readonly ids: readonly string[] }
  | { readonly op: 'move'; readonly positions: Positions }
  /** They are placed automatically from now on. */
  | { readonly op: 'unplace'; readonly ids: readonly string[] }
  /** A member of the document, a node, an edge or the editor; without a value it is removed. */
  | { readonly op: 'set'; readonly target: Target; readonly path: Path; readonly value?: Json }
  /** Edges, children, positions and expressions follow. */
  | { readonly op: 'rename'; readonly id: string; readonly to: string }
  | { readonly op: 'connect'; readonly edge: EdgeJson }
  | { readonly op: 'disconnect'; readonly keys: readonly EdgeKey[] }
  | { readonly op: 'reconnect'; readonly key: EdgeKey; readonly from: string; readonly to: string }
  /** The node comes between the ends; `port` is where it goes on. */
  | {
      readonly op: 'insert';
      readonly key: EdgeKey;
      readonly node: NodeJson;
      readonly port?: string;
      readonly position?: Position;
    }
  | {
      readonly op: 'wrap';
      readonly ids: readonly string[];
      readonly container: NodeJson;
      readonly position?: Position;
    }
  | { readonly op: 'unwrap'; readonly id: string }
  /** Into a container, or out of it; edges that would cross its border go. */
  | { readonly op: 'reparent'; readonly ids: readonly string[]; readonly parent: string | null }
  | { readonly op: 'order'; readonly ids: readonly string[] }
  /** What text, a version or a merge came to. */
  | { readonly op: 'change'; readonly changes: readonly Change[] };

/** Collects changes while it applies them, so that each is planned on what the one before left. */
export class Plan {
  readonly changes: Change[] = [];
  /** What takes them back, in the order in which they were done. */
  readonly inverse: Change[] = [];

  constructor(public draft: Draft) {}

  do(change: Change): void {
    const { draft, inverse } = apply(this.draft, change);
    if (!inverse) return;
    this.draft = draft;
    this.changes.push(change);
    this.inverse.push(inverse);
  }

  set(target: Target, path: Path, value?: Json): void {
    this.do({ do: 'set', target, path, ...(value === undefined ? {} : { value }) });
  }

  addNode(node: NodeJson, index = Infinity): void {
    this.list('nodes');
    this.do({ do: 'addNode', node, index: Math.min(index, nodesOf(this.draft).length) });
  }

  addEdge(edge: EdgeJson, index = Infinity): void {
    this.list('edges');
    const edges = edgesOf(this.draft);
    if (!isThere(edges, edge)) this.do({ do: 'addEdge', edge, index: Math.min(index, edges.length) });
  }

  private list(name: 'nodes' | 'edges'): void {
    if (!Object.hasOwn(this.draft.definition, name)) this.set({ in: 'document' }, [name], []);
  }

  /** Take away edges; from the last to the first, so that the numbers of those left stand. */
  removeEdges(which: (edge: EdgeJson, key: EdgeKey) => boolean): void {
    const edges = edgesOf(this.draft);
    const keys = edgeKeys(edges).filter((key, i) => which(edges[i] as EdgeJson, key));
    for (const key of keys.reverse()) this.do({ do: 'removeEdge', key });
  }

  /** Where nodes stand; null: where the layout puts them. */
  place(positions: Readonly<Record<string, Position | null>>): void {
    const rows = Object.entries(positions).map(([id, at]): PlaceRow => (at ? { id, at: { ...at } } : { id }));
    if (rows.some(({ at }) => at !== undefined) && !isObject(member(this.draft.editor, 'positions')))
      this.set({ in: 'editor' }, ['positions'], {});
    this.do({ do: 'place', rows });
  }
}

/** Which changes an operation comes to on a draft. */
export function plan(draft: Draft, operation: Operation): Change[] {
  return carriedOut(draft, operation).changes;
}

/** An operation done on a draft: the changes it came to, the draft then, and what takes it back. */
export function carriedOut(draft: Draft, operation: Operation): Plan {
  const made = new Plan(draft);
  if (operation.op === 'change') for (const change of operation.changes) made.do(change);
  else if (operation.op === 'set') made.set(operation.target, operation.path, operation.value);
  else if (isReadable(draft.definition)) structural(made, operation);
  return made;
}

function isThere(edges: readonly EdgeJson[], edge: EdgeJson): boolean {
  return edgesBetween(edges, edge).some((each) => same(each, edge));
}

function structural(made: Plan, operation: Exclude<Operation, { op: 'change' | 'set' }>): void {
  switch (operation.op) {
    case 'add':
      return added(made, operation);
    case 'remove':
      return removed(made, operation.ids);
    case 'move':
      return moved(made, operation.positions);
    case 'unplace':
      return made.place(Object.fromEntries(operation.ids.map((id) => [id, null])));
    case 'rename':
      return renamedNode(made, operation.id, operation.to);
    case 'connect':
      return hasEnds(made.draft, operation.edge) ? made.addEdge(operation.edge) : undefined;
    case 'disconnect': {
      const keys = new Set(operation.keys.map((key) => JSON.stringify([key.from, key.to, key.n])));
      return made.removeEdges((_, key) => keys.has(JSON.stringify([key.from, key.to, key.n])));
    }
    case 'reconnect':
      return reconnected(made, operation);
    case 'insert':
      return inserted(made, operation);
    case 'wrap':
      return wrapped(made, operation);
    case 'unwrap':
      return unwrapped(made, operation.id);
    case 'reparent':
      return reparented(made, operation.ids, operation.parent);
    case 'order':
      return made.do({ do: 'orderNodes', ids: operation.ids });
  }
}

function moved(made: Plan, positions: Positions): void {
  const rows = Object.entries(positions).filter(([id]) => nodeOf(made.draft, id));
  if (rows.length > 0) made.place(Object.fromEntries(rows));
}

function hasEnds(draft: Draft, { from, to }: EdgeJson): boolean {
  return Boolean(nodeOf(draft, endOf(from).node) && nodeOf(draft, to));
}

function added(made: Plan, { nodes, edges = [], positions = {} }: Extract<Operation, { op: 'add' }>): void {
  for (const node of nodes) made.addNode(node);
  for (const edge of edges) if (hasEnds(made.draft, edge)) made.addEdge(edge);
  moved(made, positions);
}

function removed(made: Plan, ids: readonly string[]): void {
  const gone = withInside(made.draft, ids);
  made.removeEdges(({ from, to }) => gone.has(endOf(from).node) || gone.has(to));
  for (const { id } of nodesOf(made.draft)
    .filter((node) => gone.has(node.id))
    .reverse()) {
    made.do({ do: 'removeNode', id });
    for (const [part, places] of Object.entries(made.draft.editor))
      if (part !== 'positions' && isObject(places) && Object.hasOwn(places, id))
        made.set({ in: 'editor' }, [part, id]);
  }
  made.place(Object.fromEntries([...gone].map((id) => [id, null])));
}

function renamedNode(made: Plan, id: string, to: string): void {
  if (id === to || !isId(to) || !nodeOf(made.draft, id) || nodeOf(made.draft, to)) return;
  made.do({ do: 'nameNode', id, to });
  edgesOf(made.draft).forEach((edge, index) => {
    const leaves = endOf(edge.from).node === id;
    if (!leaves && edge.to !== id) return;
    const from = leaves ? endAt(edge.from, to) : edge.from;
    const key = edgeKeyAt(edgesOf(made.draft), index);
    made.do({ do: 'replaceEdge', key, edge: { ...edge, from, to: edge.to === id ? to : edge.to } });
  });
  for (const node of nodesOf(made.draft))
    if (parentOf(node) === id) made.set({ in: 'node', id: node.id }, ['parent'], to);
  rewriteExpressions(made, new Map([[id, to]]));
  for (const [part, places] of Object.entries(made.draft.editor)) {
    const place = member(places, id);
    if (place === undefined) continue;
    if (part === 'positions') {
      made.do({ do: 'place', rows: [{ id }, { id: to, at: place }] });
      continue;
    }
    made.set({ in: 'editor' }, [part, id]);
    made.set({ in: 'editor' }, [part, to], place);
  }
}

const NO_EXPRESSIONS: readonly string[] = ['id', 'type', 'label', 'note', 'parent'];

function rewriteExpressions(made: Plan, names: Names): void {
  for (const node of nodesOf(made.draft))
    for (const [key, value] of Object.entries(node)) {
      const fresh = NO_EXPRESSIONS.includes(key) ? value : renamed(value, names);
      if (fresh !== value) made.set({ in: 'node', id: node.id }, [key], fresh);
    }
  edgesOf(made.draft).forEach((edge, index) => {
    const when = member(edge, 'when');
    const fresh = when === undefined ? when : renamed(when, names);
    if (fresh !== when) made.set({ in: 'edge', key: edgeKeyAt(edgesOf(made.draft), index) }, ['when'], fresh);
  });
  for (const key of ['output', 'settings']) {
    const value = member(made.draft.definition, key);
    if (value !== undefined && renamed(value, names) !== value)
      made.set({ in: 'document' }, [key], renamed(value, names));
  }
}

function reconnected(made: Plan, { key, from, to }: Extract<Operation, { op: 'reconnect' }>): void {
  const edge = edgesOf(made.draft)[edgeIndex(edgesOf(made.draft), key)];
  if (!edge || !hasEnds(made.draft, { from, to })) return;
  const fresh = { ...edge, from, to };
  if (!isThere(edgesOf(made.draft), fresh)) made.do({ do: 'replaceEdge', key, edge: fresh });
}

function inserted(made: Plan, { key, node, port, position }: Extract<Operation, { op: 'insert' }>): void {
  const index = edgeIndex(edgesOf(made.draft), key);
  const edge = edgesOf(made.draft)[index];
  if (!edge || nodeOf(made.draft, node.id)) return;
  const beside = nodeOf(made.draft, endOf(edge.from).node);
  const parent = beside ? parentOf(beside) : null;
  made.addNode(parent === null ? node : { ...node, parent });
  made.do({ do: 'replaceEdge', key, edge: { ...edge, to: node.id } });
  made.addEdge({ from: port ? `${node.id}.${port}` : node.id, to: edge.to }, index + 1);
  if (position) made.place({ [node.id]: position });
}

/** The same operation on nodes that are called otherwise now. */
export function renamedIn(operation: Operation, names: Names): Operation {
  if (names.size === 0) return operation;
  const name = (id: string): string => names.get(id) ?? id;
  const edge = <Edge extends { from: string; to: string }>(each: Edge): Edge => ({
    ...each,
    from: endAt(each.from, name(endOf(each.from).node)),
    to: name(each.to),
  });
  const node = (each: NodeJson): NodeJson => {
    const parent = parentOf(each);
    const inside: JsonObject = parent === null ? {} : { parent: name(parent) };
    return { ...renamed(each, names), ...inside, id: name(each.id) };
  };
  const byName = (positions: Positions): Positions =>
    Object.fromEntries(Object.entries(positions).map(([id, place]) => [name(id), place]));
  const target = (each: Target): Target => {
    if (each.in === 'node') return { in: 'node', id: name(each.id) };
    return each.in === 'edge' ? { in: 'edge', key: edge(each.key) } : each;
  };
  switch (operation.op) {
    case 'add': {
      const { nodes, edges = [], positions = {} } = operation;
      return { op: 'add', nodes: nodes.map(node), edges: edges.map(edge), positions: byName(positions) };
    }
    case 'remove':
    case 'unplace':
    case 'order':
      return { ...operation, ids: operation.ids.map(name) };
    case 'move':
      return { op: 'move', positions: byName(operation.positions) };
    case 'set': {
      const path =
        operation.target.in === 'editor' ? operation.path.map((key) => name(String(key))) : operation.path;
      const value = operation.value === undefined ? {} : { value: renamed(operation.value, names) };
      return { op: 'set', target: target(operation.target), path, ...value };
    }
    case 'rename':
      return { ...operation, id: name(operation.id) };
    case 'connect':
      return { op: 'connect', edge: edge(operation.edge) };
    case 'disconnect':
      return { op: 'disconnect', keys: operation.keys.map(edge) };
    case 'reconnect':
      return { ...operation, ...edge(operation), key: edge(operation.key) };
    case 'insert':
      return { ...operation, key: edge(operation.key), node: node(operation.node) };
    case 'wrap':
      return { ...operation, ids: operation.ids.map(name), container: node(operation.container) };
    case 'unwrap':
      return { op: 'unwrap', id: name(operation.id) };
    case 'reparent':
      return {
        op: 'reparent',
        ids: operation.ids.map(name),
        parent: operation.parent === null ? null : name(operation.parent),
      };
    case 'change':
      return { op: 'change', changes: operation.changes.map((change) => changeNamed(change, name)) };
  }

  function changeNamed(change: Change, called: (id: string) => string): Change {
    switch (change.do) {
      case 'set':
        return { ...change, target: target(change.target) };
      case 'addNode':
        return { ...change, node: node(change.node) };
      case 'removeNode':
      case 'nameNode':
        return { ...change, id: called(change.id) };
      case 'addEdge':
        return { ...change, edge: edge(change.edge) };
      case 'removeEdge':
        return { ...change, key: edge(change.key) };
      case 'replaceEdge':
        return { ...change, key: edge(change.key), edge: edge(change.edge) };
      case 'orderNodes':
        return { ...change, ids: change.ids.map(called) };
      case 'place':
        return { ...change, rows: change.rows.map((row) => ({ ...row, id: called(row.id) })) };
      case 'orderEdges':
        return change;
    }
  }
}
