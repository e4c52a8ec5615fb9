import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch, JournalEvent } from '../execution/model';
import type { ExecutionStore } from './ExecutionStore';
import { JournalStore, PAGE } from './JournalStore';

const cursor = (seq: number): string => seq.toString(16).padStart(12, '0');
const event = (seq: number): JournalEvent => ({
  cursor: cursor(seq),
  type: 'StepReady',
  at: new Date(seq * 1000).toISOString(),
  step_id: `s${seq % 7}`,
  node_id: 'n',
  path: [],
  run: 1,
  attempt: 1,
  status: 'ready',
  rev: seq,
  data: {},
});
const events = (from: number, to: number): JournalEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

/** A journal on a server, and the execution's stream, which a test speaks for. */
class There {
  length: number;
  reached: number;
  asked = 0;
  private batch: ((batch: Batch) => void) | null = null;
  private moved: (() => void) | null = null;

  constructor(length: number) {
    this.length = this.reached = length;
  }

  readonly store = {
    executionId: 'x',
    cursor: () => cursor(this.reached),
    onBatch: (call: (batch: Batch) => void) => {
      this.batch = call;
      return () => (this.batch = null);
    },
    subscribe: (_topic: string, call: () => void) => {
      this.moved = call;
      return () => (this.moved = null);
    },
  } as unknown as ExecutionStore;

  readonly pages = {
    before: async (before: string, limit: number) => {
      this.asked += 1;
      const end = Math.min(this.length, parseInt(before, 16) - 1);
      return events(Math.max(1, end - limit + 1), end);
    },
    after: async (after: string, limit: number) => {
      this.asked += 1;
      const from = parseInt(after, 16) + 1;
      return events(from, Math.min(this.length, from + limit - 1));
    },
  };

  say(from: number, to: number): void {
    this.length = this.reached = to;
    this.batch?.({ after: cursor(from - 1), cursor: cursor(to), events: events(from, to) });
    this.moved?.();
  }

  /** A new snapshot: the cursor jumps, and no batch tells of what lies between. */
  jump(to: number): void {
    this.length = this.reached = to;
    this.moved?.();
  }
}

const cursors = (journal: JournalStore): string[] => journal.events.map((one) => one.cursor);
const whole = (from: number, to: number): string[] => events(from, to).map((one) => one.cursor);

describe('the journal', () => {
  let there: There;
  let journal: JournalStore;
  beforeEach(() => {
    there = new There(2_500);
    journal = new JournalStore(there.store, there.pages);
  });

  it('is read from its end, page by page, to its beginning', async () => {
    journal.want(1);
    await vi.waitFor(() => expect(journal.loading).toBe(false));
    expect(cursors(journal)).toEqual(whole(2_500 - PAGE + 1, 2_500));
    expect(journal.complete).toBe(false);
    journal.older();
    await vi.waitFor(() => expect(journal.events).toHaveLength(2 * PAGE));
    journal.older();
    await vi.waitFor(() => expect(journal.complete).toBe(true));
    expect(cursors(journal)).toEqual(whole(1, 2_500));
    const asked = there.asked;
    journal.older();
    expect(there.asked).toBe(asked);
    expect(journal.of('s3').map(({ rev }) => rev)).toEqual(
      events(1, 2_500)
        .filter(({ step_id }) => step_id === 's3')
        .map(({ rev }) => rev),
    );
  });

  it('follows the stream, also what came while the first page was on its way, and fills gaps', async () => {
    journal.want(100_000);
    there.say(2_501, 2_503);
    await vi.waitFor(() => expect(cursors(journal)).toEqual(whole(1, 2_503)));
    there.say(2_504, 2_506);
    expect(cursors(journal)).toEqual(whole(1, 2_506));
    there.jump(2_600);
    there.say(2_601, 2_602);
    await vi.waitFor(() => expect(cursors(journal)).toEqual(whole(1, 2_602)));
    journal.stop();
    there.say(2_603, 2_603);
    expect(journal.events).toHaveLength(2_602);
  });

  it('says what went wrong, and goes on when asked', async () => {
    const before = there.pages.before;
    there.pages.before = () => Promise.reject(new Error('no way'));
    journal.want(1);
    await vi.waitFor(() => expect(journal.error?.message).toBe('no way'));
    there.pages.before = before;
    journal.retry();
    await vi.waitFor(() => expect(journal.events).toHaveLength(PAGE));
    expect(journal.error).toBeNull();
  });
});
