import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../api/client';
import { useWorkspace } from '../../stores/workspace';
import { Button } from '../../ui/Button';
import { Field, TextArea, TextInput } from '../../ui/Field';
import styles from './NewWorkflowDialog.module.css';

type Imported = Schemas['Imported'];

const REST_MS = 300;
const SHOWN = 10;

/** Send a document; with `dryRun` only to hear what it would become. */
function send(text: string, workspace: string | undefined, name: string, dryRun: boolean): Promise<Imported> {
  return answered(
    client.POST('/api/v1/workflows/import', {
      params: {
        query: {
          ...(workspace ? { workspace } : {}),
          ...(name ? { name } : {}),
          ...(dryRun ? { dry_run: true } : {}),
        },
      },
      headers: { 'Content-Type': 'text/plain' },
      body: text as never,
      bodySerializer: (body: unknown) => body as string,
    }) as Promise<{ data?: Imported; error?: unknown; response: Response }>,
  );
}

/** What was typed, once typing rests. */
function useRested<T>(value: T): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

export interface ImportPartProps {
  /** The document to begin with. */
  text?: string;
  name?: string;
  onMade: (made: Pick<Schemas['Workflow'], 'id'>) => Promise<void>;
}

/** A document that is pasted, dropped or chosen, what the import would make of it, and its name. */
export function ImportPart({ text: given = '', name: called = '', onMade }: ImportPartProps) {
  const { t } = useTranslation('workflows');
  const workspace = useWorkspace()?.slug;
  const [text, setText] = useState(given);
  const [name, setName] = useState(called);
  const [over, setOver] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const rested = useRested(text);
  const restedName = useRested(name.trim());
  const preview = useQuery({
    queryKey: ['import', workspace, rested, restedName],
    queryFn: () => send(rested, workspace, restedName, true),
    enabled: rested.trim() !== '',
    retry: false,
    gcTime: 0,
  });
  const make = useMutation({
    mutationFn: () => send(text, workspace, name.trim(), false),
    onSuccess: (done) => onMade(done.workflow as Schemas['Workflow']),
    onError: () => undefined, // shown in place
  });
  const take = async (files: FileList | null | undefined): Promise<void> => {
    const found = files?.[0];
    if (found) setText(await found.text());
  };
  const settled = rested === text && restedName === name.trim();
  const refused = make.error ?? (settled ? preview.error : null);
  return (
    <form
      className={styles.part}
      data-over={over || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        if (settled && preview.data && !make.isPending) make.mutate();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files);
      }}
    >
      <p className={styles.quiet}>{t('make.drop')}</p>
      <input
        ref={file}
        type="file"
        hidden
        aria-label={t('make.file')}
        accept=".yaml,.yml,.json,application/json,application/yaml"
        onChange={(event) => {
          void take(event.target.files);
          event.target.value = '';
        }}
      />
      <Field
        label={t('make.document')}
        help={t('make.document_help')}
        aside={<Button onClick={() => file.current?.click()}>{t('make.file')}</Button>}
      >
        {(described) => (
          <TextArea
            {...described}
            className={styles.document}
            spellCheck={false}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              make.reset();
            }}
          />
        )}
      </Field>
      <Field label={t('make.name')} help={t('make.name_help')}>
        {(described) => (
          <TextInput
            {...described}
            autoComplete="off"
            spellCheck={false}
            placeholder={preview.data?.name}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              make.reset();
            }}
          />
        )}
      </Field>
      <div aria-live="polite">
        {refused ? (
          <div role="alert" className={styles.refused}>
            <strong>{make.error ? t('make.refused') : t('make.unreadable')}</strong>
            <p>{refused.message}</p>
          </div>
        ) : text.trim() === '' ? null : !settled || preview.isPending ? (
          <p className={styles.quiet}>{t('make.checking')}</p>
        ) : (
          preview.data && <Preview found={preview.data} />
        )}
      </div>
      <footer className={styles.actions}>
        <Button
          kind="primary"
          type="submit"
          busy={make.isPending}
          disabled={!settled || preview.data === undefined || preview.isError}
        >
          {t('make.create')}
        </Button>
      </footer>
    </form>
  );
}

/** What the document holds, and what is wrong with it. */
function Preview({ found }: { found: Imported }) {
  const { t } = useTranslation('workflows');
  const { problems, outline } = found;
  return (
    <section className={styles.preview} aria-label={t('make.checked')}>
      <p>
        <strong>{found.name}</strong> · {t('make.outline', { count: outline.nodes })} ·{' '}
        {Object.keys(outline.node_types).join(', ')}
      </p>
      {problems.length === 0 ? (
        <p className={styles.quiet}>{t('make.valid')}</p>
      ) : (
        <>
          <p>{t('make.problems', { count: problems.length })}</p>
          <ul>
            {problems.slice(0, SHOWN).map((problem, index) => (
              <li key={index}>
                {problem.node_id && <code>{problem.node_id}</code>} {problem.message}{' '}
                <span className={styles.quiet}>{problem.cure}</span>
              </li>
            ))}
          </ul>
          {problems.length > SHOWN && (
            <p className={styles.quiet}>{t('make.and_more', { count: problems.length - SHOWN })}</p>
          )}
        </>
      )}
    </section>
  );
}
