import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Play } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../api/client';
import { useSession } from '../api/session';
import { relative } from '../i18n/format';
import { useRunDialog } from '../stores/run';
import { useWorkspace } from '../stores/workspace';
import { isFinal, statusOf } from '../theme/status';
import { Button } from '../ui/Button';
import { Page } from '../ui/Page';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import styles from './HomePage.module.css';
import { ExecutionRows } from './lists/ExecutionRows';
import { useLiveExecutions } from './lists/live';
import { RecentCards, RecentStrip } from './lists/RecentStrip';
import { whyNot } from './lists/why';

type Workflow = Schemas['WorkflowRow'];

const EXAMPLE = 'licence-audit';
const SHOWN = 5;
const LATEST = 20;

/** What needs attention, what runs, and what ran; the first time, the example to start with. */
export function HomePage() {
  const { t } = useTranslation('home');
  const me = useSession((state) => state.me);
  const workspace = useWorkspace();
  const place = workspace ? { workspace: workspace.slug } : {};
  const filters = useMemo(() => (workspace ? { workspace: workspace.slug } : {}), [workspace]);
  const { pages, rows, fresh } = useLiveExecutions(filters, LATEST);
  const all = rows && [...fresh, ...rows];
  const running = all?.filter((row) => !isFinal(statusOf(row.status)));
  if (pages.isError && !all) {
    return (
      <Page title={t('title')}>
        <Failure title={t('failed')} detail={pages.error.message} retry={() => void pages.refetch()} />
      </Page>
    );
  }
  const name = me?.user.name || me?.user.username;
  return (
    <Page title={t('hello', { name })}>
      {all?.length === 0 ? (
        <First place={place} />
      ) : (
        <>
          <div className={styles.pair}>
            <Approvals place={place} />
            <Failing place={place} />
          </div>
          <Section title={t('running')} count={running?.length}>
            {!running ? (
              <Skeleton rows={2} />
            ) : running.length === 0 ? (
              <p className={styles.quiet}>{t('nothing_runs')}</p>
            ) : (
              <ExecutionRows label={t('running')} rows={running.slice(0, SHOWN)} />
            )}
          </Section>
          <Section title={t('recent')} more={<Link to="/executions">{t('all_executions')}</Link>}>
            {all ? (
              <ExecutionRows label={t('recent')} rows={all.slice(0, 2 * SHOWN)} />
            ) : (
              <Skeleton rows={6} />
            )}
          </Section>
        </>
      )}
    </Page>
  );
}

function Section({
  title,
  count,
  more,
  children,
}: {
  title: string;
  count?: number | undefined;
  more?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <header>
        <h2>
          {title}
          {count ? <span> {count}</span> : null}
        </h2>
        {more}
      </header>
      {children}
    </section>
  );
}

/** The platform's first minutes: one thing to do. */
function First({ place }: { place: { workspace?: string } }) {
  const { t } = useTranslation('home');
  const ask = useRunDialog((state) => state.ask);
  const { data, isPending } = useQuery({
    queryKey: ['workflows', 'first', place],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows', { params: { query: { ...place, limit: LATEST } as never }, signal }),
      ),
  });
  if (isPending) return <Skeleton rows={4} />;
  const example =
    data?.results.find((one) => one.name === EXAMPLE) ??
    data?.results.find((one) => one.latest_version !== null);
  if (!example) {
    return (
      <EmptyState
        title={t('first.title')}
        action={
          <Button asChild kind="primary">
            <Link to="/workflows">{t('first.make')}</Link>
          </Button>
        }
      >
        {t('first.none')}
      </EmptyState>
    );
  }
  return (
    <div className={styles.first}>
      <h2>{t('first.title')}</h2>
      <p>{t('first.text', { name: example.name })}</p>
      {example.description && <p className={styles.quiet}>{example.description}</p>}
      <ol>
        <li>{t('first.run')}</li>
        <li>{t('first.watch')}</li>
        <li>{t('first.answer')}</li>
      </ol>
      <div>
        <Button
          kind="primary"
          why={whyNot(example.can, 'start')}
          onClick={() => ask({ workflowId: example.id, name: example.name })}
        >
          <Play size={16} aria-hidden />
          {example.name === EXAMPLE ? t('first.go') : t('first.go_other', { name: example.name })}
        </Button>
        <Link to="/workflows/$workflowId" params={{ workflowId: example.id }}>
          {t('first.look')}
        </Link>
      </div>
    </div>
  );
}

function Approvals({ place }: { place: { workspace?: string } }) {
  const { t } = useTranslation('home');
  const { data } = useQuery({
    queryKey: ['approvals', 'home', place],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/approvals', {
          params: { query: { ...place, sort: 'created_at', limit: SHOWN + 1 } as never },
          signal,
        }),
      ),
    refetchInterval: 15_000,
  });
  const rows = data?.results;
  return (
    <Section
      title={t('approvals')}
      count={rows && rows.length <= SHOWN ? rows.length : undefined}
      more={<Link to="/approvals">{t('all_approvals')}</Link>}
    >
      {!rows ? (
        <Skeleton rows={2} />
      ) : rows.length === 0 ? (
        <p className={styles.quiet}>{t('no_approvals')}</p>
      ) : (
        <ul className={styles.list}>
          {rows.slice(0, SHOWN).map((row) => (
            <li key={row.id}>
              <Link to="/approvals" search={{ id: row.id }}>
                {row.title}
              </Link>
              <span>
                {row.workflow_name} · {relative(row.created_at)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Failing({ place }: { place: { workspace?: string } }) {
  const { t } = useTranslation('home');
  const { data } = useQuery({
    queryKey: ['workflows', 'failing', place],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows', {
          params: { query: { ...place, last_status: 'failed,timed_out', limit: SHOWN } as never },
          signal,
        }),
      ),
  });
  const rows: Workflow[] | undefined = data?.results;
  return (
    <Section
      title={t('failing')}
      more={
        <Link to="/workflows" search={{ show: 'failing' }}>
          {t('all_failing')}
        </Link>
      }
    >
      {!rows ? (
        <Skeleton rows={2} />
      ) : rows.length === 0 ? (
        <p className={styles.quiet}>{t('no_failing')}</p>
      ) : (
        <RecentCards>
          <ul className={styles.list}>
            {rows.map((row) => (
              <li key={row.id}>
                <Link to="/workflows/$workflowId" params={{ workflowId: row.id }}>
                  {row.name}
                </Link>
                <RecentStrip recent={row.recent.slice(0, 10)} />
              </li>
            ))}
          </ul>
        </RecentCards>
      )}
    </Section>
  );
}
