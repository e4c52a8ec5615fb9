/** Lists of executions that stay up to date: read once, then told by the stream. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { answered, client } from '../../api/client';
import { streamList, type ExecutionRow, type StreamState } from '../../api/listStream';
import { hear, NOTHING_TOLD, shown, type Told } from '../../execution/rows';
import { useConnections } from '../../stores/connection';
import { usePaged } from './paged';

export interface Filters {
  workspace?: string | undefined;
  workflow?: string | undefined;
  status?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  id?: string | undefined;
  tags?: string | undefined;
  started_by?: string | undefined;
  error?: string | undefined;
  workflow_key?: string | undefined;
}

interface Counted {
  counts: Record<string, number>;
  total: number;
  capped: boolean;
}

interface Heard {
  /** The filters it was heard under. */
  key: string;
  told: Told<ExecutionRow>;
  counted: Counted | null;
  admitted: ReadonlySet<string>;
}

function silence(key: string): Heard {
  return { key, told: NOTHING_TOLD, counted: null, admitted: new Set() };
}

const POLL_MS = 5_000;
const STREAM = 'executions';

function streamed(state: StreamState, since: number) {
  if (state === 'reconnecting') return { state, since } as const;
  return { state } as const;
}

/** Executions that fit the filters, newest first, page by page. */
export function useLiveExecutions(filters: Filters, limit: number) {
  const key = JSON.stringify(filters);
  const [kept, setKept] = useState<Heard>(() => silence(key));
  const heard = kept.key === key ? kept : silence(key);
  const [paused, setPaused] = useState<Told<ExecutionRow> | null>(null);
  const [state, setState] = useState<StreamState>('connecting');
  const tell = useConnections((connections) => connections.tell);
  const refetchInterval = state === 'polling' ? POLL_MS : false;

  useEffect(() => {
    const change = (next: (before: Heard) => Partial<Heard>): void =>
      setKept((all) => {
        const before = all.key === key ? all : silence(key);
        return { ...before, ...next(before) };
      });
    const stop = streamList(
      { ...(JSON.parse(key) as Filters), limit: String(limit) } as Record<string, string>,
      {
        state: (next, since) => {
          setState(next);
          tell(STREAM, streamed(next, since));
        },
        frame: (frame) => {
          if (frame.type === 'snapshot' || frame.type === 'rows') {
            const removed = frame.type === 'rows' ? frame.removed : [];
            change((before) => ({ told: hear(before.told, frame.rows, removed) }));
          } else if (frame.type === 'counts') {
            change(() => ({ counted: frame as Counted }));
          }
        },
      },
    );
    return () => {
      stop();
      tell(STREAM, null);
    };
  }, [key, limit, tell]);

  const { pages, rows: read } = usePaged({
    key: ['executions', 'list', filters, limit],
    read: (after, signal) =>
      answered(
        client.GET('/api/v1/workflows/executions', {
          params: { query: { ...filters, limit, ...after } as never },
          signal,
        }),
      ),
    everyMs: refetchInterval,
  });
  const { status: _status, ...others } = filters;
  const counts = useQuery({
    queryKey: ['executions', 'counts', others],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/executions/counts', { params: { query: others as never }, signal }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
  const told = paused ?? heard.told;
  const list = useMemo(() => (read ? shown(read, told, heard.admitted) : null), [read, told, heard.admitted]);
  const admit = (): void => {
    const all = new Set([...heard.admitted, ...(list?.fresh.map((row) => row.id) ?? [])]);
    setKept({ ...heard, admitted: all });
  };
  return {
    pages,
    rows: list?.rows,
    fresh: list?.fresh ?? [],
    admit,
    counted: (paused ? counts.data : (heard.counted ?? counts.data)) as Counted | undefined,
    paused: paused !== null,
    setPaused: (pause: boolean) => setPaused(pause ? told : null),
    state,
  };
}
