import { duration } from '../../../i18n/format';
import { useNow } from './context';

/** The time between two moments; counts on while there is no second one. */
export function Elapsed({ from, to }: { from: string; to: string | null }) {
  const now = useNow(to === null);
  const end = to === null ? now : Date.parse(to);
  return <>{duration(Math.max(0, end - Date.parse(from)) / 1000)}</>;
}
