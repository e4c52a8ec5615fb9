/** Reads of a workflow's documents: the draft, its versions, and how two of them differ. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import i18next from 'i18next';
import { answered, client, type Schemas } from '../../api/client';
import { answer } from '../../ui/LiveRegion';
import { complain, say } from '../../ui/Toasts';

export type Side = number | 'draft';

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

/** Make the draft what a version says. What the draft was is put back by the undo of the message. */
export function useRestore(workflowId: string) {
  const queries = useQueryClient();
  const path = { workflow_id: workflowId };
  const seen = (rev: number) => ({ path, header: { 'If-Match': `"${rev}"` } });
  const told = async (text: string, undo?: () => void): Promise<void> => {
    await queries.invalidateQueries({ queryKey: ['workflows'] });
    answer(text);
    say(text, undo ? { action: { label: i18next.t('undo'), run: undo } } : {});
  };
  const back = useMutation({
    mutationFn: ({ before, rev }: { before: Schemas['Draft']; rev: number }) => {
      const { definition, source, editor } = before;
      return answered(
        client.PUT('/api/v1/workflows/{workflow_id}/draft', {
          params: seen(rev),
          body: { definition, source, editor },
        }),
      );
    },
    onSuccess: () => told(i18next.t('workflow:draft_back')),
    onError: (error) => complain(i18next.t('workflow:draft_not_back'), error),
  });
  return useMutation({
    mutationFn: async (version: number) => {
      const before = await answered(
        client.GET('/api/v1/workflows/{workflow_id}/draft', { params: { path } }),
      );
      const { rev } = await answered(
        client.POST('/api/v1/workflows/{workflow_id}/restore', {
          params: seen(before.rev),
          body: { version },
        }),
      );
      return { before, rev };
    },
    onSuccess: (done, number) => told(i18next.t('workflow:restored', { number }), () => back.mutate(done)),
    onError: (error) => complain(i18next.t('workflow:not_restored'), error),
  });
}
