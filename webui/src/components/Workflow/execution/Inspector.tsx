import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../../api/client';
import { isFinal, statusOf } from '../../../execution/status';
import { SIDES, type Side } from '../../../execution/view';
import { isContainer, labelOf } from '../../../execution/plan';
import type { Step } from '../../../execution/model';
import { count, locally, moment } from '../../../i18n/format';
import { useNodeCounts, useStep, type Overall } from '../../../stores/ExecutionStore';
import { IconButton } from '../../../ui/Button';
import { EmptyState, Failure, Skeleton } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { ApprovalForm } from './ApprovalForm';
import { Attempts } from './Attempts';
import { useExecution } from './context';
import { Elapsed } from './Elapsed';
import { Children } from './Children';
import { Causes, ErrorCard } from './ErrorCard';
import styles from './Inspector.module.css';
import { OfContainer } from './Iterations';
import { Place } from './Place';
import { ResolveForm } from './ResolveForm';
import { SignalForm } from './SignalForm';
import { PartialValue, WholeValue } from './StepValue';
import { Tabs } from './Tabs';

type Why = Schemas['Why'] | undefined;

/** What there is to know of the selected step, or of the execution when none is. */
export function Inspector({ overall, why }: { overall: Overall; why: Why }) {
  const { view } = useExecution();
  return view.step === undefined ? (
    <OfExecution overall={overall} why={why} />
  ) : (
    <OfStep key={view.step} id={view.step} execution={overall.execution} why={why} />
  );
}

const EXECUTION_SIDES = ['output', 'input', 'details'] as const;

function OfExecution({ overall, why }: { overall: Overall; why: Why }) {
  const { t } = useTranslation('execution');
  const { view, show } = useExecution();
  const { execution } = overall;
  const side = EXECUTION_SIDES.find((one) => one === view.side) ?? 'output';
  return (
    <aside className={styles.inspector} aria-label={t('inspector')}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t('execution')}</h2>
        <span className={styles.phone}>
          <IconButton
            label={t('close')}
            icon={<X size={16} aria-hidden />}
            onClick={() => show({ side: undefined })}
          />
        </span>
      </div>
      <Causes error={execution.error} failed={['failed', 'timed_out'].includes(execution.status)} />
      {!isFinal(overall.status) && why && <Waiting why={why} />}
      <Tabs
        label={t('inspector')}
        names={EXECUTION_SIDES}
        chosen={side}
        word={(name) => t(`side.${name}`)}
        onChoose={(name) => show({ side: name })}
      />
      <div className={styles.side}>
        {side === 'input' && <WholeValue value={execution.input} root="inputs" />}
        {side === 'output' &&
          (execution.output === null ? (
            <p className={styles.hint}>
              {t(isFinal(statusOf(execution.status)) ? 'no_output' : 'no_output_yet')}
            </p>
          ) : (
            <WholeValue value={execution.output} />
          ))}
        {side === 'details' && <ExecutionDetails execution={execution} />}
      </div>
    </aside>
  );
}

/** Everything that is waited for, each with what to do. */
function Waiting({ why }: { why: Schemas['Why'] }) {
  const { t } = useTranslation('execution');
  const { plan, show } = useExecution();
  const resting = why.waiting_for.filter(({ status }) => status !== 'running');
  if (resting.length === 0 && why.joins.length === 0 && why.closing.length === 0) return null;
  return (
    <section className={styles.card} data-kind="why" aria-label={t('why')}>
      <h3>{t('why')}</h3>
      <ul className={styles.reasons}>
        {[...byNode(resting)].map(([node, [first, ...others]]) => (
          <li key={node}>
            <button type="button" className={styles.go} onClick={() => show({ step: first.step_id })}>
              {labelOf(plan, node)} <Place path={first.path} />
            </button>
            <p>{locally(first.sentence)}</p>
            {others.length > 0 && (
              <button
                type="button"
                className={styles.go}
                onClick={() => show({ tab: 'table', node, status: first.status })}
              >
                {t('also_waiting', { count: others.length, number: count(others.length) })}
              </button>
            )}
          </li>
        ))}
        {why.joins.map((join) => (
          <li key={`${join.node_id}:${join.iteration}`}>
            <strong>{labelOf(plan, join.node_id)}</strong>
            <p>{locally(join.sentence)}</p>
          </li>
        ))}
        {why.closing.map((scope) => (
          <li key={scope.region}>
            <strong>{labelOf(plan, scope.region)}</strong>
            <p>{locally(scope.sentence)}</p>
          </li>
        ))}
      </ul>
      {why.more > 0 && <p className={styles.hint}>{t('why_more', { count: why.more })}</p>}
    </section>
  );
}

