import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { beganAt, listed, same, type Filter } from '../../../execution/filter';
import { labelOf } from '../../../execution/plan';
import { statusOf } from '../../../execution/status';
import type { Step } from '../../../execution/model';
import { clock, duration, moment } from '../../../i18n/format';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { useDerived, useExecution, type Shared } from './context';
import { Elapsed } from './Elapsed';
import { Place } from './Place';
import { Rest } from './Rest';
import { StepGrid } from './StepGrid';
import styles from './StepTable.module.css';

/** The steps that pass the filters, in the order in which they began. */
export function listedNow(
  { store, plan }: Pick<Shared, 'store' | 'plan'>,
  filter: Filter,
): readonly string[] {
  const steps = store.stepIds().map((id) => store.step(id));
  return listed(
    steps.filter((step) => step !== undefined),
    filter,
    plan,
  );
}

export function useListed(): readonly string[] {
  const { store, plan, view } = useExecution();
  const { status, q, node } = view;
  const derive = useMemo(
    () => () => listedNow({ store, plan }, { status, q, node }),
    [store, plan, status, q, node],
  );
  return useDerived(store, derive, same);
}

/** All steps as rows: only those on the screen exist, and each renders when its step changes. */
export function StepTable({ truncated }: { truncated: boolean }) {
  const { t } = useTranslation('execution');
  const { view, show } = useExecution();
  const ids = useListed();
  const filtered = Boolean(view.status ?? view.q ?? view.node);
  return (
    <section className={styles.section} aria-label={t('steps')}>
      <Rest truncated={truncated} />
      {ids.length > 0 ? (
        <StepGrid ids={ids} head={<Head />} Cells={Cells} className={styles.table} />
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

const COLUMNS = ['status', 'step', 'place', 'attempt', 'queued_for', 'duration', 'began', 'worker'] as const;

function Head() {
  const { t } = useTranslation('execution');
  return COLUMNS.map((column) => (
    <span role="columnheader" key={column} data-column={column}>
      {t(column)}
    </span>
  ));
}

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
      <span role="gridcell" data-column="worker" title={step.worker ?? undefined}>
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
