import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ban, Pause, Play } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../../api/client';
import { isFinal, LOOKS, STATUSES, statusOf, type Status } from '../../../execution/status';
import { chainOf } from '../../../execution/filter';
import { count, locally, moment } from '../../../i18n/format';
import { useFreshness, type Overall } from '../../../stores/ExecutionStore';
import { Button } from '../../../ui/Button';
import { ConnectionState } from '../../../ui/ConnectionState';
import { Dialog } from '../../../ui/Dialog';
import { answer } from '../../../ui/LiveRegion';
import { StatusBadge } from '../../../ui/StatusBadge';
import { complain } from '../../../ui/Toasts';
import { useDerived, useExecution } from './context';
import { Elapsed } from './Elapsed';
import styles from './Header.module.css';

export interface HeaderProps {
  overall: Overall;
  why: Schemas['Why'] | undefined;
  /** In a dock it is short, and ends in this. */
  docked?: ReactNode;
}

/** Which execution this is, how it stands and why, and what can be done with it. */
export function Header({ overall, why, docked }: HeaderProps) {
  const { store } = useExecution();
  const fresh = useFreshness(store);
  const { execution, status } = overall;
  const final = isFinal(statusOf(execution.status));
  const short = docked !== undefined;
  return (
    <header className={styles.header} data-short={short || undefined}>
      <div className={styles.line}>
        {short ? <ShortTitle execution={execution} /> : <Title execution={execution} />}
        <StatusBadge status={status} />
        {short && <Lasted execution={execution} />}
        {!final && <ConnectionState connection={fresh} />}
        <Reason overall={overall} why={why} />
        <Actions execution={execution} />
        {docked}
      </div>
      {!short && <Facts execution={execution} />}
      <Progress />
    </header>
  );
}

type Of = { execution: Schemas['Execution'] };

function Title({ execution }: Of) {
  const { t } = useTranslation('execution');
  const { plan } = useExecution();
  return (
    <h1 className={styles.title}>
      <Link to="/workflows/$workflowId" params={{ workflowId: execution.workflow_id }}>
        {execution.workflow_name ?? (plan.name || t('workflow'))}
      </Link>
      <span aria-hidden> / </span>
      <code title={execution.id}>{execution.id.slice(-8)}</code>
    </h1>
  );
}

/** Where the workflow is known: the way to the execution's own page. */
function ShortTitle({ execution }: Of) {
  const { t } = useTranslation('execution');
  return (
    <h2 className={styles.title}>
      <Link to="/executions/$executionId" params={{ executionId: execution.id }} title={t('own_page')}>
        {t('execution')} <code>{execution.id.slice(-8)}</code>
      </Link>
    </h2>
  );
}

function Lasted({ execution }: Of) {
  const { t } = useTranslation('execution');
  const { started_at: from, finished_at: to } = execution;
  return <span className={styles.done}>{from ? <Elapsed from={from} to={to} /> : t('not_started')}</span>;
}

function Facts({ execution }: Of) {
  const { t } = useTranslation('execution');
  return (
    <dl className={styles.facts}>
      <Fact name={t('version')}>
        {execution.version === 'draft' ? t('draft') : t('version_number', { number: execution.version })}
      </Fact>
      <Fact name={t('duration')}>
        <Lasted execution={execution} />
      </Fact>
      <Fact name={t('queued_for')}>
        <Elapsed from={execution.created_at} to={execution.started_at ?? execution.finished_at} />
      </Fact>
      <Fact name={t('started_by')}>{starter(execution)}</Fact>
      <Fact name={t('created')}>
        <time dateTime={execution.created_at}>{moment(execution.created_at)}</time>
      </Fact>
    </dl>
  );
}

