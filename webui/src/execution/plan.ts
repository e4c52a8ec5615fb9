/** The compiled plan, as far as an execution's views need it: names, edges, which node lies in which. */
export interface PlanNode {
  id: string;
  type: string;
  label: string;
  /** The container it lies in; `root` outside of all. */
  region: string;
}

export interface PlanEdge {
  from: string;
  port: string;
  to: string;
  kind: string;
}

export interface Plan {
  /** The workflow's. */
  name: string;
  nodes: ReadonlyMap<string, PlanNode>;
  edges: readonly PlanEdge[];
  /** In the order of the document. */
  order: ReadonlyMap<string, number>;
}

export const NO_PLAN: Plan = { name: '', nodes: new Map(), edges: [], order: new Map() };

const CONTAINERS = new Set(['foreach', 'while', 'try']);

interface Answer {
  name?: string;
  nodes?: PlanNode[];
  edges?: PlanEdge[];
}

/** The answer of `GET …/graph`. */
export function planOf(answer: unknown): Plan {
  const { name = '', nodes = [], edges = [] } = answer as Answer;
  return {
    name,
    nodes: new Map(nodes.map((node) => [node.id, node])),
    edges,
    order: new Map(nodes.map(({ id }, at) => [id, at])),
  };
}

export function labelOf(plan: Plan, nodeId: string): string {
  return plan.nodes.get(nodeId)?.label ?? nodeId;
}

export function isContainer(plan: Plan, nodeId: string): boolean {
  const node = plan.nodes.get(nodeId);
  return node !== undefined && CONTAINERS.has(node.type);
}

/** Ids of all nodes inside a container, however deep. */
export function inside(plan: Plan, nodeId: string): Set<string> {
  const found = new Set<string>();
  const open = [nodeId];
  for (let outer = open.pop(); outer !== undefined; outer = open.pop()) {
    for (const node of plan.nodes.values()) {
      if (node.region === outer && !found.has(node.id)) {
        found.add(node.id);
        open.push(node.id);
      }
    }
  }
  return found;
}
