import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { passagesOf, type Iteration, type Passages } from '../../../execution/iterations';
import { scopeOf, type Step } from '../../../execution/model';
import { labelOf } from '../../../execution/plan';
import { LOOKS, STATUSES, type Status } from '../../../execution/status';
import { count, duration } from '../../../i18n/format';
import { useKeys, type Shortcut } from '../../../keyboard/keys';
import { EmptyState } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { isFocused, useExecution, useThrottled } from './context';
import styles from './Iterations.module.css';
import { Place } from './Place';
import { Rest } from './Rest';

const REDRAW_MS = 250;
const CELL_PX = 28;

function usePassages(): Passages[] {
  const { store, journal, plan } = useExecution();
  const version = useThrottled(store, journal, REDRAW_MS);
  return useMemo(
    () =>
      passagesOf(
        store
          .stepIds()
          .map((id) => store.step(id))
          .filter((step) => step !== undefined),
        plan,
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` stands for what the store holds
    [store, plan, version],
  );
}

/** Every container with its passages: counts and a strip for each, and the grid of the one that is chosen. */
export function Iterations({ truncated }: { truncated: boolean }) {
  const { t } = useTranslation('execution');
  const { view, show } = useExecution();
  const passages = usePassages();
  const chosen = passages.find(({ key }) => key === view.of) ?? passages[0];
  if (!chosen) return <EmptyState title={t('no_iterations')} />;
  return (
    <section className={styles.section} aria-label={t('tab.iterations')}>
      <Rest truncated={truncated} />
      <ul className={styles.containers}>
        {passages.map((one) => (
          <li key={one.key}>
            <button
              type="button"
              className={styles.container}
              aria-pressed={one.key === chosen.key}
              onClick={() => show({ of: one.key })}
            >
              <Strip passages={one} />
            </button>
          </li>
        ))}
      </ul>
      <Grid key={chosen.key} passages={chosen} />
    </section>
  );
}

/** The passages of one container, for its details: counts, and the way to the grid. */
export function OfContainer({ step }: { step: Step }) {
  const { t } = useTranslation('execution');
  const { show } = useExecution();
  const key = `${scopeOf(step.path)}|${step.node_id}`;
  const found = usePassages().find((one) => one.key === key);
  if (!found) return null;
  return (
    <button
      type="button"
      className={styles.container}
      title={t('tab.iterations')}
      onClick={() => show({ tab: 'iterations', of: key })}
    >
      <Strip passages={found} />
    </button>
  );
}

/** Counts and how far it is, without one thing for each passage. */
function Strip({ passages }: { passages: Passages }) {
  const { plan } = useExecution();
  const parts = STATUSES.filter((status) => passages.counts[status]);
  return (
    <>
      <strong>{labelOf(plan, passages.node_id)}</strong> <Place path={passages.path} />
      <span className={styles.strip} data-shape aria-hidden>
        {parts.map((status) => (
          <span key={status} data-hue={LOOKS[status].hue} style={{ flexGrow: passages.counts[status] }} />
        ))}
      </span>
      <span className={styles.counts}>
        {parts.map((status) => (
          <span key={status}>
            <StatusBadge status={status} compact /> {count(passages.counts[status] ?? 0)}
          </span>
        ))}
      </span>
    </>
  );
}

type Sort = 'number' | 'duration';

function lasted({ from, to }: Iteration): number {
  return from === null ? 0 : (to ?? Date.now()) - from;
}

function sorted(iterations: readonly Iteration[], sort: Sort, status: string | undefined): Iteration[] {
  const wanted = new Set(status?.split(','));
  const found = iterations.filter((one) => wanted.size === 0 || wanted.has(one.status));
  return sort === 'number' ? found : found.sort((one, other) => lasted(other) - lasted(one));
}

const FAILED: readonly Status[] = ['failed', 'timed_out'];

function Grid({ passages }: { passages: Passages }) {
  const { t } = useTranslation('execution');
  const { view, show, plan } = useExecution();
  const [sort, setSort] = useState<Sort>('number');
  const list = useMemo(() => sorted(passages.iterations, sort, view.status), [passages, sort, view.status]);
  const frame = useRef<HTMLDivElement>(null);
  const columns = useColumns(frame);
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing of it is handed on
  const rows = useVirtualizer({
    count: Math.ceil(list.length / columns),
    getScrollElement: () => frame.current,
    estimateSize: () => CELL_PX,
    overscan: 4,
  });
  const [at, setAt] = useState(0);
  const held = useRef(false);
  const choose = useCallback(
    (place: number, step: string) => {
      setAt(place);
      show({ step });
    },
    [show],
  );
  const active = Math.min(at, Math.max(0, list.length - 1));
  const go = (to: number): void => {
    const next = Math.min(list.length - 1, Math.max(0, to));
    held.current = true;
    setAt(next);
    rows.scrollToIndex(Math.floor(next / columns));
  };
  useEffect(() => {
    if (!held.current) return;
    held.current = false;
    frame.current?.querySelector<HTMLElement>(`[data-at="${active}"]`)?.focus();
  });
  const failure = (): void => {
    const after = list.findIndex((one, index) => index > active && FAILED.includes(one.status));
    const found = after >= 0 ? after : list.findIndex((one) => FAILED.includes(one.status));
    if (found < 0) return;
    go(found);
    show({ step: list[found]?.step });
  };
  const latest = useRef(failure);
  useEffect(() => {
    latest.current = failure;
  });
  const shortcuts = useMemo<Shortcut[]>(
    () => [
      {
        keys: 'F',
        label: t('next_failure'),
        scope: t('execution'),
        run: () => isFocused() && latest.current(),
      },
    ],
    [t],
  );
  useKeys(shortcuts);
  const key = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      Home: -list.length,
      End: list.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(active + step);
  };
  return (
    <>
      <div className={styles.bar}>
        <span>{t('iterations_count', { count: list.length, number: count(list.length) })}</span>
        <label>
          <input
            type="checkbox"
            checked={sort === 'duration'}
            onChange={(event) => setSort(event.target.checked ? 'duration' : 'number')}
          />
          {t('longest_first')}
        </label>
        {passages.counts.failed || passages.counts.timed_out ? (
          <button type="button" className={styles.next} onClick={failure}>
            {t('next_failure')} <kbd>F</kbd>
          </button>
        ) : null}
      </div>
      <div ref={frame} className={styles.frame} role="group" aria-label={t('tab.iterations')} onKeyDown={key}>
        <div className={styles.body} style={{ blockSize: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => (
            <div key={index} className={styles.row} style={{ transform: `translateY(${start}px)` }}>
              {list.slice(index * columns, (index + 1) * columns).map((one, place) => {
                const number = index * columns + place;
                return (
                  <Cell
                    key={one.number}
                    at={number}
                    number={one.number}
                    step={one.step}
                    status={one.status}
                    name={labelOf(plan, passages.node_id)}
                    time={one.to === null ? null : lasted(one)}
                    chosen={view.step === one.step}
                    tabbable={number === active}
                    onChoose={choose}
                  />
                );
              })}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

interface CellProps {
  at: number;
  number: number;
  step: string;
  status: Status;
  name: string;
  time: number | null;
  chosen: boolean;
  tabbable: boolean;
  onChoose: (at: number, step: string) => void;
}

const Cell = memo(function Cell({
  at,
  number,
  step,
  status,
  name,
  time,
  chosen,
  tabbable,
  onChoose,
}: CellProps) {
  const { t } = useTranslation();
  const took = time === null ? '' : `, ${duration(time / 1000)}`;
  const words = `${name}[${number}]: ${t(`status.${status}`)}${took}`;
  return (
    <button
      type="button"
      className={styles.cell}
      data-at={at}
      data-hue={LOOKS[status].hue}
      aria-label={words}
      title={words}
      aria-pressed={chosen}
      tabIndex={tabbable ? 0 : -1}
      onClick={() => onChoose(at, step)}
    >
      {LOOKS[status].glyph}
    </button>
  );
});

/** How many cells fit beside each other. */
function useColumns(frame: React.RefObject<HTMLDivElement | null>): number {
  const [columns, setColumns] = useState(20);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = (): void => {
      const width = element.clientWidth - 2 * 16;
      if (width > 0) setColumns(Math.max(4, Math.floor(width / CELL_PX)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame]);
  return columns;
}
