/**
 * The journal of one execution, from its end backwards: as much as somebody looks at. What happens is added as the
 * execution's stream tells of it; a gap, left by a new snapshot, is read by cursor.
 */
import { useCallback, useSyncExternalStore } from 'react';
import { answered, client } from '../api/client';
import { END, type Batch, type JournalEvent } from '../execution/model';
import type { ExecutionStore } from './ExecutionStore';

type Call = () => void;

export const PAGE = 1_000;
/** More are not kept for views that want all. */
export const MOST = 100_000;

export interface Pages {
  before: (cursor: string, limit: number) => Promise<JournalEvent[]>;
  after: (cursor: string, limit: number) => Promise<JournalEvent[]>;
}

function pagesOf(executionId: string): Pages {
  const read = async (query: { before?: string; after?: string; limit: number }) => {
    const params = { path: { execution_id: executionId }, query };
    const found = await answered(
      client.GET('/api/v1/workflows/executions/{execution_id}/events', { params }),
    );
    return found.events as JournalEvent[];
  };
  return {
    before: (before, limit) => read({ before, limit }),
    after: (after, limit) => read({ after, limit }),
  };
}

const NONE: readonly JournalEvent[] = [];

export class JournalStore {
  /** Oldest first, without gap. Changed in place: `version` says when. */
  readonly events: JournalEvent[] = [];
  /** The first event is among them. */
  complete = false;
  loading = false;
  error: Error | null = null;
  private readonly steps = new Map<string, JournalEvent[]>();
  private readonly calls = new Set<Call>();
  private changes = 0;
  private started = false;
  private wanted = 0;
  private stops: Call[] = [];
  private filling = false;

  constructor(
    private readonly store: ExecutionStore,
    private readonly pages: Pages = pagesOf(store.executionId),
  ) {}

  version(): number {
    return this.changes;
  }

  subscribe(call: Call): Call {
    this.calls.add(call);
    return () => this.calls.delete(call);
  }

  /** Events of a step, oldest first. */
  of(stepId: string): readonly JournalEvent[] {
    return this.steps.get(stepId) ?? NONE;
  }

  /** Follow the stream, and have at least so many events if there are. */
  want(events: number): void {
    this.wanted = Math.max(this.wanted, events);
    if (!this.started) {
      this.started = true;
      this.stops = [
        this.store.onBatch((batch) => this.follow(batch)),
        this.store.subscribe('cursor', () => void this.fill()),
      ];
    }
    void this.load();
  }

  /** A page more. */
  older(): void {
    if (!this.complete && !this.loading) this.want(this.events.length + PAGE);
  }

  /** Try again after an error. */
  retry(): void {
    this.error = null;
    void this.load();
  }

  stop(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.started = false;
  }

  private tell(): void {
    this.changes += 1;
    for (const call of this.calls) call();
  }

  private async load(): Promise<void> {
    if (this.loading || this.error) return;
    this.loading = true;
    this.tell();
    try {
      while (!this.complete && this.events.length < Math.min(this.wanted, MOST)) {
        const first = this.events[0]?.cursor ?? END;
        const size = Math.min(5 * PAGE, Math.max(PAGE, this.wanted - this.events.length));
        const page = await this.pages.before(first, size);
        this.prepend(page.filter(({ cursor }) => cursor < (this.events[0]?.cursor ?? END)));
        if (page.length < size) this.complete = true;
      }
    } catch (cause) {
      this.error = cause instanceof Error ? cause : new Error(String(cause));
    }
    this.loading = false;
    this.tell();
    void this.fill();
  }

  private prepend(page: JournalEvent[]): void {
    this.events.unshift(...page);
    const by = new Map<string, JournalEvent[]>();
    for (const event of page) if (event.step_id !== null) listed(by, event.step_id).push(event);
    for (const [id, events] of by) this.steps.set(id, [...events, ...(this.steps.get(id) ?? [])]);
    this.tell();
  }

  private follow(batch: Batch): void {
    const last = this.events.at(-1)?.cursor;
    if (last === undefined || batch.after > last) return; // before the first page, or a gap: it is read
    this.append(batch.events.filter(({ cursor }) => cursor > last));
  }

  private append(events: readonly JournalEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) {
      this.events.push(event);
      if (event.step_id === null) continue;
      this.steps.set(event.step_id, [...(this.steps.get(event.step_id) ?? []), event]);
    }
    this.wanted += events.length;
    this.tell();
  }

  /** Read what lies between the last event and where the stream is. */
  private async fill(): Promise<void> {
    const cursor = this.store.cursor();
    if (this.filling || cursor === null) return;
    this.filling = true;
    try {
      for (;;) {
        const last = this.events.at(-1)?.cursor;
        if (last === undefined || last >= (this.store.cursor() ?? last)) break;
        const page = await this.pages.after(last, PAGE);
        this.append(page.filter((event) => event.cursor > (this.events.at(-1)?.cursor ?? last)));
        if (page.length === 0) break;
      }
    } catch {
      // the next batch tries again
    }
    this.filling = false;
  }
}

function listed<K, V>(map: Map<K, V[]>, key: K): V[] {
  const found = map.get(key) ?? [];
  map.set(key, found);
  return found;
}

/** Another number whenever the journal changed. */
export function useJournal(journal: JournalStore): number {
  return useSyncExternalStore(
    useCallback((call) => journal.subscribe(call), [journal]),
    () => journal.version(),
  );
}

/** A step's events; renders when there are more of them. */
export function useStepEvents(journal: JournalStore, stepId: string): readonly JournalEvent[] {
  return useSyncExternalStore(
    useCallback((call) => journal.subscribe(call), [journal]),
    () => journal.of(stepId),
  );
}
