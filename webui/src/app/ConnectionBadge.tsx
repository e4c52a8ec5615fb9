import { useConnections, worst } from '../stores/connection';
import { ConnectionState } from '../ui/ConnectionState';

/** The worst of all streams. Nothing is shown while nothing is streamed. */
export function ConnectionBadge() {
  const connection = worst(useConnections((state) => state.streams));
  return connection && <ConnectionState connection={connection} />;
}