function starter(execution: Schemas['Execution']): string {
  const trigger = execution.trigger as { kind?: string } | null;
  const by = execution.started_by.replace(/^user:/, '');
  return trigger?.kind ? `${by} · ${trigger.kind}` : by;
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Why it stands as it does, in one sentence. */
function Reason({ overall, why }: { overall: Overall; why: Schemas['Why'] | undefined }) {
  const { execution, status } = overall;
  const [first] = chainOf(execution.error);
  const waits = status !== 'running' && why?.status === status ? locally(why.sentence) : '';
  const text = first ? first.message || first.class : waits;
  return (
    <p className={styles.reason} title={text}>
      {text}
    </p>
  );
}

type Command = 'cancel' | 'pause' | 'resume';
const ICONS = { cancel: Ban, pause: Pause, resume: Play };

function Actions({ execution }: { execution: Schemas['Execution'] }) {
  const { t } = useTranslation('execution');
  const common = useTranslation().t;
  const [asking, setAsking] = useState(false);
  const command = useCommand();
  const held = execution.status === 'paused' || execution.status === 'pausing';
  const shown: Command[] = [held ? 'resume' : 'pause', 'cancel'];
  return (
    <div className={styles.actions}>
      {shown.map((name) => {
        const can = execution.can[name];
        const Icon = ICONS[name];
        return (
          <Button
            key={name}
            kind={name === 'cancel' ? 'danger' : 'plain'}
            why={can === true ? undefined : (can ?? t('not_allowed'))}
            busy={command.isPending && command.variables === name}
            onClick={() => (name === 'cancel' ? setAsking(true) : command.mutate(name))}
          >
            <Icon size={14} aria-hidden />
            {t(name)}
          </Button>
        );
      })}
      <Dialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('cancel_title')}
        description={t('cancel_text')}
        actions={
          <>
            <Button onClick={() => setAsking(false)}>{t('keep_running')}</Button>
            <Button
              kind="danger"
              onClick={() => {
                setAsking(false);
                command.mutate('cancel');
              }}
            >
              {t('cancel')}
            </Button>
          </>
        }
      />
      <span className="visually-hidden">{command.isPending ? common('loading') : ''}</span>
    </div>
  );
}

function useCommand() {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const params = { path: { execution_id: store.executionId } };
  return useMutation({
    mutationFn: (name: Command) =>
      answered(client.POST(`/api/v1/workflows/executions/{execution_id}/${name}`, { params })),
    onSuccess: (_done, name) => {
      answer(t(`done_${name}`));
      void store.reload().catch(() => undefined);
    },
    onError: (error) => complain(t('refused'), error),
  });
}

const SHOWN_ORDER: Status[] = [
  'succeeded',
  'running',
  'ready',
  'waiting',
  'held',
  'retrying',
  'failed',
  'timed_out',
  'skipped',
  'cancelled',
];

interface Sum {
  parts: [Status, number][];
  total: number;
  ended: number;
}

function sameSum(one: Sum, other: Sum): boolean {
  return JSON.stringify(one.parts) === JSON.stringify(other.parts);
}

/** How many steps there are of each status: a strip, and a button for each that filters the table. */
function Progress() {
  const { t } = useTranslation('execution');
  const words = useTranslation().t;
  const { store, view, show } = useExecution();
  const [derive] = useState(() => (): Sum => {
    const by = new Map<Status, number>();
    for (const counts of store.allCounts().values()) {
      for (const [name, number] of Object.entries(counts)) {
        const status = statusOf(name);
        by.set(status, (by.get(status) ?? 0) + number);
      }
    }
    const order = [...SHOWN_ORDER, ...STATUSES.filter((status) => !SHOWN_ORDER.includes(status))];
    const parts = order
      .map((status): [Status, number] => [status, by.get(status) ?? 0])
      .filter(([, number]) => number > 0);
    const total = parts.reduce((sum, [, number]) => sum + number, 0);
    const ended = parts.filter(([status]) => isFinal(status)).reduce((sum, [, number]) => sum + number, 0);
    return { parts, total, ended };
  });
  const { parts, total, ended } = useDerived(store, derive, sameSum);
  const chosen = new Set(view.status?.split(','));
  const toggle = (status: Status): void => {
    const next = new Set(chosen);
    if (!next.delete(status)) next.add(status);
    show({
      status: [...next].filter(Boolean).join(',') || undefined,
      tab: view.tab === 'timeline' ? 'timeline' : undefined,
    });
  };
  return (
    <div className={styles.progress}>
      <span className={styles.done}>{t('progress', { ended: count(ended), total: count(total) })}</span>
      <span className={styles.strip} data-shape aria-hidden>
        {parts.map(([status, number]) => (
          <span key={status} data-hue={LOOKS[status].hue} style={{ flexGrow: number }} />
        ))}
      </span>
      <div className={styles.chips} role="group" aria-label={t('filter_status')}>
        {parts.map(([status, number]) => (
          <button
            key={status}
            type="button"
            className={styles.chip}
            aria-pressed={chosen.has(status)}
            onClick={() => toggle(status)}
          >
            <StatusBadge status={status} /> <b>{count(number)}</b>
          </button>
        ))}
        {total === 0 && <span>{words('loading')}</span>}
      </div>
    </div>
  );
}
