/** What the platform says of the draft, asked after each rest; an older answer never replaces a newer one. */
import { useEffect, useState } from 'react';
import { answered, client, type Schemas } from '../../../api/client';
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
  return judged;
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
