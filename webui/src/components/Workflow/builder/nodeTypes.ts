/** The node types of the platform: what can be added, and how each is set up. */
import { useQuery } from '@tanstack/react-query';
import { answered, client } from '../../../api/client';
import { member, type Json } from '../../../document/json';
import { DEFAULT_PORT, type NodeJson } from '../../../document/model';
import type { JsonSchema } from '../../../forms/schema';

export interface NodeType {
  name: string;
  title: string;
  description: string;
  category: string;
  container: string | null;
  runnable: boolean;
  ports: string[];
  gives: string;
  schema: JsonSchema;
}

export type NodeTypes = ReadonlyMap<string, NodeType>;

export function useNodeTypes() {
  return useQuery({
    queryKey: ['node-types'],
    queryFn: async ({ signal }) => {
      const { results } = await answered(client.GET('/api/v1/node-types', { signal }));
      return new Map((results as unknown as NodeType[]).map((type) => [type.name, type]));
    },
    staleTime: Infinity,
  });
}

export function typeOf(types: NodeTypes, node: NodeJson): NodeType | undefined {
  return types.get(String(member(node, 'type')));
}

/** Where a node can be left: the names of its cases first, where it has such. */
export function portsOf(types: NodeTypes, node: NodeJson): string[] {
  const cases = member(member(node, 'config'), 'cases');
  const named = Array.isArray(cases) ? (cases as Json[]).map((each) => member(each, 'name')) : [];
  const own = named.filter((name): name is string => typeof name === 'string' && name !== '');
  return [...new Set([...own, ...(typeOf(types, node)?.ports ?? [DEFAULT_PORT])])];
}

export function fromOf(id: string, port: string): string {
  return port === DEFAULT_PORT ? id : `${id}.${port}`;
}

export function namesOf(nodes: readonly NodeJson[]): string[] {
  return nodes.map(({ id }) => id);
}

/** What is used most comes first. */
const ORDER = ['integration', 'data', 'control', 'loop', 'human', 'time'];

/** The categories of these types, in the order in which they are shown. */
export function categoriesOf(types: readonly NodeType[]): string[] {
  const there = new Set(types.map(({ category }) => category));
  return [...new Set([...ORDER, ...there])].filter((name) => there.has(name));
}
