/** Which node lies in which, and which edges stand between neighbours of one container. */
import { endOf, type Graph, type GraphNode } from './model';

export interface Link {
  from: string;
  port: string;
  to: string;
}

/** What one container, or the page itself, holds. */
export interface Scope {
  children: GraphNode[];
  /** Edges between the children or what lies in them, lifted to the children. */
  links: [from: string, to: string][];
}

export interface Nesting {
  /** By container; '' is the page. */
  scopes: ReadonlyMap<string, Scope>;
  parents: ReadonlyMap<string, string>;
  links: readonly Link[];
  /** Containers, the innermost first. */
  inward: readonly string[];
}

/** The container of each node: unknown ones and circles end outside of all. */
function parentsOf(nodes: readonly GraphNode[]): Map<string, string> {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<string, string>();
  for (const { id, parent } of nodes) {
    parents.set(id, parent !== undefined && known.has(parent) && parent !== id ? parent : '');
  }
  for (const { id } of nodes) {
    const seen = new Set([id]);
    for (let at = parents.get(id) ?? ''; at !== ''; at = parents.get(at) ?? '') {
      if (seen.has(at)) {
        parents.set(id, '');
        break;
      }
      seen.add(at);
    }
  }
  return parents;
}

/** The containers around a node, the outermost ('') first, then the node itself. */
function lineage(parents: ReadonlyMap<string, string>, id: string): string[] {
  const line = [id];
  for (let at = parents.get(id); at !== undefined; at = at === '' ? undefined : parents.get(at))
    line.unshift(at);
  return line;
}

function inwardOf(parents: ReadonlyMap<string, string>, holders: Iterable<string>): string[] {
  const depth = (id: string): number => (id === '' ? 0 : lineage(parents, id).length);
  return [...holders]
    .map((id) => [id, depth(id)] as const)
    .sort((a, b) => b[1] - a[1])
    .map(([id]) => id);
}

export function nestingOf(graph: Graph): Nesting {
  const parents = parentsOf(graph.nodes);
  const scopes = new Map<string, Scope>([['', { children: [], links: [] }]]);
  for (const node of graph.nodes) {
    const parent = parents.get(node.id) as string;
    const scope = scopes.get(parent) ?? { children: [], links: [] };
    scope.children.push(node);
    scopes.set(parent, scope);
  }
  const links: Link[] = [];
  for (const edge of graph.edges) {
    const { id: from, port } = endOf(edge.from);
    if (!parents.has(from) || !parents.has(edge.to)) continue;
    links.push({ from, port, to: edge.to });
    lift(scopes, lineage(parents, from), lineage(parents, edge.to));
  }
  return { scopes, parents, links, inward: inwardOf(parents, scopes.keys()) };
}

/** Note an edge where its ends' lines part; one from a container into itself orders nothing. */
function lift(scopes: Map<string, Scope>, from: readonly string[], to: readonly string[]): void {
  let at = 0;
  while (at < from.length && at < to.length && from[at] === to[at]) at += 1;
  const [one, other] = [from[at], to[at]];
  const holder = from[at - 1];
  if (one !== undefined && other !== undefined && holder !== undefined)
    scopes.get(holder)?.links.push([one, other]);
}
