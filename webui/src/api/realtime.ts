/**
 * The live stream of one execution: a snapshot, then its journal without gap or repetition, whatever happens to
 * the connection.
 *
 * A batch is handed on only if it follows the cursor that was reached; what is missing is read by
 * `GET …/events?after=`. A cut connection is opened again after a random pause that grows from 0.5 to 30 s, at once
 * when the network or the page comes back; one on which nothing was heard for 20 s counts as cut. Where
 * WebSockets do not get through, the journal is asked for every two seconds.
 */
import { START } from '../execution/model';
import { fitting } from '../execution/reduce';
import { answered, ApiError, client, type Schemas } from './client';

export type Frame = Schemas['StreamFrame'];
export type SnapshotFrame = Schemas['Snapshot'];
export type EventsFrame = Schemas['Events'];

/** How fresh what is shown is, as stores/connection has it. */
export type Freshness =
  | { state: 'live' | 'connecting' | 'polling' }
  | { state: 'reconnecting'; since: number }
  | { state: 'stale'; since: number };

export interface Handlers {
  snapshot: (frame: SnapshotFrame) => void;
  /** Events that follow what was handed on before. */
  events: (frame: EventsFrame) => void;
  counts: (nodes: Schemas['NodeCounts'][]) => void;
  freshness: (freshness: Freshness) => void;
  /** Nobody is signed in any more: `wake` goes on after the next sign-in. */
  signedOut: () => void;
  /** It may not be read, or is not there. Nothing more will come. */
  refused: (error: ApiError) => void;
}

/** The way to the server; tests bring their own. */
export interface Transport {
  open: (after: string | null) => WebSocket;
  events: (after: string, signal: AbortSignal) => Promise<EventsFrame>;
  snapshot: (signal: AbortSignal) => Promise<SnapshotFrame>;
}

/** The server speaks every 15 s at least. */
export const SILENCE_MS = 20_000;
export const HANDSHAKE_MS = 10_000;
export const POLL_MS = 2_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const STALE_MS = 60_000;
/** A connection that lasted so long was no failure. */
const STEADY_MS = 5_000;
/** After so many handshakes that failed although the server answers otherwise, it is polled. */
const BLOCKED = 2;
const TRY_SOCKET_AGAIN_MS = 60_000;
/** While polling: counts come with snapshots only. */
const SNAPSHOT_EVERY_MS = 6_000;
export const PAGE = 1_000;
const CLOSE = { signedOut: 4401, forbidden: 4403, snapshot: 4409 };

export function transportOf(executionId: string): Transport {
  const path = { execution_id: executionId };
  const there = '/api/v1/workflows/executions/{execution_id}' as const;
  return {
    open: (after) => {
      const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
      const query = after === null ? '' : `?after=${after}`;
      return new WebSocket(
        `${scheme}//${location.host}/api/v1/workflows/executions/${executionId}/ws${query}`,
      );
    },
    events: (after, signal) =>
      answered(client.GET(`${there}/events`, { params: { path, query: { after, limit: PAGE } }, signal })),
    snapshot: (signal) => answered(client.GET(`${there}/snapshot`, { params: { path }, signal })),
  };
}

/** The timer of a request ran out. */
class Silence extends Error {}

export class RealtimeClient {
  /** Of the last event handed on; null before the first snapshot. */
  cursor: string | null = null;
  private running = false;
  private socket: WebSocket | null = null;
  private openedAt: number | null = null;
  private polling = false;
  private filling = false;
  /** Batches that came while a gap is being filled. */
  private held: EventsFrame[] = [];
  private failures = 0;
  private blocked = 0;
  private brokenSince: number | null = null;
  private heardAt = 0;
  private snapshotAt = 0;
  /** Events were polled that the counts of the last snapshot do not have. */
  private outdated = false;
  private triedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private requests = new AbortController();

