import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../api/client';
import { statusOf } from '../../../execution/status';
import { count } from '../../../i18n/format';
import { StatusBadge } from '../../../ui/StatusBadge';
import { useExecution } from './context';
import styles from './Inspector.module.css';

const MOST = 20;

/** The executions a step started. */
export function Children({ stepId, rev }: { stepId: string; rev: number }) {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const { data } = useQuery({
    queryKey: ['execution', store.executionId, 'children', stepId, rev],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/executions', {
          params: { query: { parent_step: stepId, limit: MOST } },
          signal,
        }),
      ),
  });
  if (!data || data.results.length === 0) return null;
  const shown = data.results.length;
  return (
    <section className={styles.card} aria-label={t('children')}>
      <h3>{data.next === null ? t('children') : t('children_newest', { number: count(shown) })}</h3>
      <ul className={styles.chain}>
        {data.results.map((child) => (
          <li key={child.id}>
            <StatusBadge status={statusOf(child.status)} />{' '}
            <Link to="/executions/$executionId" params={{ executionId: child.id }}>
              {child.workflow_name ?? t('execution')} / {child.id.slice(-8)}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
