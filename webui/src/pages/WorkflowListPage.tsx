import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../api/client';
import { moment, relative } from '../i18n/format';
import { useKeys } from '../keyboard/keys';
import { reaches, useWorkspace } from '../stores/workspace';
import { Button } from '../ui/Button';
import { Select, TextInput } from '../ui/Field';
import { Bar, Chip, Page } from '../ui/Page';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import { cells, Table } from '../ui/Table';
import { usePaged } from './lists/paged';
import { RecentCards, RecentStrip } from './lists/RecentStrip';
import { useRowKeys, useTyped } from './lists/rowKeys';
import { RowMenu, VersionWords } from './lists/WorkflowRowMenu';
import type { WorkflowRow } from './lists/workflows';
import { SHOWS, SORTS, type WorkflowsSearch } from './search';
import { lazily } from '../ui/lazily';

const NewWorkflowDialog = lazily(() => import('./lists/NewWorkflowDialog'));

const route = getRouteApi('/workflows');
const PAGE = 50;

const FILTERS: Record<NonNullable<WorkflowsSearch['show']>, Record<string, unknown>> = {
  published: { published: true },
  drafts: { published: false },
  changed: { changed: true },
  failing: { last_status: 'failed,timed_out' },
  archived: { archived: true },
};

/** Every workflow of the workspace: found, run, exported, made. */
export function WorkflowListPage() {
  const { t } = useTranslation('workflows');
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/workflows' });
  const workspace = useWorkspace();
  const [making, setMaking] = useState(false);
  const set = (change: Partial<WorkflowsSearch>): void =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as never,
      replace: true,
      resetScroll: false,
    });
  const [typed, setTyped] = useTyped(search.q ?? '', (q) => set({ q: q || undefined } as WorkflowsSearch));
  const query = {
    ...(workspace ? { workspace: workspace.slug } : {}),
    ...(search.q ? { search: search.q } : {}),
    ...(search.show ? FILTERS[search.show] : {}),
    sort: search.sort ?? SORTS[0],
    limit: PAGE,
  };
  const { pages: list, rows } = usePaged({
    key: ['workflows', 'list', query],
    read: (after, signal) =>
      answered(
        client.GET('/api/v1/workflows', { params: { query: { ...query, ...after } as never }, signal }),
      ),
  });
  const at = useRowKeys(rows?.length ?? 0, t('title'));
  const create = useMemo(
    () => [{ keys: 'N', label: t('new'), scope: t('title'), run: () => setMaking(true) }],
    [t],
  );
  useKeys(create);
  const why = reaches(workspace, 'editor') ? undefined : t('new_why');
  const filtered = Boolean(search.q || search.show);
  return (
    <Page
      title={t('title')}
      actions={
        <Button kind="primary" why={why} onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden />
          {t('new')}
        </Button>
      }
    >
      <Bar label={t('filters')}>
        <TextInput
          type="search"
          data-search
          aria-label={t('search')}
          placeholder={t('search')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Chip pressed={!search.show} onPress={() => set({ show: undefined } as never)}>
          {t('show.all')}
        </Chip>
        {SHOWS.map((show) => (
          <Chip key={show} pressed={search.show === show} onPress={() => set({ show })}>
            {t(`show.${show}`)}
          </Chip>
        ))}
        <Select
          aria-label={t('sort.label')}
          value={search.sort ?? SORTS[0]}
          onChange={(event) => set({ sort: event.target.value } as WorkflowsSearch)}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {t(`sort.${sort}`)}
            </option>
          ))}
        </Select>
      </Bar>
      {list.isError && !rows ? (
        <Failure title={t('failed')} detail={list.error.message} retry={() => void list.refetch()} />
      ) : !rows ? (
        <Skeleton rows={8} />
      ) : rows.length === 0 ? (
        filtered ? (
          <EmptyState title={t('none_found')}>{t('none_found_text')}</EmptyState>
        ) : (
          <EmptyState
            title={t('none')}
            action={
              <Button kind="primary" why={why} onClick={() => setMaking(true)}>
                {t('new')}
              </Button>
            }
          >
            {t('none_text')}
          </EmptyState>
        )
      ) : (
        <RecentCards>
          <Table
            label={t('title')}
            columns={[
              { label: t('columns.name') },
              { label: t('columns.recent') },
              { label: t('columns.version'), end: true },
              { label: t('columns.updated'), end: true, wide: true },
              { label: t('columns.by'), wide: true },
              { label: t('columns.actions'), hidden: true },
            ]}
          >
            {rows.map((row, index) => (
              <Row key={row.id} row={row} index={index} at={index === at} />
            ))}
          </Table>
        </RecentCards>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
      {making && (
        <Suspense fallback={null}>
          <NewWorkflowDialog onClose={() => setMaking(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Row({ row, index, at }: { row: WorkflowRow; index: number; at: boolean }) {
  const { t } = useTranslation('workflows');
  return (
    <tr className={cells.row} data-at={at || undefined}>
      <td data-first>
        <Link
          to="/workflows/$workflowId"
          params={{ workflowId: row.id }}
          className={cells.name}
          data-row={index}
        >
          {row.name}
        </Link>
        {row.description && (
          <div className={`${cells.quiet} ${cells.clamp}`} title={row.description}>
            {row.description}
          </div>
        )}
      </td>
      <td>
        {row.recent.length > 0 ? (
          <RecentStrip recent={row.recent} />
        ) : (
          <span className={cells.quiet}>{t('never_run')}</span>
        )}
      </td>
      <td data-end className={cells.quiet}>
        <VersionWords row={row} />
      </td>
      <td data-end data-wide className={cells.quiet} title={moment(row.updated_at)}>
        {relative(row.updated_at)}
      </td>
      <td data-wide className={cells.quiet}>
        {row.created_by ?? '–'}
      </td>
      <td data-menu data-end>
        <RowMenu row={row} />
      </td>
    </tr>
  );
}
