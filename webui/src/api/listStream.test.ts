import { server, type Socket } from './server.test-env';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { streamList, type Listener } from './listStream';
import { useSession } from './session';

let stop: () => void;

function listening(filters: Record<string, string | undefined> = {}) {
  const listener = { frame: vi.fn<Listener['frame']>(), state: vi.fn<Listener['state']>() };
  stop = streamList(filters, listener);
  return listener;
}

const socket = () => server.sockets.at(-1) as Socket;
const states = (listener: ReturnType<typeof listening>) => listener.state.mock.calls.map(([state]) => state);

beforeEach(() => {
  server.forget();
  server.on('GET /me', () => ({ body: {} }));
  vi.useFakeTimers();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe('the stream of a list', () => {
  it('asks for what fits the filters and is live with the first frame', () => {
    const listener = listening({ workspace: 'default', status: undefined, limit: '50' });
    const url = new URL(socket().url);
    expect(url.protocol).toMatch(/^wss?:$/);
    expect(url.pathname).toBe('/api/v1/workflows/executions/ws');
    expect(Object.fromEntries(url.searchParams)).toEqual({ workspace: 'default', limit: '50' });
    expect(states(listener)).toEqual(['connecting']);
    const frame = { type: 'snapshot', rows: [] };
    socket().says(frame);
    socket().says(frame);
    expect(states(listener)).toEqual(['connecting', 'live']);
    expect(listener.frame.mock.calls).toEqual([[frame], [frame]]);
  });

  it('that breaks is opened again, and is live again with its first frame', () => {
    const listener = listening();
    socket().says({ type: 'snapshot', rows: [] });
    socket().breaks();
    vi.advanceTimersByTime(1_000);
    expect(server.sockets).toHaveLength(2);
    socket().says({ type: 'snapshot', rows: [] });
    expect(states(listener)).toEqual(['connecting', 'live', 'reconnecting', 'live']);
    expect(server.sent).toEqual([]);
  });

  it('that never opens gives way to reading in turns, is tried on, and asks who is signed in', async () => {
    const listener = listening();
    for (const wait of [1_000, 2_000, 4_000]) {
      socket().breaks();
      vi.advanceTimersByTime(wait);
    }
    expect(states(listener)).toEqual(['connecting', 'reconnecting', 'reconnecting', 'polling']);
    expect(server.sockets).toHaveLength(4);
    await vi.waitFor(() => expect(server.asked('GET /me')).toHaveLength(3));
    socket().says({ type: 'snapshot', rows: [] });
    expect(states(listener).at(-1)).toBe('live');
  });

  it('waits half a minute at most, however often it failed', () => {
    listening();
    for (let failures = 1; failures <= 12; failures += 1) {
      socket().breaks();
      vi.advanceTimersByTime(30_000);
      expect(server.sockets).toHaveLength(failures + 1);
    }
  });

  it('does not wait when the network is back', () => {
    listening();
    socket().breaks();
    dispatchEvent(new Event('online'));
    expect(server.sockets).toHaveLength(2);
    dispatchEvent(new Event('online'));
    expect(server.sockets).toHaveLength(2);
  });

  it('asks who is signed in when the session is what ended', async () => {
    listening();
    socket().says({ type: 'snapshot', rows: [] });
    socket().breaks(4401);
    await vi.waitFor(() => expect(server.asked('GET /me')).toHaveLength(1));
  });

  it('asks nothing more of a session that has ended, and goes on with the next', () => {
    listening();
    socket().says({ type: 'snapshot', rows: [] });
    useSession.setState({ me: {} as never, ended: true });
    socket().breaks(4401);
    vi.advanceTimersByTime(60_000);
    expect(server.sockets).toHaveLength(1);
    expect(server.sent).toEqual([]);
    useSession.setState({ ended: false });
    expect(server.sockets).toHaveLength(2);
    useSession.setState({ me: null });
  });

  it('that is stopped says nothing more and comes back by nothing', () => {
    const listener = listening();
    const first = socket();
    stop();
    expect(first.closed).toBe(true);
    const before = states(listener).length;
    first.says({ type: 'snapshot', rows: [] });
    first.breaks();
    dispatchEvent(new Event('online'));
    vi.advanceTimersByTime(60_000);
    expect(server.sockets).toHaveLength(1);
    expect(states(listener)).toHaveLength(before);
    expect(listener.frame).not.toHaveBeenCalled();
  });
});
