/** The steps a snapshot had no room for: read page by page, by those who show a list of all, while they show it. */
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { answered, client } from '../api/client';
import type { Step } from '../execution/model';
import type { ExecutionStore } from './ExecutionStore';

export interface Page {
  steps: readonly Step[];
  next: string | null;
}

/** One page of all steps by the time they became ready; one that does so meanwhile comes last. */
export type ReadPage = (cursor: string | null) => Promise<Page>;

export interface Rest {
  /** `idle`: nobody asks, or as many as were asked for are read. */
  readonly state: 'idle' | 'reading' | 'failed' | 'done';
  readonly error: Error | null;
}

const IDLE: Rest = { state: 'idle', error: null };
const PAGE = 1_000;

export class RestReader {
  /** Replaced when it changes. */
  rest: Rest = IDLE;
  private next: string | null = null;
  private count = 0;
  private readonly wanted = new Set<{ most: number }>();
  private turn = 0;

  constructor(
    private readonly read: ReadPage,
    private readonly on: { page: (steps: readonly Step[]) => void; changed: () => void },
  ) {}

  /** A snapshot begins anew: what was read before may be old. */
  begin(): void {
    this.turn += 1;
    this.next = null;
    this.count = 0;
    this.become(IDLE);
    void this.run();
  }

  /** Have up to so many steps read. Returns how to stop; what was read stays. */
  want(most: number): () => void {
    const wish = { most };
    this.wanted.add(wish);
    void this.run();
    return () => this.wanted.delete(wish);
  }

  /** Try again after an error. */
  retry(): void {
    if (this.rest.state === 'failed') this.become(IDLE);
    void this.run();
  }

  private wants(): boolean {
    return [...this.wanted].some(({ most }) => most > this.count);
  }

  private async run(): Promise<void> {
    if (this.rest.state !== 'idle' || !this.wants()) return;
    const { turn } = this;
    this.become({ state: 'reading', error: null });
    try {
      while (this.wants()) {
        const page = await this.read(this.next);
        if (turn !== this.turn) return;
        this.next = page.next;
        this.count += page.steps.length;
        this.on.page(page.steps);
        if (page.next === null) return this.become({ state: 'done', error: null });
        this.become({ state: 'reading', error: null }); // there is more of it
      }
      this.become(IDLE);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      if (turn === this.turn) this.become({ state: 'failed', error });
    }
  }

  private become(rest: Rest): void {
    this.rest = rest;
    this.on.changed();
  }
}

/** Pages of the interface, without the steps' values. */
export function pagesOf(executionId: string): ReadPage {
  return async (cursor) => {
    const query = { limit: PAGE, max_bytes: 0, ...(cursor === null ? {} : { cursor }) };
    const { results, next } = await answered(
      client.GET('/api/v1/workflows/executions/{execution_id}/steps', {
        params: { path: { execution_id: executionId }, query },
      }),
    );
    const steps = results.map(({ input: _in, output: _out, truncated: _truncated, ...step }) => step);
    return { steps, next };
  };
}

const PER_GO = 50_000;

/** What of the steps is not here; read while this is shown, up to a number that `more` raises. */
export function useRest(store: ExecutionStore, truncated: boolean): Rest & { more: () => void } {
  const [most, setMost] = useState(PER_GO);
  useEffect(() => (truncated ? store.rest.want(most) : undefined), [store, truncated, most]);
  const rest = useSyncExternalStore(
    useCallback((call) => store.subscribe('rest', call), [store]),
    () => store.rest.rest,
  );
  const more = (): void => {
    if (rest.state === 'failed') store.rest.retry();
    else setMost(most + PER_GO);
  };
  return { ...rest, more };
}
