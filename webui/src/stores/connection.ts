/** How fresh what is shown is: told by whoever holds a stream, shown in the sidebar. */
import { create } from 'zustand';

export type Connection =
  | { state: 'live' | 'connecting' | 'polling' }
  | { state: 'reconnecting'; since: number }
  | { state: 'stale'; since: number };

interface Known {
  /** The streams that are open, by what they show. */
  streams: Record<string, Connection>;
  tell: (stream: string, connection: Connection | null) => void;
}

export const useConnections = create<Known>((set) => ({
  streams: {},
  tell: (stream, connection) =>
    set(({ streams }) => {
      const { [stream]: _before, ...others } = streams;
      return { streams: connection ? { ...others, [stream]: connection } : others };
    }),
}));

const WORST: Connection['state'][] = ['stale', 'reconnecting', 'polling', 'connecting', 'live'];

/** The worst of them; null while nothing is streamed. */
export function worst(streams: Record<string, Connection>): Connection | null {
  const all = Object.values(streams);
  return all.sort((one, other) => WORST.indexOf(one.state) - WORST.indexOf(other.state))[0] ?? null;
}
