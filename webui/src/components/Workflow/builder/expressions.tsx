/** What expression fields are told of this draft: names, previews, and whose values they see. */
import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ApiError, client } from '../../../api/client';
import type { JsonObject } from '../../../document/json';
import {
  Evaluate,
  NoAnswer,
  type Answer,
  type Evaluation,
  type Scope,
  type Segment,
  type Source,
} from '../../../forms/expression/context';
import { kept } from '../../../forms/lastInput';
import { isObject, type Json } from '../../../forms/schema';
import { relative } from '../../../i18n/format';
import type { DraftStore } from '../../../stores/DraftStore';
import { useBuilder } from './context';

const RECENT = 10;
const SCOPE_MS = 10_000;
const INPUT = 'input';
const MADE_UP = 'none';
const MOST_FLUSHES = 3;
const MOST_AGAIN = 2;
const AGAIN_MS = 300;
const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];

/** The newest executions of the workflow. */
function useRecent(workflowId: string) {
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
  return data?.results;
}

/** The input given last, where the draft still takes it. */
function lastInput(workflowId: string, definition: JsonObject): Json {
  const { inputs } = definition;
  return kept(workflowId, isObject(inputs) ? inputs : {});
}

/**
 * Names at a place; null while nothing is known. Without them there is no list until the next letter, so they are
 * asked for again: the network and a busy platform recover.
 */
export function namesAt(
  queries: QueryClient,
  workflowId: string,
  node: string | null,
  pointer: string,
  values: Values,
): Promise<Scope | null> {
  return queries
    .fetchQuery({
      queryKey: ['scope', workflowId, node, pointer, values.execution, values.passage],
      queryFn: () => scopeOf(workflowId, node, pointer, values),
      staleTime: SCOPE_MS,
      retry: (times, error) => times < MOST_AGAIN && !(error instanceof ApiError && error.status < 500),
      retryDelay: AGAIN_MS,
    })
    .catch(() => null);
}

const NEWEST: Values = { execution: null, passage: null, input: undefined };

/** Names at a place, as the newest execution completes them. */
export function useScope(
  workflowId: string,
): (node: string | null, pointer: string) => Promise<Scope | null> {
  const queries = useQueryClient();
  return (node, pointer) => namesAt(queries, workflowId, node, pointer, NEWEST);
}

