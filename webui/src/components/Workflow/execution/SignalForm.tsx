import { useMutation } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../api/client';
import { Button } from '../../../ui/Button';
import { Field, TextArea } from '../../../ui/Field';
import { answer } from '../../../ui/LiveRegion';
import { complain } from '../../../ui/Toasts';
import { useExecution } from './context';
import styles from './Inspector.module.css';

/** What a text holds as JSON; null for none, undefined when it is none. */
export function payloadOf(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The signal a step waits for, sent in place. */
export function SignalForm({ name, can, label }: { name: string; can: true | string; label: string }) {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const [text, setText] = useState('');
  const payload = payloadOf(text);
  const send = useMutation({
    mutationFn: () =>
      answered(
        client.POST('/api/v1/workflows/executions/{execution_id}/signal', {
          params: { path: { execution_id: store.executionId } },
          body: { name, payload, signal_id: null, transient: false },
        }),
      ),
    onSuccess: () => {
      answer(t('signal_sent', { name }));
      setText('');
    },
    onError: (error) => complain(t('refused'), error),
  });
  return (
    <form
      className={styles.form}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        if (payload !== undefined && can === true) send.mutate();
      }}
    >
      <Field
        label={t('payload')}
        help={t('payload_help')}
        error={payload === undefined ? t('not_json') : undefined}
      >
        {(described) => (
          <TextArea
            {...described}
            rows={3}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div className={styles.buttons}>
        <Button
          kind="primary"
          type="submit"
          busy={send.isPending}
          why={can === true ? (payload === undefined ? t('not_json') : undefined) : can}
          onClick={() => undefined}
        >
          <Send size={14} aria-hidden />
          {t('send_signal', { name })}
        </Button>
      </div>
    </form>
  );
}
