import { labelOf } from '../../../execution/plan';
import type { PathSegment } from '../../../execution/model';
import { useExecution } from './context';
import styles from './Place.module.css';

const DEEPEST = 2;

interface PlaceProps {
  path: readonly PathSegment[];
  run?: number;
  /** Which passages alone: `[412][3]`. */
  short?: boolean;
}

/** Where a step stands: `Every order[412] › lines[3]`; the middle is left out when it is deep. */
export function Place({ path, run, short }: PlaceProps) {
  const { plan } = useExecution();
  const parts = path.map(({ region, iteration }) =>
    region.startsWith('@') ? `${region.slice(1)} ${iteration}` : `${labelOf(plan, region)}[${iteration}]`,
  );
  const shown = parts.length > DEEPEST + 1 ? [parts[0], '…', ...parts.slice(-DEEPEST)] : parts;
  return (
    <span className={styles.place} title={parts.join(' › ')}>
      {short ? path.map(({ iteration }) => `[${iteration}]`).join('') : shown.join(' › ')}
      {run !== undefined && run > 1 && ` · ${run}.`}
    </span>
  );
}
