import { afterEach, beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { ApiError } from './client';
import {
  HANDSHAKE_MS,
  PAGE,
  POLL_MS,
  RealtimeClient,
  SILENCE_MS,
  type EventsFrame,
  type Freshness,
  type SnapshotFrame,
} from './realtime';

const cursor = (seq: number): string => seq.toString(16).padStart(12, '0');

/** A server with a journal, and sockets to it that a test opens, feeds, cuts and lets hang. */
class FakeServer {
  length = 0;
  reachable = true;
  /** Sockets get through to it. */
  sockets: FakeSocket[] = [];
  requests: string[] = [];
  status = 200;
  snapshots = 0;

  grow(events: number): EventsFrame {
    const after = this.length;
    this.length += events;
    return this.frame(after, this.length);
  }

  frame(after: number, to: number): EventsFrame {
    const events = Array.from({ length: to - after }, (_, at) => ({
      cursor: cursor(after + 1 + at),
      type: 'X',
    }));
    return { type: 'events', after: cursor(after), cursor: cursor(to), events } as EventsFrame;
  }

  snapshot(): SnapshotFrame {
    return { type: 'snapshot', cursor: cursor(this.length) } as SnapshotFrame;
  }

  readonly transport = {
    open: (after: string | null): WebSocket => {
      const socket = new FakeSocket(after);
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    events: async (after: string): Promise<EventsFrame> => {
      this.requests.push(`events ${parseInt(after, 16)}`);
      await this.answer();
      const from = parseInt(after, 16);
      return this.frame(from, Math.min(this.length, from + PAGE));
    },
    snapshot: async (): Promise<SnapshotFrame> => {
      this.requests.push('snapshot');
      await this.answer();
      this.snapshots += 1;
      return this.snapshot();
    },
  };

  private async answer(): Promise<void> {
    if (!this.reachable) await new Promise(() => undefined); // a black hole
    if (this.status !== 200) throw new ApiError(this.status, null, 'refused');
  }

  get last(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  isClosed = false;

  constructor(readonly after: string | null) {}

  send(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  cut(code = 1006): void {
    this.onclose?.({ code });
  }

  close(): void {
    this.isClosed = true;
  }
}

let server: FakeServer;
let applied: string[];
let snapshots: string[];
let told: Freshness[];
let stream: RealtimeClient;
let signedOut: Mock<() => void>;
let refused: Mock<(error: ApiError) => void>;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  applied = [];
  snapshots = [];
  told = [];
  signedOut = vi.fn();
  refused = vi.fn();
  stream = new RealtimeClient(
    server.transport,
    {
      snapshot: (frame) => {
        snapshots.push(frame.cursor);
        applied = []; // the journal begins anew behind it
      },
      events: (frame) => {
        expect(frame.after).toBe(applied.at(-1) ?? snapshots.at(-1));
        applied.push(...frame.events.map((event) => event.cursor));
      },
      counts: () => undefined,
      freshness: (freshness) => told.push(freshness),
      signedOut,
      refused,
    },
    () => 1,
  );
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

const now = (): Freshness | undefined => told.at(-1);
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

/** Start, open, and take a snapshot. */
function begin(): void {
  stream.start();
  server.last.onopen?.();
  server.last.send(server.snapshot());
}

/** Every event since the last snapshot, once and in order. */
function expectWhole(): void {
  const from = parseInt(snapshots.at(-1) as string, 16);
  expect(applied).toEqual(Array.from({ length: server.length - from }, (_, at) => cursor(from + 1 + at)));
}

describe('the stream', () => {
  it('begins with a snapshot and hands on batches that follow', async () => {
    server.length = 7;
    stream.start();
    expect(now()).toEqual({ state: 'connecting' });
    expect(server.last.after).toBeNull();
    server.last.onopen?.();
    expect(now()).toEqual({ state: 'connecting' });
    server.last.send(server.snapshot());
    expect(now()).toEqual({ state: 'live' });
    server.last.send(server.grow(3));
    server.last.send(server.grow(2));
    await settle();
    expect(server.requests).toEqual([]);
    expectWhole();
  });

  it('reads what a gap left out, and takes the batches that came meanwhile, each event once', async () => {
    begin();
    server.grow(4);
    server.last.send(server.grow(2)); // 4 are missing before these
    server.last.send(server.grow(3));
    await settle();
    server.last.send(server.frame(5, 9)); // once more
    server.last.send(server.grow(1));
    await settle();
    expect(server.requests).toEqual(['events 0']);
    expectWhole();
  });

  it('reads a long gap page by page', async () => {
    begin();
    server.grow(PAGE + 5);
    server.last.send(server.grow(1));
    await settle();
    expect(server.requests).toEqual(['events 0', `events ${PAGE}`]);
    expectWhole();
  });

  it('learns from a heartbeat that something is missing', async () => {
    begin();
    server.grow(2);
    server.last.send({ type: 'heartbeat', cursor: cursor(2) });
    await settle();
    expectWhole();
  });

  it('comes back after a cut with its cursor, and says since when it is away', async () => {
    begin();
    server.last.send(server.grow(5));
    server.last.cut();
    expect(now()).toEqual({ state: 'reconnecting', since: Date.now() });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(server.sockets).toHaveLength(2);
    expect(server.last.after).toBe(cursor(5));
    server.last.onopen?.();
    expect(now()).toEqual({ state: 'live' });
    server.last.send(server.grow(2));
    expectWhole();
  });

  it('waits longer and longer, at most 30 s, while the server is away', async () => {
    begin();
    server.status = 503;
    const waits: number[] = [];
    server.last.cut(1012);
    for (let turn = 0; turn < 8; turn += 1) {
      const from = Date.now();
      const before = server.sockets.length;
      while (server.sockets.length === before) await vi.advanceTimersByTimeAsync(100);
      waits.push(Date.now() - from);
      server.last.cut();
      await settle();
    }
    expect(waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(waits.slice(6)).toEqual([30_000, 30_000]);
    expect(now()?.state).toBe('stale');
    server.status = 200;
    while (server.last.onclose === null) await vi.advanceTimersByTimeAsync(1_000);
    server.last.onopen?.();
    expect(now()).toEqual({ state: 'live' });
  });

  it('does not hammer a server that accepts and cuts at once', async () => {
    begin();
    for (let turn = 0; turn < 6; turn += 1) {
      const sockets = server.sockets.length;
      server.last.cut();
      while (server.sockets.length === sockets) await vi.advanceTimersByTimeAsync(100);
      server.last.onopen?.();
    }
    const before = server.sockets.length;
    server.last.cut();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(server.sockets).toHaveLength(before);
  });

  it('notices a black hole within 20 s and gets out of it', async () => {
    begin();
    server.last.send(server.grow(1));
    server.reachable = false;
    const first = server.last;
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(now()).toEqual({ state: 'live' });
    await vi.advanceTimersByTimeAsync(1);
    expect(now()?.state).toBe('reconnecting');
    expect(first.isClosed).toBe(true);
    server.grow(3);
    // The next socket and the request after it hang, too; then the network is back.
    await vi.advanceTimersByTimeAsync(2 * HANDSHAKE_MS + 5_000);
    expect(now()?.state).toBe('reconnecting');
    server.reachable = true;
    await vi.advanceTimersByTimeAsync(HANDSHAKE_MS);
    server.last.onopen?.();
    server.last.send(server.frame(parseInt(server.last.after as string, 16), server.length));
    await settle();
    expect(now()).toEqual({ state: 'live' });
    expectWhole();
  });

  it('is kept alive by heartbeats alone', async () => {
    begin();
    for (let turn = 0; turn < 6; turn += 1) {
      await vi.advanceTimersByTimeAsync(15_000);
      server.last.send({ type: 'heartbeat', cursor: cursor(0) });
    }
    expect(server.sockets).toHaveLength(1);
    expect(now()).toEqual({ state: 'live' });
  });

  it('connects at once when the network comes back, and when the page is shown again', async () => {
    begin();
    server.status = 503;
    server.last.cut();
    for (let turn = 0; turn < 5; turn += 1) {
      await vi.advanceTimersByTimeAsync(30_000);
      server.last.cut();
      await settle();
    }
    const before = server.sockets.length;
    dispatchEvent(new Event('online'));
    expect(server.sockets).toHaveLength(before + 1);
    server.last.cut();
    await settle();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(server.sockets).toHaveLength(before + 2);
  });

  it('takes a new snapshot when it is told to', async () => {
    begin();
    server.last.send(server.grow(4));
    server.last.cut(4409);
    expect(server.last.after).toBeNull();
    server.grow(900);
    server.last.onopen?.();
    server.last.send(server.snapshot());
    server.last.send(server.grow(1));
    await settle();
    expect(snapshots).toEqual([cursor(0), cursor(904)]);
    expectWhole();
  });

  it('stops when the session ended, and goes on after the next sign-in without a gap', async () => {
    begin();
    server.last.cut(4401);
    expect(signedOut).toHaveBeenCalledOnce();
    server.grow(3);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.sockets).toHaveLength(1);
    stream.wake();
    expect(server.last.after).toBe(cursor(0));
    server.last.onopen?.();
    server.last.send(server.frame(0, 3));
    expectWhole();
  });

  it('stops for good when the right was withdrawn', async () => {
    begin();
    server.last.cut(4403);
    expect(refused).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.sockets).toHaveLength(1);
  });

  it.each([
    [401, () => signedOut],
    [403, () => refused],
    [404, () => refused],
  ] as const)('asks why a handshake failed: %i', async (status, called) => {
    server.status = status;
    stream.start();
    server.last.cut();
    await settle();
    expect(called()).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.sockets).toHaveLength(1);
  });

  it('polls where sockets do not get through, and goes back to one that does', async () => {
    server.length = 2;
    stream.start();
    server.last.cut();
    await settle();
    expect(snapshots).toEqual([cursor(2)]); // the failed handshake cost the reader nothing
    await vi.advanceTimersByTimeAsync(1_000);
    server.last.cut();
    await settle();
    expect(now()).toEqual({ state: 'polling' });
    server.grow(3);
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expectWhole();
    server.grow(2);
    await vi.advanceTimersByTimeAsync(4 * POLL_MS);
    expect(server.snapshots).toBeGreaterThan(1); // counts come with snapshots only
    const before = server.sockets.length;
    const from = Date.now();
    while (server.sockets.length === before) await vi.advanceTimersByTimeAsync(1_000);
    expect(Date.now() - from).toBeLessThanOrEqual(62_000);
    server.last.onopen?.();
    expect(now()).toEqual({ state: 'live' });
    const requests = server.requests.length;
    server.last.send(server.grow(1));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.requests).toHaveLength(requests);
    expectWhole();
  });

  it('goes on polling when its look for sockets fails, and backs off when the server is away', async () => {
    stream.start();
    for (let turn = 0; turn < 2; turn += 1) {
      server.last.cut();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(now()).toEqual({ state: 'polling' });
    const before = server.sockets.length;
    await vi.advanceTimersByTimeAsync(65_000);
    expect(server.sockets).toHaveLength(before + 1);
    server.last.cut();
    await settle();
    const requests = server.requests.length;
    await vi.advanceTimersByTimeAsync(3 * POLL_MS);
    expect(server.requests.length).toBeGreaterThanOrEqual(requests + 2);
    server.status = 503;
    await vi.advanceTimersByTimeAsync(POLL_MS);
    expect(now()?.state).toBe('reconnecting');
  });

  it('leaves nothing behind when it is stopped', async () => {
    begin();
    server.grow(2);
    server.last.send(server.grow(1));
    const socket = server.last;
    stream.stop();
    expect(socket.isClosed).toBe(true);
    const before = told.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(applied).toEqual([]);
    expect(server.sockets).toHaveLength(1);
    expect(told).toHaveLength(before);
  });

  it('survives any sequence of cuts, gaps and repeats without missing or doubling an event', async () => {
    let seed = 42;
    const roll = (most: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % most;
    };
    begin();
    for (let turn = 0; turn < 400; turn += 1) {
      const what = roll(8);
      if (what < 3) server.last.send(server.grow(1 + roll(4)));
      else if (what === 3) server.grow(1 + roll(3));
      else if (what === 4) server.last.send(server.frame(roll(server.length + 1), server.length));
      else if (what === 5) await vi.advanceTimersByTimeAsync(roll(3_000));
      else if (what === 6) server.last.send({ type: 'heartbeat', cursor: cursor(server.length) });
      else {
        const sockets = server.sockets.length;
        server.last.cut();
        while (server.sockets.length === sockets) await vi.advanceTimersByTimeAsync(1_000);
        server.last.onopen?.();
        const from = parseInt(server.last.after as string, 16);
        if (server.length > from) server.last.send(server.frame(from, server.length));
      }
    }
    server.last.send({ type: 'heartbeat', cursor: cursor(server.length) });
    await settle();
    expectWhole();
  });
});