/** Around the forms of the builder. */
export function Expressions({ children }: { children: ReactNode }) {
  const { t } = useTranslation('forms');
  const { store, draft, selected } = useBuilder();
  const queries = useQueryClient();
  const recent = useRecent(store.workflowId);
  const { inputs } = draft.definition;
  const input = useMemo(
    () => lastInput(store.workflowId, inputs === undefined ? {} : { inputs }),
    [store, inputs],
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const [passed, setPassed] = useState<{ of: string; path: readonly Segment[] } | null>(null);
  const [active, setActive] = useState<string | null>(null);
  const sources = useMemo((): Source[] => {
    const executions = (recent ?? []).map(({ id, created_at: at }) => ({
      id,
      words: t('expression.execution', { id: id.slice(0, 8), when: relative(at) }),
    }));
    const last = input === undefined ? [] : [{ id: INPUT, words: t('expression.input') }];
    return [...executions, ...last, { id: MADE_UP, words: t('expression.made_up') }];
  }, [recent, input, t]);
  // What has ended has values everywhere.
  const ended = recent?.find(({ status }) => ENDED.includes(status))?.id;
  const usual = ended ?? (input === undefined ? MADE_UP : INPUT);
  const source = chosen !== null && sources.some(({ id }) => id === chosen) ? chosen : usual;
  const here = `${source} ${selected}`;
  const passage = passed?.of === here ? passed.path : null;
  const evaluation = useMemo((): Evaluation => {
    const execution = source === INPUT || source === MADE_UP ? null : source;
    const asked: Values = { execution, passage, input: source === INPUT ? input : undefined };
    return {
      scope: async (node, pointer) => {
        // Of a step that was just added nothing is known before it has arrived.
        if (node !== null && !store.hasArrived(node)) await store.flush();
        if (node !== null && !store.hasArrived(node)) return null;
        return namesAt(queries, store.workflowId, node, pointer, asked);
      },
      preview: (node, pointer, text, signal) => previewOf(store, node, pointer, { text, ...asked, signal }),
      settled: () => settled(store),
      sources,
      source,
      choose: setChosen,
      passage,
      pass: (path) => setPassed({ of: here, path }),
      active,
      activate: setActive,
    };
  }, [queries, store, sources, source, input, passage, here, active]);
  return <Evaluate value={evaluation}>{children}</Evaluate>;
}

interface Values {
  execution: string | null;
  passage: readonly Segment[] | null;
  input: Json;
}

function scopeOf(workflowId: string, node: string | null, pointer: string, values: Values): Promise<Scope> {
  const { execution, passage } = values;
  return answered(
    client.GET('/api/v1/workflows/{workflow_id}/expressions/scope', {
      params: {
        path: { workflow_id: workflowId },
        query: {
          pointer,
          ...(node === null ? {} : { node_id: node }),
          ...(execution === null ? {} : { execution_id: execution }),
          ...(execution === null || passage === null ? {} : { path: JSON.stringify(passage) }),
        },
      },
    }),
  );
}

type Asked = Values & { text: string; signal: AbortSignal };

/** What a text gives at its place. Throws NoAnswer while there can be none, ApiError where there is none. */
export async function previewOf(
  store: DraftStore,
  node: string | null,
  pointer: string,
  asked: Asked,
  again = true,
): Promise<Answer> {
  const { execution, passage, input, text, signal } = asked;
  // Of the draft as it is; else its saving, on the way beside the question, would have it refused.
  const isOnItsWay = (): boolean => ['dirty', 'saving'].includes(store.state().saving);
  for (let times = 0; isOnItsWay() && times < MOST_FLUSHES; times += 1) {
    await store.flush(signal); // while it was written down, the next change may have set out
    signal.throwIfAborted();
  }
  if (isOnItsWay()) throw new NoAnswer('unsaved', '');
  const { rev } = store.state();
  // A question that can only be refused is not asked.
  if (node !== null && !store.hasArrived(node)) throw new NoAnswer('unsaved', '');
  // Nor is one waited for while the draft becomes another.
  const moved = new AbortController();
  const stop = store.subscribe(() => store.state().saving === 'saving' && moved.abort());
  try {
    const found = await answered(
      client.POST('/api/v1/workflows/{workflow_id}/expressions/preview', {
        params: { path: { workflow_id: store.workflowId } },
        body: {
          draft_rev: rev,
          node_id: node,
          pointer,
          expression: text,
          execution_id: execution,
          path: execution === null ? null : (passage as never),
          sample: input === undefined ? null : { inputs: input as never },
        },
        signal: AbortSignal.any([signal, moved.signal]),
      }),
    );
    return found as Answer;
  } catch (error) {
    if (moved.signal.aborted && !signal.aborted) throw new NoAnswer('unsaved', '');
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 503) throw new NoAnswer('busy', error.message);
    const isOld = store.state().saving !== 'saved' || store.state().rev !== rev;
    if (isOld && (error.status === 412 || error.status === 422)) throw new NoAnswer('unsaved', error.message);
    if (error.status !== 412 || !again) throw error;
    await store.pull(); // somebody else has saved
    return previewOf(store, node, pointer, asked, false);
  } finally {
    stop();
  }
}

function settled(store: DraftStore): Promise<void> {
  return new Promise((resolve) => {
    if (store.state().saving === 'saved') return resolve();
    const stop = store.subscribe(() => {
      if (store.state().saving !== 'saved') return;
      stop();
      resolve();
    });
  });
}