type WaitingStep = Schemas['WaitingStep'];

/** One line for each node, however many of its steps wait. */
function byNode(steps: readonly WaitingStep[]): Map<string, [WaitingStep, ...WaitingStep[]]> {
  const found = new Map<string, [WaitingStep, ...WaitingStep[]]>();
  for (const step of steps) {
    const known = found.get(step.node_id);
    if (known) known.push(step);
    else found.set(step.node_id, [step]);
  }
  return found;
}

function ExecutionDetails({ execution }: { execution: Schemas['Execution'] }) {
  const { t } = useTranslation('execution');
  return (
    <>
      <Facts
        facts={[
          [t('id'), execution.id],
          [t('created'), moment(execution.created_at)],
          [t('started'), execution.started_at && moment(execution.started_at)],
          [t('finished'), execution.finished_at && moment(execution.finished_at)],
          [t('deadline'), execution.deadline_at && moment(execution.deadline_at)],
          [t('priority'), String(execution.priority)],
          [t('tags'), execution.tags.join(', ')],
        ]}
      />
      {execution.root_id !== execution.id && (
        <p>
          <Link to="/executions/$executionId" params={{ executionId: execution.root_id }}>
            {t('root', { id: execution.root_id.slice(-8) })}
          </Link>
        </p>
      )}
      <h3>{t('variables')}</h3>
      <WholeValue value={execution.variables} root="vars" />
      <h3>{t('trigger')}</h3>
      <WholeValue value={execution.trigger} />
    </>
  );
}

function Facts({ facts }: { facts: [string, string | null][] }) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function OfStep({ id, execution, why }: { id: string; execution: Schemas['Execution']; why: Why }) {
  const { t } = useTranslation('execution');
  const { store, plan, show } = useExecution();
  const step = useStep(store, id);
  const row = useQuery({
    queryKey: ['execution', store.executionId, 'step', id, step?.rev],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/executions/{execution_id}/steps/{step_id}', {
          params: { path: { execution_id: store.executionId, step_id: id } },
          signal,
        }),
      ),
    placeholderData: (before) => (before?.id === id ? before : undefined),
  });
  const shown: Step | undefined = step ?? row.data;
  const close = (
    <IconButton
      label={t('close_step')}
      icon={<X size={16} aria-hidden />}
      onClick={() => show({ step: undefined, side: undefined })}
    />
  );
  return (
    <aside className={styles.inspector} aria-label={t('inspector')}>
      {shown ? (
        <>
          <div className={styles.head}>
            <h2 className={styles.title}>{labelOf(plan, shown.node_id)}</h2>
            {close}
          </div>
          <div className={styles.under}>
            <StatusBadge status={statusOf(shown.status)} />
            {shown.attempt > 1 && <span>{t('attempt_number', { number: shown.attempt })}</span>}
            {shown.started_at && (
              <span>
                <Elapsed from={shown.started_at} to={shown.finished_at} />
              </span>
            )}
            <Place path={shown.path} run={shown.run} />
          </div>
          {shown.error !== null && <ErrorCard error={shown.error} handledBy={shown.handled_by} />}
          {!isFinal(statusOf(shown.status)) && <WaitsFor step={shown} execution={execution} why={why} />}
          {isContainer(plan, shown.node_id) && <OfContainer step={shown} />}
          {plan.nodes.get(shown.node_id)?.type === 'sub_workflow' && (
            <Children stepId={shown.id} rev={shown.rev} />
          )}
          <Others node={shown.node_id} />
          <Sides step={shown} row={row.data} />
          {row.isError && (
            <Failure title={t('value_failed')} detail={row.error.message} retry={() => void row.refetch()} />
          )}
        </>
      ) : row.isError ? (
        <EmptyState title={t('no_step')} action={close} />
      ) : (
        <Skeleton />
      )}
    </aside>
  );
}

