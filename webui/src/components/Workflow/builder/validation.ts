/**
 * What is wrong with the draft: what the platform says, asked after each rest, and until it has answered what nodes and
 * edges can say by themselves. An older answer never replaces a newer one.
 */
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../../api/client';
import { findings } from '../../../document/checks';
import { step } from '../../../forms/schema';
import type { Said } from '../../../forms/SchemaForm';
import type { JsonObject } from '../../../document/json';

export type Problem = Pick<
  Schemas['DocumentProblem'],
  'code' | 'severity' | 'pointer' | 'node_id' | 'message' | 'cure' | 'fix'
>;

export interface Judged {
  /** Of which definition: problems and fixes hold for this one only. */
  definition: JsonObject | null;
  problems: readonly Problem[];
  failed: string | null;
}

export const VALIDATE_MS = 500;

export function useValidation(workflowId: string, definition: JsonObject, ready: boolean): Judged {
  const { t } = useTranslation('builder');
  const [judged, setJudged] = useState<Judged>({ definition: null, problems: [], failed: null });
  useEffect(() => {
    if (!ready) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      answered(
        client.POST('/api/v1/workflows/{workflow_id}/validate', {
          params: { path: { workflow_id: workflowId } },
          body: { definition },
          signal: stop.signal,
        }),
      ).then(
        ({ problems }) => {
          if (!stop.signal.aborted) setJudged({ definition, problems, failed: null });
        },
        (error: unknown) => {
          if (!stop.signal.aborted)
            setJudged((before) => ({ ...before, failed: String((error as Error).message) }));
        },
      );
    }, VALIDATE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [workflowId, definition, ready]);
  return useMemo(() => withOwn(judged, definition, (code) => t(`check.${code}`)), [judged, definition, t]);
}

function withOwn(judged: Judged, definition: JsonObject, words: (code: string) => string): Judged {
  if (judged.definition === definition) return judged;
  const own = findings({ definition, editor: {} })
    .filter(
      ({ code, nodeId }) =>
        !judged.problems.some((each) => each.code === code && (each.node_id ?? '') === (nodeId ?? '')),
    )
    .map(({ code, pointer, nodeId }): Problem => ({
      ...{ code, pointer, message: words(code), cure: '' },
      severity: 'error',
      node_id: nodeId ?? null,
      fix: null,
    }));
  return own.length === 0 ? judged : { ...judged, problems: [...own, ...judged.problems] };
}

/** The problems below a place of the definition, with pointers from there. */
export function saidBelow(problems: readonly Problem[], place: string): Said[] {
  return problems.flatMap(({ pointer, message, cure }) =>
    pointer === place || pointer.startsWith(`${place}/`)
      ? [{ pointer: pointer.slice(place.length), message: [message, cure].filter(Boolean).join(' ') }]
      : [],
  );
}

export function placeOfNode(definition: JsonObject, id: string): string {
  const nodes = Array.isArray(definition.nodes) ? (definition.nodes as JsonObject[]) : [];
  return `/nodes${step(nodes.findIndex((node) => node?.id === id))}`;
}

/** The node a problem is about. */
export function nodeOfProblem(problem: Problem, definition: JsonObject): string | null {
  if (problem.node_id) return problem.node_id;
  const index = /^\/nodes\/(\d+)/.exec(problem.pointer)?.[1];
  const nodes = Array.isArray(definition.nodes) ? (definition.nodes as JsonObject[]) : [];
  const id = index === undefined ? undefined : nodes[Number(index)]?.id;
  return typeof id === 'string' ? id : null;
}

/** By node: the worst that is said of it. */
export function marksOf({ problems, definition }: Judged): Map<string, 'error' | 'warning'> {
  const found = new Map<string, 'error' | 'warning'>();
  for (const problem of problems) {
    const id = nodeOfProblem(problem, definition ?? {});
    if (id !== null && found.get(id) !== 'error') found.set(id, problem.severity);
  }
  return found;
}
