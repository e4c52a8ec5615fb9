import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft, Check, X } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ApiError, client, type Schemas } from '../../api/client';
import { moment, relative } from '../../i18n/format';
import { useKeys } from '../../keyboard/keys';
import { Button } from '../../ui/Button';
import { Field, TextArea } from '../../ui/Field';
import { answer } from '../../ui/LiveRegion';
import styles from './ApprovalPane.module.css';
import { whyNot } from './why';

type Approval = Schemas['Approval'];
type Choice = 'approve' | 'reject';

interface Given {
  by?: string;
  decision?: string;
  comment?: string;
  at?: string;
}

/** One question: what is asked, who was asked, what was said, and the answer to give. */
export function ApprovalPane({ approval, onBack }: { approval: Approval; onBack: () => void }) {
  const { t } = useTranslation('approvals');
  const queries = useQueryClient();
  const [comment, setComment] = useState('');
  const field = useRef<HTMLDivElement>(null);
  const why = whyNot(approval.can, 'decide');
  const decide = useMutation({
    mutationFn: (decision: Choice) =>
      answered(
        client.POST('/api/v1/approvals/{approval_id}/decide', {
          params: { path: { approval_id: approval.id } },
          body: { decision, comment },
        }),
      ),
    onSuccess: (done) => {
      queries.setQueryData(['approvals', 'one', approval.id], done);
      answer(t(done.status === 'pending' ? 'noted' : `state.${done.status}`));
    },
    onError: () => undefined, // shown in place
    onSettled: () => queries.invalidateQueries({ queryKey: ['approvals'] }),
  });
  const { mutate, isPending } = decide;
  const shortcuts = useMemo(() => {
    const scope = t('title');
    if (approval.status !== 'pending' || why !== undefined || isPending) return [];
    return [
      { keys: 'A', label: t('approve'), scope, run: () => mutate('approve') },
      {
        keys: 'R',
        label: t('reject'),
        scope,
        run: () => (comment ? mutate('reject') : field.current?.querySelector('textarea')?.focus()),
      },
    ];
  }, [t, approval.status, why, isPending, mutate, comment]);
  useKeys(shortcuts);
  const given = (approval.decisions ?? []) as Given[];
  const early = decide.error instanceof ApiError && decide.error.status === 409;
  return (
    <article className={styles.pane} aria-label={approval.title}>
      <Button kind="quiet" className={styles.back} onClick={onBack}>
        <ArrowLeft size={14} aria-hidden />
        {t('back')}
      </Button>
      <header>
        <h2>{approval.title}</h2>
        <p className={styles.quiet}>
          {approval.workflow_name && approval.workflow_id && (
            <>
              <Link to="/workflows/$workflowId" params={{ workflowId: approval.workflow_id }}>
                {approval.workflow_name}
              </Link>
              {' › '}
            </>
          )}
          {approval.node_id} ·{' '}
          <Link to="/executions/$executionId" params={{ executionId: approval.execution_id }}>
            {t('open_execution', { id: approval.execution_id.slice(-8) })}
          </Link>
        </p>
      </header>
      {approval.description && <p className={styles.text}>{approval.description}</p>}
      <dl className={styles.facts}>
        <dt>{t('facts.asked')}</dt>
        <dd title={moment(approval.created_at)}>{relative(approval.created_at)}</dd>
        {approval.due_at && (
          <>
            <dt>{t('facts.due')}</dt>
            <dd title={moment(approval.due_at)}>{relative(approval.due_at)}</dd>
          </>
        )}
        <dt>{t('facts.who')}</dt>
        <dd>{approval.assignees.join(', ') || t('facts.anybody')}</dd>
        {approval.quorum > 1 && (
          <>
            <dt>{t('facts.quorum')}</dt>
            <dd>{t('facts.of', { given: given.length, quorum: approval.quorum })}</dd>
          </>
        )}
        <dt>{t('facts.state')}</dt>
        <dd>{t(`state.${approval.status}`)}</dd>
      </dl>
      {given.length > 0 && (
        <section>
          <h3>{t('history')}</h3>
          <ul className={styles.history}>
            {given.map((one, index) => (
              <li key={index}>
                <strong>{one.by?.replace(/^user:/, '')}</strong>{' '}
                {t(one.decision === 'approve' ? 'said_yes' : 'said_no')}
                {one.at && <span className={styles.quiet}> · {relative(one.at)}</span>}
                {one.comment && <blockquote>{one.comment}</blockquote>}
              </li>
            ))}
          </ul>
        </section>
      )}
      {decide.error && (
        <div role="alert" className={styles.refused}>
          <strong>{early ? t('early') : t('refused')}</strong>
          <p>{decide.error.message}</p>
        </div>
      )}
      {approval.status === 'pending' && (
        <div className={styles.decide}>
          <div ref={field}>
            <Field label={t('comment')} help={t('comment_help')}>
              {(described) => (
                <TextArea
                  {...described}
                  rows={2}
                  value={comment}
                  maxLength={10_000}
                  onChange={(event) => setComment(event.target.value)}
                />
              )}
            </Field>
          </div>
          <div className={styles.buttons}>
            <Button
              kind="primary"
              busy={isPending && decide.variables === 'approve'}
              why={why}
              onClick={() => mutate('approve')}
            >
              <Check size={16} aria-hidden />
              {t('approve')} <kbd>A</kbd>
            </Button>
            <Button
              kind="danger"
              busy={isPending && decide.variables === 'reject'}
              why={why}
              onClick={() => mutate('reject')}
            >
              <X size={16} aria-hidden />
              {t('reject')} <kbd>R</kbd>
            </Button>
          </div>
          {why && <p className={styles.quiet}>{why}</p>}
        </div>
      )}
    </article>
  );
}
