import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../api/client';
import { Button } from '../../../ui/Button';
import { Field, TextArea } from '../../../ui/Field';
import { answer } from '../../../ui/LiveRegion';
import { Failure, Skeleton } from '../../../ui/states';
import { complain } from '../../../ui/Toasts';
import styles from './Inspector.module.css';

/** A question that waits for a person, answered in place. */
export function ApprovalForm({ id }: { id: string }) {
  const { t } = useTranslation('execution');
  const queries = useQueryClient();
  const [comment, setComment] = useState('');
  const key = ['approval', id];
  const params = { path: { approval_id: id } };
  const approval = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => answered(client.GET('/api/v1/approvals/{approval_id}', { params, signal })),
  });
  const decide = useMutation({
    mutationFn: (decision: 'approve' | 'reject') =>
      answered(
        client.POST('/api/v1/approvals/{approval_id}/decide', { params, body: { decision, comment } }),
      ),
    onSuccess: (decided, decision) => {
      queries.setQueryData(key, decided);
      answer(t(`done_${decision}`));
      void queries.invalidateQueries({ queryKey: ['approvals'] });
    },
    onError: (error) => {
      complain(t('refused'), error);
      void approval.refetch();
    },
  });
  if (approval.isPending) return <Skeleton rows={2} />;
  if (approval.isError) return <Failure title={t('value_failed')} detail={approval.error.message} />;
  const { title, description, can, decisions, quorum, status } = approval.data;
  const why = (action: string): string | undefined => (can[action] === true ? undefined : can[action]);
  return (
    <form className={styles.form} onSubmit={(event) => event.preventDefault()}>
      <strong>{title}</strong>
      {description && <p>{description}</p>}
      {quorum > 1 && <p className={styles.hint}>{t('decisions', { given: decisions.length, quorum })}</p>}
      {status === 'pending' && (
        <>
          <Field label={t('comment')}>
            {(described) => (
              <TextArea
                {...described}
                rows={2}
                value={comment}
                onChange={(event) => setComment(event.target.value)}
              />
            )}
          </Field>
          <div className={styles.buttons}>
            {(['approve', 'reject'] as const).map((decision) => (
              <Button
                key={decision}
                kind={decision === 'approve' ? 'primary' : 'danger'}
                why={why('decide')}
                busy={decide.isPending && decide.variables === decision}
                onClick={() => decide.mutate(decision)}
              >
                {decision === 'approve' ? <Check size={14} aria-hidden /> : <X size={14} aria-hidden />}
                {t(decision)}
              </Button>
            ))}
          </div>
        </>
      )}
    </form>
  );
}
