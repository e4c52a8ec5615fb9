/** What can be done to a workflow from a list or its page. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import i18next from 'i18next';
import { answered, client, type Schemas } from '../../api/client';
import { answer } from '../../ui/LiveRegion';
import { say } from '../../ui/Toasts';

export type WorkflowRow = Schemas['WorkflowRow'];

/** Save a document as a file, in JSON or YAML. */
export async function exportWorkflow(id: string, name: string, format: 'json' | 'yaml'): Promise<void> {
  const text = await answered(
    client.GET('/api/v1/workflows/{workflow_id}/export', {
      params: { path: { workflow_id: id }, query: { format } as never },
      parseAs: 'text',
    }),
  );
  const address = URL.createObjectURL(new Blob([text as string], { type: `application/${format}` }));
  const link = Object.assign(document.createElement('a'), { href: address, download: `${name}.${format}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function told(text: string, undo?: () => void): void {
  answer(text);
  const action = undo && { label: i18next.t('undo'), run: undo };
  say(text, action ? { action } : {});
}

/** Archive, bring back, duplicate: each says what it did, and the first can be taken back. */
export function useWorkflowActions() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: ['workflows'] });
  const unarchive = useMutation({
    mutationFn: ({ id }: { id: string; name: string }) =>
      answered(
        client.POST('/api/v1/workflows/{workflow_id}/unarchive', {
          params: { path: { workflow_id: id } },
          body: {} as never,
        }),
      ),
    onSuccess: async (_done, { name }) => {
      await again();
      told(i18next.t('workflows:unarchived', { name }));
    },
  });
  const archive = useMutation({
    mutationFn: ({ id }: { id: string; name: string }) =>
      answered(client.DELETE('/api/v1/workflows/{workflow_id}', { params: { path: { workflow_id: id } } })),
    onSuccess: async (_done, row) => {
      await again();
      told(i18next.t('workflows:archived', { name: row.name }), () => unarchive.mutate(row));
    },
  });
  const duplicate = useMutation({
    mutationFn: ({ id }: { id: string }) =>
      answered(
        client.POST('/api/v1/workflows/{workflow_id}/duplicate', {
          params: { path: { workflow_id: id } },
          body: {} as never,
        }),
      ),
    onSuccess: async (made) => {
      await again();
      told(i18next.t('workflows:duplicated', { name: made.name }));
      void navigate({ to: '/workflows/$workflowId', params: { workflowId: made.id } });
    },
  });
  return { archive, unarchive, duplicate };
}
