/** One execution: how it stands, all its steps, and what there is to know of each. Fills a page or a dock. */
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../../api/client';
import { isContainer } from '../../execution/plan';
import { TABS, type View } from '../../execution/view';
import { ExecutionStore, useOverall, type Overall } from '../../stores/ExecutionStore';
import { JournalStore } from '../../stores/JournalStore';
import { Button } from '../../ui/Button';
import { EmptyState, ErrorBoundary, Failure, Skeleton } from '../../ui/states';
import { Splitter } from '../../ui/Splitter';
import { Execution, useExecution, usePlan, useWhy, type Shared } from './execution/context';
import { Events } from './execution/Events';
import { Filters } from './execution/Filters';
import { Graph } from './execution/Graph';
import { Header } from './execution/Header';
import { Inspector } from './execution/Inspector';
import { Iterations } from './execution/Iterations';
import { Keys, Spoken } from './execution/Spoken';
import { StepTable } from './execution/StepTable';
import { Tabs } from './execution/Tabs';
import { Timeline } from './execution/Timeline';
import styles from './ExecutionPanel.module.css';

export interface ExecutionPanelProps {
  executionId: string;
  view: View;
  /** What is shown is another; the holder keeps it, in the address. */
  onView: (change: View) => void;
  /** Whoever shows more of it, and tests, bring their own. */
  store?: ExecutionStore;
  /** It stands in a dock below a graph of the same workflow; this comes at the end of its head. */
  docked?: ReactNode;
}

export function ExecutionPanel(props: ExecutionPanelProps) {
  const { executionId, view, onView, store: given, docked } = props;
  const { t } = useTranslation('execution');
  const store = useMemo(() => given ?? new ExecutionStore(executionId), [given, executionId]);
  useEffect(() => store.start(), [store]);
  const plan = usePlan(executionId);
  const overall = useOverall(store);
  const refused = useSyncExternalStore(
    (call) => store.subscribe('execution', call),
    () => store.refused(),
  );
  const journal = useMemo(() => new JournalStore(store), [store]);
  useEffect(() => () => journal.stop(), [journal]);
  const shared = useMemo<Shared>(
    () => ({ store, journal, plan, view, show: onView }),
    [store, journal, plan, view, onView],
  );
  if (refused) return <Refused error={refused} />;
  if (!overall) return <Skeleton rows={8} />;
  return (
    <Execution value={shared}>
      <div className={styles.panel} data-panel="execution" aria-label={t('execution')} role="group">
        <Whole overall={overall} docked={docked} />
      </div>
    </Execution>
  );
}

function Refused({ error }: { error: ApiError }) {
  const { t } = useTranslation('execution');
  if (error.status === 404) {
    return (
      <EmptyState
        whole
        title={t('not_found')}
        action={
          <Button asChild>
            <Link to="/executions">{t('all_executions')}</Link>
          </Button>
        }
      >
        {t('not_found_text')}
      </EmptyState>
    );
  }
  return <Failure whole title={t('not_readable')} detail={error.message} />;
}

const LEAST = 260;
const MOST = 760;

function Whole({ overall, docked }: { overall: Overall; docked: ReactNode }) {
  const { t } = useTranslation('execution');
  const { store, plan, view, show } = useExecution();
  const why = useWhy(store);
  const [size, setSize] = useState(380);
  const loops = [...plan.nodes.keys()].some((id) => isContainer(plan, id));
  const tabs = TABS.filter((name) => {
    if (name === 'graph') return docked === undefined; // it stands above
    return name !== 'iterations' || loops || view.tab === name;
  });
  const tab = tabs.find((name) => name === view.tab) ?? 'table';
  return (
    <>
      <Spoken overall={overall} />
      <Keys />
      <Header overall={overall} why={why} docked={docked} />
      <div
        className={styles.body}
        data-open={view.step !== undefined || view.side !== undefined || undefined}
      >
        <div className={styles.main}>
          <div className={styles.bar}>
            <Tabs
              label={t('views')}
              names={tabs}
              chosen={tab}
              word={(name) => t(`tab.${name}`)}
              onChoose={(name) => show({ tab: name })}
            />
            <Filters />
            <span className={styles.details}>
              <Button onClick={() => show({ side: 'output' })}>{t('side.details')}</Button>
            </span>
          </div>
          <ErrorBoundary key={tab} title={t('view_failed')}>
            {tab === 'table' && <StepTable truncated={overall.truncated} />}
            {tab === 'graph' && <Graph />}
            {tab === 'timeline' && <Timeline overall={overall} />}
            {tab === 'events' && <Events />}
            {tab === 'iterations' && <Iterations truncated={overall.truncated} />}
          </ErrorBoundary>
        </div>
        <div className={styles.splitter}>
          <Splitter
            label={t('resize')}
            size={size}
            least={LEAST}
            most={MOST}
            pane="end"
            axis="x"
            onResize={setSize}
          />
        </div>
        <div className={styles.side} style={{ inlineSize: size }}>
          <ErrorBoundary title={t('view_failed')}>
            <Inspector overall={overall} why={why} />
          </ErrorBoundary>
        </div>
      </div>
    </>
  );
}
