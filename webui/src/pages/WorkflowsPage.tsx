import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useCallback, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ApiError, client, type Schemas } from '../api/client';
import { docked, dockOf, type DockChange } from '../execution/dock';
import { useRunDialog } from '../stores/run';
import { Button } from '../ui/Button';
import { Page } from '../ui/Page';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import { ExecutionRows } from './lists/ExecutionRows';
import { FreshPill } from './lists/FreshPill';
import { useLiveExecutions } from './lists/live';
import { useRowKeys } from './lists/rowKeys';
import { whyNot } from './lists/why';
import { RowMenu, VersionWords } from './lists/WorkflowRowMenu';
import { BuilderTab } from './workflow/BuilderTab';
import { GraphTab } from './workflow/GraphTab';
import { VersionsTab } from './workflow/VersionsTab';
import { TABS, type Tab, type WorkflowSearch } from './workflow/view';
import styles from './workflow/workflow.module.css';

const route = getRouteApi('/workflows/$workflowId');
const PAGE = 20;

type Workflow = Schemas['Workflow'];

/** What a tab is given: the workflow, what the address says, and how that is changed. */
interface Given {
  workflow: Workflow;
  search: WorkflowSearch;
  change: (changed: WorkflowSearch) => void;
}

/** What each tab shows. */
const PANELS: Readonly<Record<Tab, (given: Given) => ReactNode>> = {
  graph: ({ workflow, search, change }) => (
    <GraphTab
      workflowId={workflow.id}
      side={search.rev ?? workflow.latest_version ?? 'draft'}
      node={search.node}
      onNode={(node) => change({ node })}
      code={search.pane === 'code'}
      onCode={(open) => change({ pane: open ? 'code' : undefined })}
    />
  ),
  builder: (given) => <Builder {...given} />,
  versions: ({ workflow, search, change }) => (
    <VersionsTab workflow={workflow} a={search.a} b={search.b} onCompare={change} />
  ),
  executions: ({ workflow }) => <Executions workflowId={workflow.id} />,
};

/** One workflow: what it is, how it is run, and its tabs, each of which has an address. */
export function WorkflowsPage() {
  const { t } = useTranslation('workflows');
  const { workflowId } = route.useParams();
  const search = route.useSearch();
  const tab = search.tab ?? 'graph';
  const navigate = route.useNavigate();
  const change = useCallback(
    (changed: WorkflowSearch) =>
      void navigate({
        search: (before: WorkflowSearch) => ({ ...before, ...changed }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const { data, error, refetch } = useQuery({
    queryKey: ['workflows', 'one', workflowId],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}', {
          params: { path: { workflow_id: workflowId } },
          signal,
        }),
      ),
  });
  if (error && !data) {
    if (error instanceof ApiError && error.status === 404) return <NotFound />;
    return <Failure whole title={t('one.failed')} detail={error.message} retry={() => void refetch()} />;
  }
  if (!data) return <Skeleton rows={8} />;
  return (
    <Page
      fill={tab === 'builder'}
      title={data.name}
      above={
        <Link to="/workflows" activeOptions={{ exact: true }}>
          {t('one.back')}
        </Link>
      }
      actions={
        <>
          <VersionWords row={data} />
          {/* Where the draft is edited, it is the draft that is run: below. */}
          {tab !== 'builder' && <Run workflow={data} />}
          <RowMenu row={data} />
        </>
      }
    >
      {/* The builder has it in its form, and needs the room. */}
      {data.description && tab !== 'builder' && <p>{data.description}</p>}
      <Tabs workflowId={workflowId} />
      {PANELS[tab]({ workflow: data, search, change })}
    </Page>
  );
}

function Tabs({ workflowId }: { workflowId: string }) {
  const { t } = useTranslation('workflow');
  return (
    <nav className={styles.tabs} aria-label={t('tabs')}>
      {TABS.map((name) => (
        <Link
          key={name}
          to="/workflows/$workflowId"
          params={{ workflowId }}
          search={{ tab: name }}
          replace
          activeOptions={{ includeSearch: true }}
        >
          {t(`tab.${name}`)}
        </Link>
      ))}
    </nav>
  );
}

function Run({ workflow: { id, name, latest_version, can } }: { workflow: Workflow }) {
  const { t } = useTranslation('workflows');
  const ask = useRunDialog((state) => state.ask);
  const draft = latest_version === null;
  return (
    <Button
      kind="primary"
      why={whyNot(can, draft ? 'start_draft' : 'start')}
      onClick={() => ask({ workflowId: id, name, version: draft ? 'draft' : undefined })}
    >
      <Play size={16} aria-hidden />
      {draft ? t('run_draft') : t('run')}
    </Button>
  );
}

/** The draft, with the execution that the address names below it. */
function Builder({ workflow, search, change }: Given) {
  const navigate = route.useNavigate();
  const { execution, view, dock: size } = search;
  const dock = useMemo(() => dockOf({ execution, view, dock: size }), [execution, view, size]);
  const onDock = useCallback(
    ({ node, ...changed }: DockChange) =>
      void navigate({
        search: (before: WorkflowSearch) => ({
          ...before,
          ...docked(before, changed),
          ...(node === undefined ? {} : { node }),
        }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return (
    <BuilderTab
      workflow={workflow}
      why={whyNot(workflow.can, 'edit')}
      node={search.node}
      onNode={(node) => change({ node })}
      dock={dock}
      onDock={onDock}
      code={search.pane === 'code'}
      onCode={(open) => change({ pane: open ? 'code' : undefined })}
    />
  );
}

function NotFound() {
  const { t } = useTranslation('workflows');
  return (
    <EmptyState
      whole
      title={t('one.not_found')}
      action={
        <Button asChild>
          <Link to="/workflows" activeOptions={{ exact: true }}>
            {t('one.back')}
          </Link>
        </Button>
      }
    >
      {t('one.not_found_text')}
    </EmptyState>
  );
}

function Executions({ workflowId }: { workflowId: string }) {
  const { t } = useTranslation('workflows');
  const { t: words } = useTranslation('executions');
  const filters = useMemo(() => ({ workflow: workflowId }), [workflowId]);
  const { pages, rows, fresh, admit } = useLiveExecutions(filters, PAGE);
  const at = useRowKeys(rows?.length ?? 0, t('one.executions'));
  return (
    <>
      <h2>{t('one.executions')}</h2>
      <FreshPill count={fresh.length} onAdmit={admit} />
      {pages.isError && !rows ? (
        <Failure title={words('failed')} detail={pages.error.message} retry={() => void pages.refetch()} />
      ) : !rows ? (
        <Skeleton rows={4} />
      ) : rows.length === 0 ? (
        <EmptyState title={t('one.none')}>{t('one.none_text')}</EmptyState>
      ) : (
        <>
          <ExecutionRows label={t('one.executions')} rows={rows} at={at} withWorkflow={false} />
          <p>
            <Link to="/executions" search={{ workflow: workflowId }}>
              {t('one.all')}
            </Link>
          </p>
        </>
      )}
    </>
  );
}
