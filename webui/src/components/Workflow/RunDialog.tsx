import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ApiError, client } from '../../api/client';
import { uniqueId } from '../../api/unique';
import { isObject, problemsOf, type Json, type JsonSchema } from '../../forms/schema';
import { SchemaForm, startOf, type Said } from '../../forms/SchemaForm';
import { relative } from '../../i18n/format';
import { useRunDialog, type Asked } from '../../stores/run';
import { flushUnsaved } from '../../stores/unsaved';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field, Select, TextArea } from '../../ui/Field';
import { Bar, Chip } from '../../ui/Page';
import { Failure, Skeleton } from '../../ui/states';
import { keep, kept } from '../../forms/lastInput';
import styles from './RunDialog.module.css';

const ANYTHING: JsonSchema = { type: 'object', additionalProperties: true };
const RECENT = 10;

/** Starts an execution: its input as a form drawn from the workflow's schema, or as JSON. */
export default function RunDialog({ asked }: { asked: Asked }) {
  const { t } = useTranslation('run');
  const close = useRunDialog((state) => state.close);
  const [version, setVersion] = useState<string>(asked.version ?? 'latest');
  const workflow = useWorkflow(asked.workflowId);
  const schema = useInputSchema(asked.workflowId, version, workflow.data?.latest_version ?? null);
  const failed = workflow.error ?? schema.error;
  return (
    <Dialog open onClose={close} title={t('title', { name: asked.name })}>
      {failed ? (
        <Failure title={t('failed')} detail={failed.message} />
      ) : !workflow.data || !schema.data ? (
        <Skeleton rows={4} />
      ) : (
        <Input
          key={version}
          asked={asked}
          version={version}
          onVersion={setVersion}
          latest={workflow.data.latest_version}
          can={workflow.data.can}
          schema={schema.data.schema}
          draftRev={schema.data.rev}
        />
      )}
    </Dialog>
  );
}

function useWorkflow(id: string) {
  return useQuery({
    queryKey: ['workflows', 'one', id],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}', { params: { path: { workflow_id: id } }, signal }),
      ),
  });
}

/** The schema of the input as the draft or the newest version has it. */
function useInputSchema(id: string, version: string, latest: number | null) {
  const draft = version === 'draft';
  return useQuery({
    queryKey: ['workflows', 'inputs', id, version, latest],
    queryFn: async ({ signal }) => {
      const path = { workflow_id: id };
      if (draft) {
        await flushUnsaved(); // what is executed is what is on the screen
        const found = await answered(
          client.GET('/api/v1/workflows/{workflow_id}/draft', { params: { path }, signal }),
        );
        return { schema: inputsOf(found.definition), rev: found.rev };
      }
      const found = await answered(
        client.GET('/api/v1/workflows/{workflow_id}/versions/{number}', {
          params: { path: { ...path, number: latest ?? 0 } },
          signal,
        }),
      );
      return { schema: inputsOf(found.definition), rev: null };
    },
    enabled: draft || latest !== null,
    staleTime: 0,
  });
}

function inputsOf(definition: Record<string, unknown>): JsonSchema {
  const { inputs } = definition;
  return isObject(inputs) && Object.keys(inputs).length > 0 ? { type: 'object', ...inputs } : ANYTHING;
}

interface InputProps {
  asked: Asked;
  version: string;
  onVersion: (version: string) => void;
  latest: number | null;
  can: Record<string, unknown>;
  schema: JsonSchema;
  draftRev: number | null;
}

/** Where the problems of a refusal stand in the form; those that stand nowhere are told above it. */
function saidBy(error: Error | null): { fields: Said[]; others: string[] } {
  if (!error) return { fields: [], others: [] };
  const rows = (error instanceof ApiError ? error.problem?.problems : null) ?? [];
  const placed = rows.filter(({ pointer }) => pointer === '/input' || pointer.startsWith('/input/'));
  const others = rows.filter((row) => !placed.includes(row)).map(({ message, cure }) => `${message} ${cure}`);
  return {
    fields: placed.map(({ pointer, message }) => ({ pointer: pointer.slice('/input'.length), message })),
    others: rows.length === 0 ? [error.message] : others,
  };
}

