import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dataOf, type JournalEvent } from '../../../execution/model';
import { labelOf, type Plan } from '../../../execution/plan';
import { statusOf } from '../../../execution/status';
import { clock, count, moment } from '../../../i18n/format';
import { PAGE, useJournal } from '../../../stores/JournalStore';
import { Button } from '../../../ui/Button';
import { EmptyState, Failure, Skeleton } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { useExecution } from './context';
import styles from './Events.module.css';
import { Place } from './Place';

const ROW_PX = 32;

/** What an event says besides its status, in a few words. */
export function gist(event: JournalEvent): string {
  const data = dataOf(event);
  const error = data['error'] as { message?: string; class?: string } | null | undefined;
  const text = (name: string): string => (typeof data[name] === 'string' ? (data[name] as string) : '');
  const said = [error?.message ?? error?.class ?? '', text('reason'), text('title'), text('name')];
  return said.filter(Boolean).join(' · ') || text('worker');
}

function passing(q: string | undefined, node: string | undefined, plan: Plan) {
  const words = (q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return (event: JournalEvent): boolean => {
    if (node !== undefined && event.node_id !== node) return false;
    if (words.length === 0) return true;
    const name = event.node_id === null ? '' : `${event.node_id} ${labelOf(plan, event.node_id)}`;
    const text = `${event.type} ${name} ${gist(event)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

/** The journal, newest first: new events wait above while one reads further down, older ones come as one scrolls. */
export function Events() {
  const { t } = useTranslation('execution');
  const { journal, plan, view, show } = useExecution();
  const version = useJournal(journal);
  const frame = useRef<HTMLDivElement>(null);
  /** While one reads: the cursor up to which events are shown. */
  const [until, setUntil] = useState<string | null>(null);
  useEffect(() => journal.want(PAGE), [journal]);
  const { q, node } = view;
  const events = useMemo(
    () => journal.events.filter(passing(q, node, plan)).reverse(),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` stands for what the journal holds
    [journal, q, node, plan, version],
  );
  const fresh = until === null ? 0 : events.findIndex(({ cursor }) => cursor <= until);
  const shown = fresh > 0 ? events.slice(fresh) : events;
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing of it is handed on
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  const items = rows.getVirtualItems();
  const nearEnd = (items.at(-1)?.index ?? 0) >= shown.length - 20;
  useEffect(() => {
    if (nearEnd && !journal.loading && !journal.error) journal.older();
  }, [nearEnd, journal, version]);
  if (journal.error && events.length === 0) {
    return <Failure title={t('value_failed')} detail={journal.error.message} retry={() => journal.retry()} />;
  }
  if (events.length === 0) {
    return journal.complete ? <EmptyState title={t('no_events')} /> : <Skeleton rows={8} />;
  }
  return (
    <section className={styles.section} aria-label={t('tab.events')}>
      <p className={styles.state}>
        {t('events_here', { number: count(journal.events.length) })}
        {!journal.complete && ` ${t('older_come')}`}
        {fresh > 0 && (
          <Button
            onClick={() => {
              setUntil(null);
              frame.current?.scrollTo({ top: 0 });
            }}
          >
            {t('new_events', { count: fresh, number: count(fresh) })}
          </Button>
        )}
        {journal.error && <Button onClick={() => journal.retry()}>{t('retry', { ns: 'common' })}</Button>}
      </p>
      <div
        ref={frame}
        className={styles.frame}
        tabIndex={0}
        role="table"
        aria-label={t('tab.events')}
        aria-rowcount={shown.length}
        onScroll={(event) => {
          const away = event.currentTarget.scrollTop > ROW_PX;
          if (away && until === null) setUntil(journal.events.at(-1)?.cursor ?? null);
          else if (!away && until !== null) setUntil(null);
        }}
      >
        <div className={styles.body} role="rowgroup" style={{ blockSize: rows.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const event = shown[index];
            return (
              event && (
                <div
                  key={event.cursor}
                  role="row"
                  aria-rowindex={index + 1}
                  className={styles.row}
                  data-chosen={(event.step_id !== null && event.step_id === view.step) || undefined}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <Cells event={event} onStep={(id) => show({ step: id })} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Cells({ event, onStep }: { event: JournalEvent; onStep: (id: string) => void }) {
  const { plan } = useExecution();
  const { step_id, node_id } = event;
  const told = gist(event);
  const isNode = node_id !== null && plan.nodes.has(node_id);
  return (
    <>
      <time role="cell" dateTime={event.at} title={moment(event.at)}>
        {clock(Date.parse(event.at))}
      </time>
      <code role="cell" title={event.cursor}>
        {event.type}
      </code>
      <span role="cell" className={styles.what}>
        {node_id !== null && step_id !== null && isNode ? (
          <button type="button" onClick={() => onStep(step_id)}>
            {labelOf(plan, node_id)}
          </button>
        ) : (
          node_id !== null && labelOf(plan, node_id)
        )}{' '}
        <Place path={event.path} />
      </span>
      <span role="cell">{event.status !== null && <StatusBadge status={statusOf(event.status)} />}</span>
      <span role="cell" className={styles.told} title={told}>
        {told}
      </span>
    </>
  );
}
