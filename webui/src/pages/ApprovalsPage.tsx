import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../api/client';
import { relative } from '../i18n/format';
import { useWorkspace } from '../stores/workspace';
import { Button } from '../ui/Button';
import { Select, TextInput } from '../ui/Field';
import { Bar, Chip, Page } from '../ui/Page';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import styles from './ApprovalsPage.module.css';
import { ApprovalPane } from './lists/ApprovalPane';
import { useNow } from './lists/ExecutionRows';
import { usePaged } from './lists/paged';
import { useRowKeys, useTyped } from './lists/rowKeys';
import { APPROVAL_STATES, type ApprovalsSearch } from './search';

export type Approval = Schemas['Approval'];

const route = getRouteApi('/approvals');
const PAGE = 50;
const POLL_MS = 15_000;

/** What people were asked: the list, and beside it the question with the answer to give. */
export function ApprovalsPage() {
  const { t } = useTranslation('approvals');
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/approvals' });
  const workspace = useWorkspace();
  const set = (change: { [Name in keyof ApprovalsSearch]?: ApprovalsSearch[Name] | undefined }): void =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as never,
      replace: true,
      resetScroll: false,
    });
  const [typed, setTyped] = useTyped(search.q ?? '', (q) => set({ q: q || undefined }));
  const state = search.state ?? 'pending';
  const query = {
    ...(workspace ? { workspace: workspace.slug } : {}),
    ...(search.q ? { search: search.q } : {}),
    mine: !search.all,
    status: state,
    sort: state === 'pending' ? 'created_at' : '-created_at',
    limit: PAGE,
  };
  const { pages: list, rows } = usePaged({
    key: ['approvals', 'list', query],
    read: (after, signal) =>
      answered(
        client.GET('/api/v1/approvals', { params: { query: { ...query, ...after } as never }, signal }),
      ),
    everyMs: POLL_MS, // approvals have no stream of their own
  });
  const at = useRowKeys(rows?.length ?? 0, t('title'));
  const listed = rows?.find((row) => row.id === search.id);
  const linked = useQuery({
    queryKey: ['approvals', 'one', search.id],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/approvals/{approval_id}', {
          params: { path: { approval_id: search.id ?? '' } },
          signal,
        }),
      ),
    enabled: search.id !== undefined && rows !== undefined && listed === undefined,
  });
  const open = listed ?? (search.id ? linked.data : undefined);
  const filtered = Boolean(search.q || search.state || search.all);
  return (
    <Page title={t('title')}>
      <Bar label={t('filters')}>
        <Chip pressed={!search.all} onPress={() => set({ all: undefined })}>
          {t('mine')}
        </Chip>
        <Chip pressed={Boolean(search.all)} onPress={() => set({ all: true })}>
          {t('all')}
        </Chip>
        <Select
          aria-label={t('state.label')}
          value={state}
          onChange={(event) =>
            set({ state: event.target.value as Exclude<ApprovalsSearch['state'], undefined> })
          }
        >
          {APPROVAL_STATES.map((one) => (
            <option key={one} value={one}>
              {t(`state.${one}`)}
            </option>
          ))}
        </Select>
        <TextInput
          type="search"
          data-search
          aria-label={t('search')}
          placeholder={t('search')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </Bar>
      {list.isError && !rows ? (
        <Failure title={t('failed')} detail={list.error.message} retry={() => void list.refetch()} />
      ) : !rows ? (
        <Skeleton rows={6} />
      ) : rows.length === 0 && !open ? (
        <EmptyState title={filtered ? t('none_found') : t('none')}>
          {filtered ? t('none_found_text') : t('none_text')}
        </EmptyState>
      ) : (
        <div className={styles.panes} data-open={open ? true : undefined}>
          <div className={styles.list}>
            {rows.length === 0 && <p className={styles.choose}>{filtered ? t('none_found') : t('none')}</p>}
            <ul aria-label={t('title')}>
              {rows.map((row, index) => (
                <li key={row.id}>
                  <button
                    type="button"
                    className={styles.item}
                    data-row={index}
                    data-at={index === at || undefined}
                    aria-current={row.id === search.id || undefined}
                    onClick={() => set({ id: row.id })}
                    onFocus={(event) => {
                      if (event.target.matches(':focus-visible') && innerWidth > 640) set({ id: row.id });
                    }}
                  >
                    <strong>{row.title}</strong>
                    <span>
                      {[row.workflow_name, row.node_id].filter(Boolean).join(' › ')}
                      {' · '}
                      <When row={row} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            {list.hasNextPage && (
              <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                {t('more')}
              </Button>
            )}
          </div>
          {open ? (
            <ApprovalPane key={open.id} approval={open} onBack={() => set({ id: undefined })} />
          ) : (
            <p className={styles.choose}>{t('choose')}</p>
          )}
        </div>
      )}
    </Page>
  );
}

/** When it is due, or since when it is asked; how it ended when it has. */
function When({ row }: { row: Approval }) {
  const { t } = useTranslation('approvals');
  const now = useNow(30_000);
  if (row.status !== 'pending') return <>{t(`state.${row.status}`)}</>;
  if (row.due_at === null) return <>{t('asked', { when: relative(row.created_at) })}</>;
  const late = Date.parse(row.due_at) < now;
  return <b data-late={late || undefined}>{t(late ? 'overdue' : 'due', { when: relative(row.due_at) })}</b>;
}
