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
  const parts = path.map(({ region, iteration }) => {
    const loop = region.startsWith('@');
    return {
      name: loop ? region.slice(1) : labelOf(plan, region),
      at: loop ? ` ${iteration}` : `[${iteration}]`,
    };
  });
  const again = run !== undefined && run > 1 ? ` · ${run}.` : '';
  const whole = parts.map(({ name, at }) => name + at);
  const last = parts.at(-1);
  const shown = whole.length > DEEPEST + 1 ? [whole[0], '…', ...whole.slice(-DEEPEST)] : whole;
  const before = [...shown.slice(0, -1), last?.name].filter((one) => one !== undefined).join(' › ');
  return (
    <span className={styles.place} title={whole.join(' › ') || undefined}>
      {!short && <span className={styles.names}>{before}</span>}
      <span>
        {short ? parts.map(({ at }) => at).join('') : last?.at}
        {again}
      </span>
    </span>
  );
}
