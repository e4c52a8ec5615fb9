/** The stream of a list of executions: opened again by itself, with a new snapshot each time. */
import { answered, client, type Schemas } from './client';
import { useSession } from './session';

export type ListFrame = Schemas['ListFrame'];
export type ExecutionRow = Schemas['ExecutionRow'];
export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'polling';

export interface Listener {
  frame: (frame: ListFrame) => void;
  state: (state: StreamState, since: number) => void;
}

const PATH = '/api/v1/workflows/executions/ws';
const LEAST_MS = 500;
const MOST_MS = 30_000;
/** After so many attempts that never opened the lists are read in turns instead. */
const TRIES = 3;

function address(filters: Record<string, string | undefined>): string {
  const url = new URL(PATH, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  for (const [name, value] of Object.entries(filters)) if (value) url.searchParams.set(name, value);
  return url.toString();
}

const hasEnded = (): boolean => useSession.getState().ended;

/** Keep a stream open until it is stopped; answers how to stop it. */
export function streamList(filters: Record<string, string | undefined>, listener: Listener): () => void {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let since = Date.now();
  let stopped = false;

  const connect = (): void => {
    clearTimeout(timer);
    if (stopped || socket || hasEnded()) return; // the next sign-in goes on
    const opening = new WebSocket(address(filters));
    socket = opening;
    let opened = false;
    opening.onmessage = (event: MessageEvent<string>) => {
      if (stopped) return;
      if (!opened) {
        opened = true;
        failures = 0;
        listener.state('live', Date.now());
      }
      listener.frame(JSON.parse(event.data) as ListFrame);
    };
    opening.onclose = (event) => {
      socket = null;
      if (stopped) return;
      if (opened) since = Date.now();
      failures += 1;
      listener.state(!opened && failures >= TRIES ? 'polling' : 'reconnecting', since);
      // A browser does not say why a handshake was refused; a request does, and a session's end is met there.
      if ((!opened || event.code === 4401) && !hasEnded())
        void answered(client.GET('/api/v1/me')).catch(() => undefined);
      const most = Math.min(MOST_MS, LEAST_MS * 2 ** failures);
      timer = setTimeout(connect, LEAST_MS + Math.random() * (most - LEAST_MS));
    };
  };
  const atOnce = (): void => {
    if (!document.hidden) connect();
  };
  const awaken = useSession.subscribe((now, before) => {
    if (before.ended && !now.ended && now.me !== null) connect();
  });
  const stop = (): void => {
    stopped = true;
    awaken();
    clearTimeout(timer);
    removeEventListener('online', atOnce);
    document.removeEventListener('visibilitychange', atOnce);
    socket?.close();
  };
  addEventListener('online', atOnce);
  document.addEventListener('visibilitychange', atOnce);
  listener.state('connecting', since);
  connect();
  return stop;
}
