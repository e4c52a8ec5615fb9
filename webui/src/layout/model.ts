/** What is laid out, and what comes out: names, boxes and lines; nothing of a screen. */

import { INSIDE } from '../document/model';

/** A node of a definition, as far as its place depends on it. Drafts may hold anything, so everything is optional. */
export interface GraphNode {
  id: string;
  type: string;
  label?: string | undefined;
  parent?: string | undefined;
  note?: string | undefined;
}

/** `from` is a node or `node.port`. */
export interface GraphEdge {
  from: string;
  to: string;
}

/** Where the upper left corner of a node stands, from where the inside of its container begins. */
export interface Place {
  x: number;
  y: number;
}

export interface Graph {
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  /** Of those that were placed by hand. */
  positions?: ReadonlyMap<string, Place>;
}

export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  /** The container it lies in, none outside of all. */
  parent: string | null;
  /** How many containers it lies in. */
  depth: number;
  container: boolean;
  /** It stands where somebody put it. */
  placed: boolean;
}

export interface Line {
  from: string;
  /** The output it leaves by; empty for the only one. */
  port: string;
  to: string;
  /** It leads back to a step that came before. */
  back: boolean;
  /** It runs at right angles around what it connects. */
  around: boolean;
  /** x, y, x, y …: at least two points. */
  points: readonly number[];
}

export interface Layout {
  boxes: readonly Box[];
  lines: readonly Line[];
  width: number;
  height: number;
  /** By container, '' for the page: where the inside begins that its nodes are placed from. */
  origins: ReadonlyMap<string, Place>;
}

export const NODE = { width: 200, height: 56 } as const;
export const NOTE = { width: 200, height: 80 } as const;
/** Between layers, between neighbours of a layer, and around what a container holds. */
export const GAP = { layer: 72, node: 24, pad: INSIDE.x, head: INSIDE.y, lane: 14 } as const;
/** An output's label needs this much of the side it leaves from. */
export const PORT = 18;

const CONTAINERS: ReadonlySet<string> = new Set(['foreach', 'while', 'try']);

export function isContainerType(type: string): boolean {
  return CONTAINERS.has(type);
}

type Raw = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function members(value: unknown): Raw[] {
  return Array.isArray(value)
    ? value.filter((one): one is Raw => typeof one === 'object' && one !== null)
    : [];
}

/** Documents are never changed in place: what was read of an object once holds. */
const nodesRead = new WeakMap<Raw, GraphNode | null>();
const edgesRead = new WeakMap<Raw, GraphEdge | null>();

function once<Read>(known: WeakMap<Raw, Read | null>, raw: Raw, read: (raw: Raw) => Read | null) {
  let found = known.get(raw);
  if (found === undefined) known.set(raw, (found = read(raw)));
  return found;
}

function nodeFrom(raw: Raw): GraphNode | null {
  const id = text(raw['id']);
  if (!id) return null;
  const config = (raw['config'] ?? {}) as Raw;
  return {
    id,
    type: text(raw['type']) ?? '',
    label: text(raw['label']),
    parent: text(raw['parent']),
    note: raw['type'] === 'note' ? (text(config['text']) ?? text(raw['note'])) : undefined,
  };
}

function edgeFrom(raw: Raw): GraphEdge | null {
  const [from, to] = [text(raw['from']), text(raw['to'])];
  return from && to ? { from, to } : null;
}

/** No hand puts a node farther away. */
const FAR = 2_000_000;

function placeFrom(raw: unknown): Place | null {
  const { x, y } = (raw ?? {}) as Raw;
  const near = [x, y].every((each) => typeof each === 'number' && Math.abs(each) <= FAR);
  return near ? { x: Math.round(x as number), y: Math.round(y as number) } : null;
}

/** Of nodes that are there; what is no place is passed over. */
function positionsOf(editor: unknown, known: ReadonlyMap<string, GraphNode>): Map<string, Place> {
  const { positions } = (editor ?? {}) as Raw;
  const rows = typeof positions === 'object' && positions !== null ? Object.entries(positions) : [];
  const found = new Map<string, Place>();
  for (const [id, raw] of rows) {
    const place = known.has(id) ? placeFrom(raw) : null;
    if (place) found.set(id, place);
  }
  return found;
}

/**
 * The graph of a document, valid or not: what cannot be drawn is left out. What did not change is the same object.
 * `editor`: what stands beside it in a draft.
 */
export function graphOf(definition: unknown, editor?: unknown): Graph {
  const { nodes, edges } = (definition ?? {}) as Raw;
  const found = new Map<string, GraphNode>();
  for (const raw of members(nodes)) {
    const node = once(nodesRead, raw, nodeFrom);
    if (node && !found.has(node.id)) found.set(node.id, node);
  }
  return {
    nodes: [...found.values()],
    edges: members(edges).flatMap((raw) => once(edgesRead, raw, edgeFrom) ?? []),
    positions: positionsOf(editor, found),
  };
}

/** Whether two graphs show the same. */
export function sameGraph(one: Graph, other: Graph): boolean {
  const same = <Part>(some: readonly Part[], others: readonly Part[]): boolean =>
    some.length === others.length && some.every((part, at) => part === others[at]);
  return (
    same(one.edges, other.edges) &&
    sameNodes(one.nodes, other.nodes) &&
    samePlaces(one.positions ?? NOWHERE, other.positions ?? NOWHERE)
  );
}

const NOWHERE: ReadonlyMap<string, Place> = new Map();

function samePlaces(some: ReadonlyMap<string, Place>, others: ReadonlyMap<string, Place>): boolean {
  return (
    some.size === others.size &&
    [...some].every(([id, { x, y }]) => others.get(id)?.x === x && others.get(id)?.y === y)
  );
}

function sameNodes(some: readonly GraphNode[], others: readonly GraphNode[]): boolean {
  return (
    some.length === others.length &&
    some.every((node, at) => {
      const other = others[at] as GraphNode;
      return (
        node === other ||
        (['id', 'type', 'label', 'parent', 'note'] as const).every((key) => node[key] === other[key])
      );
    })
  );
}

/** Node and output of an edge's `from`: ids hold no dot. */
export function endOf(from: string): { id: string; port: string } {
  const dot = from.indexOf('.');
  return dot < 0 ? { id: from, port: '' } : { id: from.slice(0, dot), port: from.slice(dot + 1) };
}

/** The same for graphs that are laid out the same. */
export function structureKey({ nodes, edges, positions }: Graph): string {
  return JSON.stringify([
    nodes.map(({ id, type, parent }) => [id, type, parent ?? null]),
    edges.map(({ from, to }) => [from, to]),
    [...(positions ?? NOWHERE)].map(([id, { x, y }]) => [id, x, y]),
  ]);
}
