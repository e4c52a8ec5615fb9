import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../api/client';
import type { ExecutionRow } from '../../api/listStream';
import { isFinal, statusOf } from '../../theme/status';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { answer } from '../../ui/LiveRegion';
import { Bar } from '../../ui/Page';
import { say } from '../../ui/Toasts';

const AT_ONCE = 4;

/** Cancel each, a few at a time; answers how many were accepted, and why others were not. */
async function cancelled(ids: readonly string[]): Promise<{ done: number; refused: string[] }> {
  const left = [...ids];
  const refused: string[] = [];
  let done = 0;
  const next = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      try {
        await answered(
          client.POST('/api/v1/workflows/executions/{execution_id}/cancel', {
            params: { path: { execution_id: id } },
            body: {} as never,
          }),
        );
        done += 1;
      } catch (error) {
        refused.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return { done, refused };
}

/** What can be done to the executions that are chosen. */
export function CancelChosen({ rows, onDone }: { rows: readonly ExecutionRow[]; onDone: () => void }) {
  const { t } = useTranslation('executions');
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const live = rows.filter(({ status }) => !isFinal(statusOf(status)));
  const count = live.length;
  const cancel = useMutation({
    mutationFn: () => cancelled(live.map(({ id }) => id)),
    onSuccess: async ({ done, refused }) => {
      setAsking(false);
      onDone();
      const words = t('cancel.done', { count: done });
      answer(words);
      if (refused.length === 0) say(words);
      else {
        const detail = [...new Set(refused)].join(' ');
        say(t('cancel.refused', { count: refused.length }), { kind: 'error', detail });
      }
      await queries.invalidateQueries({ queryKey: ['executions'] });
    },
  });
  return (
    <Bar label={t('chosen', { count: rows.length })}>
      <strong>{t('chosen', { count: rows.length })}</strong>
      <Button kind="danger" why={count === 0 ? t('cancel_none') : undefined} onClick={() => setAsking(true)}>
        {t('cancel_chosen')}
      </Button>
      <Button kind="quiet" onClick={onDone}>
        {t('unchoose')}
      </Button>
      {asking && (
        <Dialog
          open
          onClose={() => setAsking(false)}
          title={t('cancel.title', { count })}
          description={t('cancel.text')}
          actions={
            <>
              <Button onClick={() => setAsking(false)}>{t('cancel.keep')}</Button>
              <Button kind="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
                {t('cancel.confirm')}
              </Button>
            </>
          }
        />
      )}
    </Bar>
  );
}
