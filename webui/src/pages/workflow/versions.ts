/** Reads of a workflow's documents: the draft, its versions, and how two of them differ. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answered, client, type Schemas } from '../../api/client';

export type Side = number | 'draft';

/** The document of a version, which never changes, or of the draft. */
/** What one side says; of a draft also where its nodes stand, which no version knows. */
export function useDefinition(workflowId: string, side: Side) {
  return useQuery({
    queryKey: ['workflows', 'one', workflowId, 'definition', side],
    queryFn: async ({ signal }) => {
      const path = { workflow_id: workflowId };
      const found =
        side === 'draft'
          ? await answered(client.GET('/api/v1/workflows/{workflow_id}/draft', { params: { path }, signal }))
          : await answered(
              client.GET('/api/v1/workflows/{workflow_id}/versions/{number}', {
                params: { path: { ...path, number: side } },
                signal,
              }),
            );
      return { definition: found.definition, editor: 'editor' in found ? found.editor : undefined };
    },
    staleTime: side === 'draft' ? 0 : Infinity,
  });
}

export function useVersions(workflowId: string) {
  return useInfiniteQuery({
    queryKey: ['workflows', 'one', workflowId, 'versions'],
    queryFn: ({ pageParam, signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}/versions', {
          params: {
            path: { workflow_id: workflowId },
            query: pageParam === null ? {} : { cursor: pageParam },
          },
          signal,
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Schemas['VersionPage']) => page.next,
  });
}

export function useDiff(workflowId: string, from: Side, to: Side) {
  return useQuery({
    queryKey: ['workflows', 'one', workflowId, 'diff', from, to],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}/diff', {
          params: { path: { workflow_id: workflowId }, query: { from, to } },
          signal,
        }),
      ),
  });
}
