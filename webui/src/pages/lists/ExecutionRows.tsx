import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExecutionRow } from '../../api/listStream';
import { duration, moment, relative } from '../../i18n/format';
import { isFinal, statusOf } from '../../theme/status';
import { StatusBadge } from '../../ui/StatusBadge';
import { cells, Table } from '../../ui/Table';

/** The words of an execution's error: its message, else its class. */
export function errorOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { message, class: kind } = error as { message?: unknown; class?: unknown };
  if (typeof message === 'string' && message) return message;
  return typeof kind === 'string' ? kind : null;
}

/** The time now, renewed every so often while something is shown that depends on it. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How long it ran, or has been running. */
function Took({ row, now }: { row: ExecutionRow; now: number }) {
  if (!row.started_at) return <>–</>;
  const end = row.finished_at ? Date.parse(row.finished_at) : now;
  return <>{duration(Math.max(0, end - Date.parse(row.started_at)) / 1000)}</>;
}

export interface ExecutionRowsProps {
  label: string;
  rows: (ExecutionRow & { gone?: boolean })[];
  /** The row the keyboard is at. */
  at?: number;
  withWorkflow?: boolean;
  /** Which are chosen, and how that is changed; without it there is nothing to choose for. */
  choice?: { chosen: ReadonlySet<string>; toggle: (id: string) => void };
}

/** Executions as a table; each leads to its page. */
export function ExecutionRows({ label, rows, at, withWorkflow = true, choice }: ExecutionRowsProps) {
  const { t } = useTranslation('executions');
  const { t: common } = useTranslation();
  const now = useNow(rows.some((row) => !isFinal(statusOf(row.status))) ? 1_000 : 30_000);
  return (
    <Table
      label={label}
      columns={[
        ...(choice ? [{ label: t('columns.choose'), hidden: true }] : []),
        { label: withWorkflow ? t('columns.workflow') : t('columns.execution'), share: '34%' },
        { label: t('columns.status'), share: '16%' },
        { label: t('columns.started'), end: true, share: '14%' },
        { label: t('columns.duration'), end: true, share: '12%' },
        { label: t('columns.by'), wide: true, share: '14%' },
        { label: t('columns.version'), end: true, wide: true },
      ]}
    >
      {rows.map((row, index) => {
        const error = errorOf(row.error);
        return (
          <tr
            key={row.id}
            className={cells.row}
            data-gone={row.gone || undefined}
            data-at={index === at || undefined}
            aria-label={row.gone ? t('gone') : undefined}
          >
            {choice && (
              <td data-choice>
                <label className={cells.choice}>
                  <span className="visually-hidden">
                    {t('choose', { name: `${row.workflow_name ?? ''} ${row.id.slice(-8)}` })}
                  </span>
                  <input
                    type="checkbox"
                    checked={choice.chosen.has(row.id)}
                    onChange={() => choice.toggle(row.id)}
                  />
                </label>
              </td>
            )}
            <td data-first>
              <Link
                to="/executions/$executionId"
                params={{ executionId: row.id }}
                className={cells.name}
                data-row={index}
              >
                {(withWorkflow && row.workflow_name) || row.id.slice(-8)}
              </Link>
              <div className={`${cells.quiet} ${cells.clamp}`} title={error ?? row.id}>
                {error ?? [withWorkflow && row.id.slice(-8), ...row.tags].filter(Boolean).join(' · ')}
              </div>
            </td>
            <td>
              <StatusBadge status={statusOf(row.status)} />
            </td>
            <td data-end title={moment(row.created_at)}>
              {relative(row.created_at, now)}
            </td>
            <td data-end>
              <Took row={row} now={now} />
            </td>
            <td data-wide className={cells.quiet}>
              {row.started_by.replace(/^user:/, '')}
            </td>
            <td data-wide data-end className={cells.quiet}>
              {row.version === 'draft' ? common('draft') : `v${row.version}`}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
