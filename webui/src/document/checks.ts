/**
 * What one node or edge alone can say of itself, at once while it is edited: the platform's own codes and pointers,
 * without its words. Everything about the graph, the configs and the expressions comes from `validate`.
 */
import { isList, member } from './json';
import {
  CONTAINERS,
  edgesOf,
  endOf,
  isId,
  isReadable,
  nodesOf,
  parentOf,
  type Draft,
  type NodeJson,
} from './model';

export interface Finding {
  readonly code:
    | 'invalid_id'
    | 'duplicate_id'
    | 'unknown_parent'
    | 'parent_is_no_container'
    | 'duplicate_edge'
    | 'dangling_edge'
    | 'edge_at_note'
    | 'edge_across_containers';
  /** Into the definition. */
  readonly pointer: string;
  readonly nodeId?: string;
}

/** All of them, nodes first. */
export function findings(draft: Draft): Finding[] {
  return [...ofNodes(draft), ...(isReadable(draft.definition) ? ofEdges(draft) : [])];
}

function ofNodes(draft: Draft): Finding[] {
  const nodes = member(draft.definition, 'nodes');
  const kinds = new Map(nodesOf(draft).map((node) => [node.id, member(node, 'type')]));
  const seen = new Set<string>();
  return (isList(nodes) ? nodes : []).flatMap((node, i): Finding[] => {
    const id = member(node, 'id');
    if (typeof id !== 'string') return [];
    const here = `/nodes/${i}`;
    const found: Finding[] = [];
    if (!isId(id)) found.push({ code: 'invalid_id', pointer: `${here}/id` });
    else if (seen.has(id)) found.push({ code: 'duplicate_id', pointer: `${here}/id`, nodeId: id });
    seen.add(id);
    const parent = parentOf(node as NodeJson);
    if (parent === null) return found;
    const pointer = `${here}/parent`;
    if (!kinds.has(parent)) found.push({ code: 'unknown_parent', pointer, nodeId: id });
    else if (!CONTAINERS.includes(String(kinds.get(parent))))
      found.push({ code: 'parent_is_no_container', pointer, nodeId: id });
    return found;
  });
}

function ofEdges(draft: Draft): Finding[] {
  const nodes = new Map(nodesOf(draft).map((node) => [node.id, node]));
  const seen = new Set<string>();
  return edgesOf(draft).flatMap((edge, i): Finding[] => {
    const { node, port } = endOf(edge.from);
    const pointer = `/edges/${i}`;
    const text = JSON.stringify([node, port, edge.to, member(edge, 'when') ?? null]);
    if (seen.has(text)) return [{ code: 'duplicate_edge', pointer, nodeId: node }];
    seen.add(text);
    const ends = [
      ['from', node],
      ['to', edge.to],
    ] as const;
    const unfit = ends.flatMap(([end, id]): Finding[] => {
      const known = nodes.get(id);
      if (!known) return [{ code: 'dangling_edge', pointer: `${pointer}/${end}` }];
      return member(known, 'type') === 'note'
        ? [{ code: 'edge_at_note', pointer: `${pointer}/${end}`, nodeId: id }]
        : [];
    });
    const [source, target] = [nodes.get(node), nodes.get(edge.to)];
    if (unfit.length > 0 || !source || !target || parentOf(source) === parentOf(target)) return unfit;
    return [{ code: 'edge_across_containers', pointer, nodeId: node }];
  });
}

/** Why an edge cannot be drawn; null if it can. `from` may name a port. */
export function whyNot(draft: Draft, from: string, to: string): Finding['code'] | null {
  const index = edgesOf(draft).length;
  const edges = [...edgesOf(draft), { from, to }];
  const tried = ofEdges({ ...draft, definition: { ...draft.definition, edges } });
  return tried.find(({ pointer }) => pointer.split('/')[2] === String(index))?.code ?? null;
}
