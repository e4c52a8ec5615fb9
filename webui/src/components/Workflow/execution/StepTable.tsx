import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useEffect, useId, useMemo, useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { beganAt, listed, same, type Filter } from '../../../execution/filter';
import { labelOf } from '../../../execution/plan';
import { statusOf } from '../../../execution/status';
import type { Step } from '../../../execution/model';
import { count, duration, moment } from '../../../i18n/format';
import { useStep, type ExecutionStore } from '../../../stores/ExecutionStore';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { useDerived, useExecution } from './context';
import { Elapsed } from './Elapsed';
import { Place } from './Place';
import styles from './StepTable.module.css';

export const ROW_PX = 36;
const AHEAD = 8;
const PAGE_ROWS = 10;

/** The steps that pass the filters, in the order in which they began. */
export function useListed(): readonly string[] {
  const { store, plan, view } = useExecution();
  const { status, q, node } = view;
  const derive = useMemo(() => {
    const filter: Filter = { status, q, node };
    return (): readonly string[] => {
      const steps = store.stepIds().map((id) => store.step(id));
      return listed(
        steps.filter((step) => step !== undefined),
        filter,
        plan,
      );
    };
  }, [store, plan, status, q, node]);
  return useDerived(store, derive, same);
}

/** All steps as rows: only those on the screen exist, and each renders when its step changes. */
export function StepTable({ truncated }: { truncated: boolean }) {
  const { t } = useTranslation('execution');
  const { store, view, show } = useExecution();
  const ids = useListed();
  const filtered = Boolean(view.status ?? view.q ?? view.node);
  return (
    <section className={styles.section} aria-label={t('steps')}>
      {truncated && <p className={styles.note}>{t('truncated', { count: store.stepIds().length })}</p>}
      {ids.length > 0 ? (
        <Rows ids={ids} />
      ) : (
        <EmptyState
          title={filtered ? t('none_pass') : t('no_steps')}
          action={
            filtered && (
              <Button onClick={() => show({ status: undefined, q: undefined, node: undefined })}>
                {t('clear_filters')}
              </Button>
            )
          }
        />
      )}
    </section>
  );
}

function Rows({ ids }: { ids: readonly string[] }) {
  const { t } = useTranslation('execution');
  const { store, view, show } = useExecution();
  const frame = useRef<HTMLDivElement>(null);
  const name = useId();
  // eslint-disable-next-line react-hooks/incompatible-library -- its own small component, as the library asks
  const rows = useVirtualizer({
    count: ids.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: AHEAD,
    getItemKey: (at) => ids[at] as string,
  });
  const chosen = view.step === undefined ? -1 : ids.indexOf(view.step);
  const choose = useCallback((id: string) => show({ step: id }), [show]);
  const seen = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (chosen < 0 || seen.current === view.step) return;
    seen.current = view.step;
    rows.scrollToIndex(chosen, { align: 'auto' });
  }, [chosen, rows, view.step]);
  const key = (event: KeyboardEvent): void => {
    const to = target(event.key, chosen, ids.length);
    if (to === null) return;
    event.preventDefault();
    const id = ids[to];
    if (id !== undefined) choose(id);
  };
  return (
    <div
      ref={frame}
      className={styles.frame}
      role="grid"
      tabIndex={0}
      aria-label={t('steps_count', { count: ids.length, shown: count(ids.length) })}
      aria-rowcount={ids.length + 1}
      aria-activedescendant={chosen < 0 ? undefined : `${name}-${view.step}`}
      onKeyDown={key}
    >
      <div role="row" aria-rowindex={1} className={styles.head}>
        {(['status', 'step', 'place', 'attempt', 'queued_for', 'duration', 'began', 'worker'] as const).map(
          (column) => (
            <span role="columnheader" key={column} data-column={column}>
              {t(column)}
            </span>
          ),
        )}
      </div>
      <div role="rowgroup" className={styles.body} style={{ blockSize: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start, key: id }) => (
          <Row
            key={id}
            store={store}
            id={id as string}
            name={`${name}-${id}`}
            at={index}
            start={start}
            chosen={index === chosen}
            onChoose={choose}
          />
        ))}
      </div>
    </div>
  );
}

/** The row a key leads to; null for other keys. */
export function target(key: string, from: number, rows: number): number | null {
  const within = (at: number): number => Math.min(rows - 1, Math.max(0, at));
  if (key === 'ArrowDown' || key === 'j') return within(from + 1);
  if (key === 'ArrowUp' || key === 'k') return within(from - 1);
  if (key === 'PageDown') return within(from + PAGE_ROWS);
  if (key === 'PageUp') return within(from - PAGE_ROWS);
  if (key === 'Home') return within(0);
  if (key === 'End') return within(rows - 1);
  return null;
}

interface RowProps {
  store: ExecutionStore;
  id: string;
  name: string;
  at: number;
  start: number;
  chosen: boolean;
  onChoose: (id: string) => void;
}

/** Called with each row that renders; tests count them. */
export const rendered = { row: (_id: string): void => undefined };

const Row = memo(function Row({ store, id, name, at, start, chosen, onChoose }: RowProps) {
  const step = useStep(store, id);
  rendered.row(id);
  return (
    <div
      role="row"
      id={name}
      aria-rowindex={at + 2}
      aria-selected={chosen}
      className={styles.row}
      data-superseded={step?.superseded || undefined}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => onChoose(id)}
    >
      {step && <Cells step={step} />}
    </div>
  );
});

function Cells({ step }: { step: Step }) {
  const { plan } = useExecution();
  const waited = step.started_at ?? step.finished_at;
  // A skipped step never began; its place in the order is where it was settled.
  const began = step.status === 'skipped' ? null : beganAt(step);
  return (
    <>
      <span role="gridcell" data-column="status">
        <StatusBadge status={statusOf(step.status)} />
      </span>
      <span role="gridcell" data-column="step" title={step.node_id}>
        {labelOf(plan, step.node_id)}
      </span>
      <span role="gridcell" data-column="place">
        <Place path={step.path} run={step.run} />
      </span>
      <span role="gridcell" data-column="attempt">
        {step.attempt > 1 ? step.attempt : ''}
      </span>
      <span role="gridcell" data-column="queued_for">
        {queued(step, waited)}
      </span>
      <span role="gridcell" data-column="duration">
        {step.started_at && <Elapsed from={step.started_at} to={step.finished_at} />}
      </span>
      <span
        role="gridcell"
        data-column="began"
        title={began === null ? undefined : moment(new Date(began).toISOString())}
      >
        {began !== null && clock(began)}
      </span>
      <span role="gridcell" data-column="worker">
        {step.worker}
      </span>
    </>
  );
}

/** How long it waited for a worker. A container becomes ready a second time, when it closes: that is no wait. */
function queued(step: Step, until: string | null): string {
  if (step.ready_at === null || until === null) return '';
  const seconds = (Date.parse(until) - Date.parse(step.ready_at)) / 1000;
  return seconds < 0 ? '' : duration(seconds);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function clock(at: number): string {
  const language = document.documentElement.lang || 'en';
  let format = clocks.get(language);
  if (!format) {
    format = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    clocks.set(language, format);
  }
  return format.format(at);
}
