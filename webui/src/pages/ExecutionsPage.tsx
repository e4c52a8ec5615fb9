import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Pause, Play } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../api/client';
import { STATUSES, type Status } from '../execution/status';
import { count } from '../i18n/format';
import { reaches, useWorkspace } from '../stores/workspace';
import { Button } from '../ui/Button';
import { Select, TextInput } from '../ui/Field';
import { Bar, Chip, Page } from '../ui/Page';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import { StatusBadge } from '../ui/StatusBadge';
import { CancelChosen } from './lists/CancelChosen';
import { ExecutionRows } from './lists/ExecutionRows';
import { FreshPill } from './lists/FreshPill';
import { useLiveExecutions, type Filters } from './lists/live';
import { useRowKeys, useTyped } from './lists/rowKeys';
import type { ExecutionsSearch } from './search';
import { agoOf, momentOf, PERIODS, wordsOf } from './lists/filters';

const route = getRouteApi('/executions');
const PAGE = 50;
/** States of steps alone are no states of an execution. */
const OF_STEPS: readonly Status[] = ['ready', 'held', 'retrying', 'skipped'];
const STATES = STATUSES.filter((status) => !OF_STEPS.includes(status));

/** Every execution of the workspace, live; what is shown stands in the address. */
export function ExecutionsPage() {
  const { t } = useTranslation('executions');
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/executions' });
  const workspace = useWorkspace();
  const set = (change: { [Name in keyof ExecutionsSearch]?: ExecutionsSearch[Name] | undefined }): void =>
    void navigate({
      search: (before) => ({ ...before, ...change }) as never,
      replace: true,
      resetScroll: false,
    });
  const [typed, setTyped] = useTyped(search.q ?? '', (q) => set({ q: q || undefined }));
  const filters = useMemo<Filters>(
    () => ({
      ...(workspace ? { workspace: workspace.slug } : {}),
      ...(search.workflow ? { workflow: search.workflow } : {}),
      ...(search.status ? { status: search.status } : {}),
      ...(search.from ? { since: momentOf(search.from) } : {}),
      ...(search.to ? { until: momentOf(search.to) } : {}),
      ...wordsOf(search.q ?? ''),
    }),
    [workspace, search],
  );
  const { pages, rows, fresh, admit, counted, paused, setPaused } = useLiveExecutions(filters, PAGE);
  const at = useRowKeys(rows?.length ?? 0, t('title'));
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const pick = (id: string): void =>
    setPicked((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const pickedRows = rows?.filter(({ id }) => picked.has(id)) ?? [];
  const chosen = new Set((search.status ?? '').split(',').filter(Boolean));
  const toggle = (status: string): void => {
    if (!chosen.delete(status)) chosen.add(status);
    set({ status: [...chosen].join(',') || undefined });
  };
  const filtered = Boolean(search.workflow || search.status || search.from || search.to || search.q);
  return (
    <Page
      title={t('title')}
      actions={
        <Button aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          {paused ? t('go_on') : t('pause')}
        </Button>
      }
    >
      <Bar label={t('filters')}>
        <TextInput
          type="search"
          data-search
          aria-label={t('search')}
          placeholder={t('search')}
          title={t('search_help')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <WorkflowSelect value={search.workflow} onChange={(workflow) => set({ workflow })} />
        <Period from={search.from} to={search.to} onChange={set} />
        {filtered && (
          <Button
            kind="quiet"
            onClick={() =>
              set({ workflow: undefined, status: undefined, from: undefined, to: undefined, q: undefined })
            }
          >
            {t('clear')}
          </Button>
        )}
      </Bar>
      <Bar label={t('columns.status')}>
        <Chip
          pressed={chosen.size === 0}
          count={counted && `${count(counted.total)}${counted.capped ? '+' : ''}`}
          onPress={() => set({ status: undefined })}
        >
          {t('all')}
        </Chip>
        {STATES.filter((status) => chosen.has(status) || (counted?.counts[status] ?? 0) > 0).map((status) => (
          <Chip
            key={status}
            pressed={chosen.has(status)}
            count={count(counted?.counts[status] ?? 0)}
            onPress={() => toggle(status)}
          >
            <StatusBadge status={status} />
          </Chip>
        ))}
      </Bar>
      {pickedRows.length > 0 && <CancelChosen rows={pickedRows} onDone={() => setPicked(new Set())} />}
      <FreshPill count={fresh.length} onAdmit={admit} />
      {pages.isError && !rows ? (
        <Failure title={t('failed')} detail={pages.error.message} retry={() => void pages.refetch()} />
      ) : !rows ? (
        <Skeleton rows={10} />
      ) : rows.length === 0 ? (
        <EmptyState title={filtered ? t('none_found') : t('none')}>
          {filtered ? t('none_found_text') : t('none_text')}
        </EmptyState>
      ) : (
        <ExecutionRows
          label={t('title')}
          rows={rows}
          at={at}
          {...(reaches(workspace, 'operator') ? { choice: { chosen: picked, toggle: pick } } : {})}
        />
      )}
      {pages.hasNextPage && (
        <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </Page>
  );
}

function WorkflowSelect({
  value,
  onChange,
}: {
  value: string | undefined;
  onChange: (id: string | undefined) => void;
}) {
  const { t } = useTranslation('executions');
  const workspace = useWorkspace();
  const query = { ...(workspace ? { workspace: workspace.slug } : {}), sort: 'name', limit: 200 };
  const { data } = useQuery({
    queryKey: ['workflows', 'names', query],
    queryFn: ({ signal }) =>
      answered(client.GET('/api/v1/workflows', { params: { query: query as never }, signal })),
    staleTime: 60_000,
  });
  const known = data?.results ?? [];
  const missing = value !== undefined && !known.some(({ id, name }) => id === value || name === value);
  const chosen = known.find(({ name }) => name === value)?.id ?? value ?? '';
  return (
    <Select
      aria-label={t('workflow')}
      value={chosen}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">{t('any_workflow')}</option>
      {missing && <option value={value}>{value}</option>}
      {known.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </Select>
  );
}

function Period({
  from,
  to,
  onChange,
}: {
  from: string | undefined;
  to: string | undefined;
  onChange: (change: { from: string | undefined; to: string | undefined }) => void;
}) {
  const { t } = useTranslation('executions');
  const preset = agoOf(from, to);
  return (
    <>
      <Select
        aria-label={t('period.label')}
        value={preset}
        onChange={(event) => {
          const chosen = event.target.value;
          if (chosen === 'own') onChange({ from: momentOf(from ?? '24h').slice(0, 10), to });
          else onChange({ from: chosen || undefined, to: undefined });
        }}
      >
        <option value="">{t('period.any')}</option>
        {PERIODS.map((period) => (
          <option key={period} value={period}>
            {t(`period.${period}`)}
          </option>
        ))}
        <option value="own">{t('period.own')}</option>
      </Select>
      {preset === 'own' && (
        <>
          <TextInput
            type="date"
            aria-label={t('period.from')}
            value={from?.slice(0, 10) ?? ''}
            onChange={(event) => onChange({ from: event.target.value || undefined, to })}
          />
          <TextInput
            type="date"
            aria-label={t('period.to')}
            value={to?.slice(0, 10) ?? ''}
            onChange={(event) => onChange({ from, to: event.target.value || undefined })}
          />
        </>
      )}
    </>
  );
}