  constructor(
    private readonly transport: Transport,
    private readonly on: Handlers,
    private readonly random: () => number = Math.random,
  ) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    addEventListener('online', this.wake);
    document.addEventListener('visibilitychange', this.shown);
    this.connect();
  }

  stop(): void {
    this.running = false;
    removeEventListener('online', this.wake);
    document.removeEventListener('visibilitychange', this.shown);
    this.drop();
  }

  /** Do not wait any longer: the network is back, or somebody signed in. */
  readonly wake = (): void => {
    if (!this.running || this.openedAt !== null) return;
    this.drop();
    this.failures = this.blocked = 0;
    this.connect();
  };

  /** Timers of a hidden page are late: see whether the connection lives as soon as the page is shown. */
  private readonly shown = (): void => {
    if (document.visibilityState !== 'visible') return;
    if (this.openedAt !== null && Date.now() - this.heardAt > SILENCE_MS) this.silent();
    else this.wake();
  };

  /** Let go of socket, timers and requests. */
  private drop(): void {
    this.release();
    clearTimeout(this.timer);
    this.requests.abort();
    this.requests = new AbortController();
    this.held = [];
    this.filling = this.polling = false;
  }

  private release(): void {
    clearTimeout(this.watchdog);
    const { socket } = this;
    this.socket = this.openedAt = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private connect(): void {
    this.triedAt = Date.now();
    this.tell();
    try {
      this.listen(this.transport.open(this.cursor));
    } catch {
      void this.unopened(); // forbidden by the browser
    }
  }

  private listen(socket: WebSocket): void {
    this.socket = socket;
    const hung = setTimeout(() => {
      this.release();
      void this.unopened();
    }, HANDSHAKE_MS);
    socket.onopen = () => {
      clearTimeout(hung);
      clearTimeout(this.timer); // of the next poll
      this.polling = false;
      this.blocked = 0;
      this.openedAt = Date.now();
      this.heard();
    };
    socket.onmessage = ({ data }: MessageEvent<string>) => {
      this.heard();
      this.take(JSON.parse(data) as Frame);
    };
    socket.onclose = ({ code }) => {
      clearTimeout(hung);
      const openedAt = this.openedAt;
      this.release();
      if (openedAt === null) void this.unopened();
      else this.closed(code, Date.now() - openedAt);
    };
  }

  private heard(): void {
    this.heardAt = Date.now();
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.silent(), SILENCE_MS);
    if (this.cursor !== null) this.reached();
  }

  /** The server was reached, and what is shown is what it has. */
  private reached(): void {
    this.brokenSince = null;
    this.tell();
  }

  /** Nothing was heard for too long: the connection leads nowhere. */
  private silent(): void {
    this.broken();
    this.drop();
    this.failures = 0;
    this.connect();
  }

  private closed(code: number, lasted: number): void {
    this.broken();
    if (code === CLOSE.signedOut) return this.on.signedOut();
    if (code === CLOSE.forbidden) return this.on.refused(new ApiError(403, null, 'forbidden'));
    if (lasted > STEADY_MS) this.failures = 0;
    if (code !== CLOSE.snapshot) return this.later();
    this.drop();
    this.cursor = null;
    if (this.failures > 0) return this.later();
    this.failures = 1;
    this.connect();
  }

  private broken(): void {
    this.brokenSince ??= Date.now();
    this.tell();
  }

  /** Connect again after a pause: full jitter, so that not all come back at the same moment. */
  private later(): void {
    clearTimeout(this.timer);
    this.failures += 1;
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures);
    const pause = FIRST_PAUSE_MS + this.random() * (longest - FIRST_PAUSE_MS);
    this.timer = setTimeout(() => this.connect(), pause);
  }

  /** The handshake failed, and a browser does not say why: ask for what it would have brought. */
  private async unopened(): Promise<void> {
    if (this.polling) return; // a look whether sockets get through meanwhile
    if (!(await this.read())) return;
    this.blocked += 1;
    if (this.blocked < BLOCKED) return this.later();
    this.polling = true;
    this.reached();
    this.timer = setTimeout(() => void this.poll(), POLL_MS);
  }

  private async poll(): Promise<void> {
    const before = this.cursor;
    if (!(await this.read())) return;
    this.outdated ||= this.cursor !== before;
    if (this.outdated && Date.now() - this.snapshotAt > SNAPSHOT_EVERY_MS) {
      if (!(await this.tried(() => this.readSnapshot()))) return;
    }
    this.reached();
    if (!this.polling) return; // a socket opened meanwhile
    this.timer = setTimeout(() => void this.poll(), POLL_MS);
    if (!this.socket && Date.now() - this.triedAt > TRY_SOCKET_AGAIN_MS) this.connect();
  }

  /** The snapshot or what is missing, by request; false when something else has to be done first. */
  private read(): Promise<boolean> {
    return this.tried(() => (this.cursor === null ? this.readSnapshot() : this.fill()));
  }

  private async tried(request: () => Promise<void>): Promise<boolean> {
    const turn = this.requests;
    try {
      await request();
      return turn === this.requests;
    } catch (error) {
      if (turn === this.requests) this.failed(error);
      return false;
    }
  }

  private failed(error: unknown): void {
    this.drop();
    this.broken();
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 401) this.on.signedOut();
    else if (error instanceof ApiError && [403, 404].includes(status)) this.on.refused(error);
    else this.later();
  }

  private take(frame: Frame): void {
    if (frame.type === 'snapshot') {
      if (this.cursor !== null && frame.cursor < this.cursor) return;
      this.begin(frame);
    } else if (frame.type === 'events') this.follow(frame);
    else if (frame.type === 'counts') this.on.counts(frame.nodes);
    else if (frame.type === 'heartbeat' && this.cursor !== null && frame.cursor > this.cursor) this.gap();
  }

  private begin(frame: SnapshotFrame): void {
    this.cursor = frame.cursor;
    this.snapshotAt = Date.now();
    this.outdated = false;
    this.on.snapshot(frame);
    this.reached();
  }

  /** Hand a batch on if it fits; a gap before it is filled first. */
  private follow(frame: EventsFrame): void {
    if (this.filling || this.cursor === null) {
      this.held.push(frame);
    } else {
      const rest = fitting(frame, this.cursor);
      if (rest) this.apply({ ...frame, ...rest, events: [...rest.events] as EventsFrame['events'] });
      else if (frame.after > this.cursor) {
        this.held.push(frame);
        this.gap();
      }
    }
  }

  private apply(frame: EventsFrame): void {
    this.cursor = frame.cursor;
    this.on.events(frame);
  }

  private gap(): void {
    if (!this.filling) void this.tried(() => this.fill());
  }

  /** Read the journal from the cursor to its end, then take the batches that came meanwhile. */
  private async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    for (;;) {
      const after = this.cursor ?? START;
      const page = await this.asked((signal) => this.transport.events(after, signal));
      if (page.events.length > 0) this.apply({ ...page, after });
      if (page.events.length < PAGE) break;
    }
    this.filling = false;
    for (const frame of this.held.splice(0)) this.follow(frame);
  }

  private async readSnapshot(): Promise<void> {
    const frame = await this.asked((signal) => this.transport.snapshot(signal));
    if (this.cursor === null || frame.cursor >= this.cursor) this.begin(frame);
  }

  /** A request that ends with this connection, or when it takes too long. */
  private asked<Data>(request: (signal: AbortSignal) => Promise<Data>): Promise<Data> {
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(), HANDSHAKE_MS);
    const signal = AbortSignal.any([own.signal, this.requests.signal]);
    const silence = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Silence()));
    });
    return Promise.race([request(signal), silence]).finally(() => clearTimeout(timer));
  }

  private tell(): void {
    if (!this.running) return;
    const { brokenSince } = this;
    if (this.polling) this.on.freshness({ state: 'polling' });
    else if (brokenSince !== null) {
      const state = Date.now() - brokenSince > STALE_MS ? 'stale' : 'reconnecting';
      this.on.freshness({ state, since: brokenSince });
    } else
      this.on.freshness({ state: this.openedAt !== null && this.cursor !== null ? 'live' : 'connecting' });
  }
}