/** The way to all steps of the node, when it has more than this one. */
function Others({ node }: { node: string }) {
  const { t } = useTranslation('execution');
  const { store, view, show } = useExecution();
  const counts = useNodeCounts(store, node);
  const all = Object.values(counts).reduce((sum, number) => sum + number, 0);
  if (all < 2 || view.node === node) return null;
  return (
    <button
      type="button"
      className={styles.go}
      onClick={() => show({ tab: 'table', node, status: undefined, q: undefined })}
    >
      {t('all_of_node', { count: all, number: count(all) })}
    </button>
  );
}

/** Why this step does not move, and the answer to it if one can be given here. */
function WaitsFor({ step, execution, why }: { step: Step; execution: Schemas['Execution']; why: Why }) {
  const { t } = useTranslation('execution');
  const { plan } = useExecution();
  const found = why?.waiting_for.find((one) => one.step_id === step.id);
  if (!found || found.status === 'running') return null;
  const signal = /^signal:(.+)$/.exec(step.reason ?? '')?.[1];
  return (
    <section className={styles.card} data-kind="why" aria-label={t('why')}>
      <h3>{t('why')}</h3>
      <p>{locally(found.sentence)}</p>
      {found.cure && !found.approval_id && signal === undefined && <p>{found.cure}</p>}
      {found.due_at && (
        <p className={styles.hint}>
          {t('until')} <time dateTime={found.due_at}>{moment(found.due_at)}</time>
        </p>
      )}
      {step.status === 'held' && <ResolveForm stepId={step.id} can={execution.can['signal'] ?? true} />}
      {found.approval_id && <ApprovalForm id={found.approval_id} />}
      {signal !== undefined && (
        <SignalForm name={signal} can={execution.can['signal'] ?? true} label={labelOf(plan, step.node_id)} />
      )}
    </section>
  );
}

function Sides({ step, row }: { step: Step; row: Schemas['StepRow'] | undefined }) {
  const { t } = useTranslation('execution');
  const { store, view, show } = useExecution();
  const names = SIDES.filter((name) => name !== 'error' || step.error !== null);
  const side: Side = names.find((name) => name === view.side) ?? 'output';
  const value = (which: 'input' | 'output') => {
    if (!row) return <Skeleton rows={3} />;
    const root = which === 'output' ? `steps.${row.node_id}.output` : '';
    if (row.truncated?.includes(which)) {
      const part = { executionId: store.executionId, stepId: row.id, rev: row.rev };
      return <PartialValue {...part} side={which} root={root} />;
    }
    if (row[which] === null || row[which] === undefined) {
      return (
        <p className={styles.hint}>{t(isFinal(statusOf(step.status)) ? `no_${which}` : `no_${which}_yet`)}</p>
      );
    }
    return <WholeValue key={which} value={row[which]} root={root} />;
  };
  return (
    <>
      <Tabs
        label={t('inspector')}
        names={names}
        chosen={side}
        word={(name) => t(`side.${name}`)}
        onChoose={(name) => show({ side: name })}
      />
      <div className={styles.side}>
        {side === 'input' && value('input')}
        {side === 'output' && value('output')}
        {side === 'error' && <WholeValue value={step.error} />}
        {side === 'attempts' && <Attempts stepId={step.id} />}
        {side === 'details' && <StepDetails step={step} />}
      </div>
    </>
  );
}

function StepDetails({ step }: { step: Step }) {
  const { t } = useTranslation('execution');
  return (
    <Facts
      facts={[
        [t('id'), step.id],
        [t('node'), step.node_id],
        [t('port'), step.port],
        [t('attempt'), String(step.attempt)],
        [t('run'), step.run > 1 ? String(step.run) : null],
        [t('worker'), step.worker],
        [t('ready'), step.ready_at && moment(step.ready_at)],
        [t('started'), step.started_at && moment(step.started_at)],
        [t('finished'), step.finished_at && moment(step.finished_at)],
        [t('due'), step.due_at && moment(step.due_at)],
        [t('handled_by'), step.handled_by],
      ]}
    />
  );
}