function Input({ asked, version, onVersion, latest, can, schema, draftRev }: InputProps) {
  const { t } = useTranslation('run');
  const close = useRunDialog((state) => state.close);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [value, setValue] = useState<Json>(() => kept(asked.workflowId, schema) ?? startOf(schema));
  const [asJson, setAsJson] = useState(false);
  // What cannot be read yet holds for the tab it was typed in; the other one goes on from what could.
  const [fieldBroken, setFieldBroken] = useState(false);
  const [brokenJson, setBrokenJson] = useState<string | null>(null);
  const broken = asJson ? brokenJson !== null : fieldBroken;
  const [tried, setTried] = useState(false);
  const [key] = useState(uniqueId);
  const [filled, setFilled] = useState(0);
  const start = useMutation({
    mutationFn: async () => {
      // The key holds for this input; another input after a refusal is another request.
      const digest = JSON.stringify([version, draftRev, value]);
      return answered(
        client.POST('/api/v1/workflows/{workflow_id}/executions', {
          params: {
            path: { workflow_id: asked.workflowId },
            header: { 'Idempotency-Key': `${key}:${hashOf(digest)}` },
          },
          body: {
            input: value,
            version: version as 'latest' | 'draft',
            ...(version === 'draft' ? { draft_rev: draftRev } : {}),
          } as never,
        }),
      );
    },
    onSuccess: (started) => {
      keep(asked.workflowId, value, schema);
      void queries.invalidateQueries({ queryKey: ['executions'] });
      void queries.invalidateQueries({ queryKey: ['workflows'] });
      close();
      if (asked.started) asked.started(started.id);
      else void navigate({ to: '/executions/$executionId', params: { executionId: started.id } });
    },
    onError: () => undefined, // shown in place
  });
  const problems = useMemo(() => problemsOf(schema, value, schema), [schema, value]);
  const said = useMemo(() => saidBy(start.error), [start.error]);
  const action = version === 'draft' ? 'start_draft' : 'start';
  const why = typeof can[action] === 'string' ? (can[action] as string) : undefined;
  const run = (): void => {
    setTried(true);
    if (problems.length === 0 && !broken && !why && !start.isPending) start.mutate();
  };
  const fill = (next: Json): void => {
    setValue(next);
    setFilled((before) => before + 1);
    setFieldBroken(false);
    setBrokenJson(null);
    start.reset();
  };
  const none = Object.keys((schema.properties as object | undefined) ?? {}).length === 0;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
      }}
    >
      <div className={styles.choices}>
        <Bar label={t('choices')}>
          <Select
            aria-label={t('version')}
            value={version}
            onChange={(event) => onVersion(event.target.value)}
          >
            {latest !== null && <option value="latest">{t('latest', { version: latest })}</option>}
            <option value="draft">{t('draft')}</option>
          </Select>
          <InputOf workflowId={asked.workflowId} onInput={fill} />
          <Chip pressed={!asJson} onPress={() => setAsJson(false)}>
            {t('form')}
          </Chip>
          <Chip pressed={asJson} onPress={() => (setAsJson(true), setFieldBroken(false))}>
            {t('json')}
          </Chip>
        </Bar>
      </div>
      {said.others.length > 0 && (
        <div role="alert" className={styles.refused}>
          <strong>{t('refused')}</strong>
          {said.others.map((text) => (
            <p key={text}>{text}</p>
          ))}
        </div>
      )}
      {asJson ? (
        <JsonTab
          key={filled}
          value={value}
          onChange={setValue}
          broken={brokenJson}
          onBroken={setBrokenJson}
        />
      ) : none && schema.additionalProperties === false ? (
        <p className={styles.quiet}>{t('no_input')}</p>
      ) : (
        <SchemaForm
          key={filled}
          schema={schema}
          value={value}
          onChange={(next) => (setValue(next), setBrokenJson(null))}
          showAll={tried}
          said={said.fields}
          onBroken={setFieldBroken}
        />
      )}
      {tried && problems.length > 0 && (
        <p role="alert" className={styles.problems}>
          {t('problems', { count: problems.length })}
          {asJson && `: ${problems[0]?.pointer} ${problems[0]?.message}`}
        </p>
      )}
      <footer className={styles.actions}>
        <Button kind="quiet" onClick={() => fill(startOf(schema))}>
          {t('reset')}
        </Button>
        <Button kind="primary" type="submit" busy={start.isPending} why={why}>
          <Play size={14} aria-hidden />
          {t('run')} <kbd>Ctrl ⏎</kbd>
        </Button>
      </footer>
    </form>
  );
}

/** Short and the same for the same text (FNV-1a); it only tells two inputs of one dialog apart. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Take the input of an earlier execution. */
function InputOf({ workflowId, onInput }: { workflowId: string; onInput: (input: Json) => void }) {
  const { t } = useTranslation('run');
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: ['executions', 'of', workflowId, RECENT],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}/executions', {
          params: { path: { workflow_id: workflowId }, query: { limit: RECENT } as never },
          signal,
        }),
      ),
  });
  if (!data?.results.length) return null;
  const take = async (id: string): Promise<void> => {
    const found = await queries.fetchQuery({
      queryKey: ['execution', id],
      queryFn: () =>
        answered(
          client.GET('/api/v1/workflows/executions/{execution_id}', {
            params: { path: { execution_id: id } },
          }),
        ),
      staleTime: 60_000,
    });
    onInput(found.input ?? {});
  };
  return (
    <Select aria-label={t('input_of')} value="" onChange={(event) => void take(event.target.value)}>
      <option value="" disabled>
        {t('input_of')}
      </option>
      {data.results.map(({ id, created_at: created }) => (
        <option key={id} value={id}>
          {id.slice(-8)} · {relative(created)}
        </option>
      ))}
    </Select>
  );
}

interface JsonTabProps {
  value: Json;
  onChange: (value: Json) => void;
  /** Text that cannot be read, as it was left. */
  broken: string | null;
  onBroken: (text: string | null) => void;
}

function JsonTab({ value, onChange, broken, onBroken }: JsonTabProps) {
  const { t } = useTranslation('run');
  const [text, setText] = useState(() => broken ?? JSON.stringify(value ?? {}, null, 2));
  const [wrong, setWrong] = useState(() => whyBroken(text));
  return (
    <Field label={t('json_label')} error={wrong}>
      {(described) => (
        <TextArea
          {...described}
          className={styles.json}
          spellCheck={false}
          value={text}
          onChange={(event) => {
            const next = event.target.value;
            const why = whyBroken(next);
            setText(next);
            setWrong(why);
            onBroken(why === undefined ? null : next);
            if (why === undefined) onChange(JSON.parse(next));
          }}
        />
      )}
    </Field>
  );
}

/** Why a text is no JSON. */
function whyBroken(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
