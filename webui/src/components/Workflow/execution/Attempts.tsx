import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { chainOf } from '../../../execution/filter';
import { statusOf } from '../../../execution/status';
import { attemptsOf } from '../../../execution/timeline';
import { clock, duration, moment } from '../../../i18n/format';
import { MOST, useStepEvents } from '../../../stores/JournalStore';
import { Skeleton } from '../../../ui/states';
import { StatusBadge } from '../../../ui/StatusBadge';
import { useExecution } from './context';
import styles from './Inspector.module.css';

/** Each time the step was tried, with how that ended; from the journal. */
export function Attempts({ stepId }: { stepId: string }) {
  const { t } = useTranslation('execution');
  const { journal } = useExecution();
  const events = useStepEvents(journal, stepId);
  useEffect(() => journal.want(MOST), [journal]);
  const attempts = attemptsOf(events);
  if (attempts.length === 0) {
    return journal.loading ? <Skeleton rows={3} /> : <p className={styles.hint}>{t('no_attempts')}</p>;
  }
  return (
    <ol className={styles.attempts}>
      {attempts.map(({ number, from, to, status, error, worker, due_at }) => (
        <li key={number} className={styles.attempt}>
          <div className={styles.under}>
            <strong>{t('attempt_number', { number })}</strong>
            <StatusBadge status={statusOf(status)} />
            {to !== null && <span>{duration((to - from) / 1000)}</span>}
            <time dateTime={new Date(from).toISOString()}>{clock(from)}</time>
            {worker && <span>{worker}</span>}
          </div>
          {chainOf(error)
            .slice(-1)
            .map((one) => (
              <p key={one.class}>
                <code>{one.class}</code> {one.message}
              </p>
            ))}
          {due_at && <p className={styles.hint}>{t('again_at', { time: moment(due_at) })}</p>}
        </li>
      ))}
    </ol>
  );
}
