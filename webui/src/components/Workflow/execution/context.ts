/** What all views of one execution share. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { answered, client, type Schemas } from '../../../api/client';
import { NO_PLAN, planOf, type Plan } from '../../../execution/plan';
import { isFinal, statusOf } from '../../../execution/status';
import type { View } from '../../../execution/view';
import { useOverall, type ExecutionStore } from '../../../stores/ExecutionStore';
import type { JournalStore } from '../../../stores/JournalStore';

export interface Shared {
  store: ExecutionStore;
  journal: JournalStore;
  plan: Plan;
  view: View;
  /** Change what is shown; it stands in the address. */
  show: (change: View) => void;
}

export const Execution = createContext<Shared | null>(null);

export function useExecution(): Shared {
  const shared = useContext(Execution);
  if (!shared) throw new Error('Outside of an execution.');
  return shared;
}

const here = '/api/v1/workflows/executions/{execution_id}' as const;

/** The compiled plan: it never changes. */
export function usePlan(executionId: string): Plan {
  const { data } = useQuery({
    queryKey: ['execution', executionId, 'plan'],
    queryFn: async ({ signal }) =>
      planOf(
        await answered(
          client.GET(`${here}/graph`, { params: { path: { execution_id: executionId } }, signal }),
        ),
      ),
    staleTime: Infinity,
  });
  return data ?? NO_PLAN;
}

/** Another value soon after the store changed, and only when it is another: `same` says so. */
export function useDerived<T>(
  store: ExecutionStore,
  derive: () => T,
  same: (one: T, other: T) => boolean,
): T {
  const last = useRef<{ version: number; derive: () => T; value: T } | null>(null);
  return useSyncExternalStore(
    useCallback((call) => store.subscribe('summary', call), [store]),
    () => {
      const version = store.version();
      const before = last.current;
      if (before?.version === version && before.derive === derive) return before.value;
      const next = derive();
      const value = before && same(before.value, next) ? before.value : next;
      last.current = { version, derive, value };
      return value;
    },
  );
}

const WHY_MS = 1_000;

/** Why it does not move: asked again when something changed, at most once a second. */
export function useWhy(store: ExecutionStore): Schemas['Why'] | undefined {
  const queries = useQueryClient();
  const overall = useOverall(store);
  const live = overall !== null && !isFinal(statusOf(overall.execution.status));
  const key = useMemo(() => ['execution', store.executionId, 'why'], [store]);
  const { data } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      answered(client.GET(`${here}/why`, { params: { path: { execution_id: store.executionId } }, signal })),
    enabled: live,
  });
  useEffect(() => {
    if (!live) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: key });
      }, WHY_MS);
    };
    const stops = [store.subscribe('steps', changed), store.subscribe('execution', changed)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [live, store, queries, key]);
  return live ? data : undefined;
}

const SECOND_MS = 1_000;
const listeners = new Set<() => void>();
let second = 0;
let clock: ReturnType<typeof setInterval> | undefined;

/** One clock for all that tick: they render together, once a second. */
function onSecond(call: () => void): () => void {
  listeners.add(call);
  clock ??= setInterval(() => {
    second = Date.now();
    for (const listener of listeners) listener();
  }, SECOND_MS);
  return () => {
    listeners.delete(call);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

function thisSecond(): number {
  // While nobody ticks, the value must not change from one read to the next either.
  if (clock === undefined) second = Math.floor(Date.now() / SECOND_MS) * SECOND_MS;
  return second;
}

const never = (): (() => void) => () => undefined;

/** The time now, another every second while something lives. */
export function useNow(ticking: boolean): number {
  return useSyncExternalStore(ticking ? onSecond : never, thisSecond);
}

/** Another number when steps or journal changed, but not more often than every `pause` milliseconds. */
export function useThrottled(store: ExecutionStore, journal: JournalStore, pause: number): number {
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setSeen((before) => before + 1);
      }, pause);
    };
    const stops = [store.subscribe('steps', changed), journal.subscribe(changed)];
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [store, journal, pause]);
  return seen;
}

/** Single letters do something only while the focus is in the panel. */
export function isFocused(): boolean {
  return document.activeElement?.closest('[data-panel="execution"]') != null;
}
