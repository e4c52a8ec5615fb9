import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../api/client';
import { Button } from '../../../ui/Button';
import { Field, TextArea } from '../../../ui/Field';
import { answer } from '../../../ui/LiveRegion';
import { complain } from '../../../ui/Toasts';
import { useExecution } from './context';
import styles from './Inspector.module.css';
import { payloadOf } from './SignalForm';

type Action = 'retry' | 'fail' | 'succeed';

/** What became of a step whose worker was lost while it acted on the outside: only a person can know. */
export function ResolveForm({ stepId, can }: { stepId: string; can: true | string }) {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const [text, setText] = useState('');
  const output = payloadOf(text);
  const resolve = useMutation({
    mutationFn: (action: Action) =>
      answered(
        client.POST('/api/v1/workflows/executions/{execution_id}/steps/{step_id}/resolve', {
          params: { path: { execution_id: store.executionId, step_id: stepId } },
          body: { action, output: action === 'succeed' ? output : null },
        }),
      ),
    onSuccess: () => answer(t('resolved')),
    onError: (error) => complain(t('refused'), error),
  });
  const refused = can === true ? undefined : can;
  return (
    <form className={styles.form} onSubmit={(event) => event.preventDefault()}>
      <Field
        label={t('resolve_output')}
        help={t('resolve_help')}
        error={output === undefined ? t('not_json') : undefined}
      >
        {(described) => (
          <TextArea
            {...described}
            rows={2}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div className={styles.buttons}>
        {(['fail', 'succeed', 'retry'] as const).map((action) => (
          <Button
            key={action}
            kind={action === 'fail' ? 'danger' : 'plain'}
            why={refused ?? (action === 'succeed' && output === undefined ? t('not_json') : undefined)}
            busy={resolve.isPending && resolve.variables === action}
            onClick={() => resolve.mutate(action)}
          >
            {t(`resolve_${action}`)}
          </Button>
        ))}
      </div>
    </form>
  );
}
