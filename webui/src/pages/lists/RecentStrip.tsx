import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState, type FocusEvent, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../api/client';
import { duration } from '../../i18n/format';
import { LOOKS, statusOf } from '../../theme/status';
import { StatusBadge } from '../../ui/StatusBadge';
import { errorOf } from './ExecutionRows';
import styles from './RecentStrip.module.css';

export type Recent = Schemas['RecentExecution'];

/** The last executions of one workflow, oldest first, each a glyph that leads to it. */
export function RecentStrip({ recent }: { recent: Recent[] }) {
  const { t } = useTranslation();
  return (
    <span className={styles.strip}>
      {[...recent].reverse().map(({ id, status, duration_seconds: seconds }) => {
        const { glyph, hue } = LOOKS[statusOf(status)];
        const word = t(`status.${statusOf(status)}`);
        return (
          <a
            key={id}
            href={`/executions/${id}`}
            className={styles.cell}
            data-hue={hue}
            data-recent={id}
            data-status={status}
            data-seconds={seconds ?? ''}
            aria-label={seconds === null ? word : `${word}, ${duration(seconds)}`}
          >
            {glyph}
          </a>
        );
      })}
    </span>
  );
}

interface Pointed {
  id: string;
  status: string;
  seconds: number | null;
  x: number;
  y: number;
}

function cellOf(target: EventTarget): HTMLAnchorElement | null {
  return (target as HTMLElement).closest<HTMLAnchorElement>('a[data-recent]');
}

/** Around many strips: one card for whichever cell is pointed at or focused, and one way to open them. */
export function RecentCards({ children }: { children: ReactNode }) {
  const navigate = useNavigate();
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  const point = (event: MouseEvent | FocusEvent): void => {
    const cell = cellOf(event.target);
    clearTimeout(leaving.current);
    if (!cell) return leave();
    const { left, bottom } = cell.getBoundingClientRect();
    const { recent = '', status = '', seconds } = cell.dataset;
    setPointed({ id: recent, status, seconds: seconds ? Number(seconds) : null, x: left, y: bottom });
  };
  // Long enough to bring the pointer onto the card.
  const leave = (): void => {
    clearTimeout(leaving.current);
    leaving.current = setTimeout(() => setPointed(null), 200);
  };
  return (
    <div
      className={styles.around}
      onMouseOver={point}
      onMouseLeave={leave}
      onFocus={point}
      onBlur={leave}
      onKeyDown={(event) => event.key === 'Escape' && setPointed(null)}
      onClick={(event) => {
        const cell = cellOf(event.target);
        if (!cell || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        void navigate({ to: cell.getAttribute('href') } as never);
      }}
    >
      {children}
      {pointed && <Card key={pointed.id} {...pointed} onMouseEnter={() => clearTimeout(leaving.current)} />}
    </div>
  );
}

function Card({ id, status, seconds, x, y, onMouseEnter }: Pointed & { onMouseEnter: () => void }) {
  const failed = ['failed', 'timed_out'].includes(status);
  const { data } = useQuery({
    queryKey: ['execution', id],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/executions/{execution_id}', {
          params: { path: { execution_id: id } },
          signal,
        }),
      ),
    enabled: failed,
    staleTime: Infinity,
  });
  const error = failed ? errorOf(data?.error) : null;
  return (
    <div
      className={styles.card}
      role="tooltip"
      onMouseEnter={onMouseEnter}
      style={{ insetInlineStart: Math.max(8, Math.min(x, innerWidth - 300)), insetBlockStart: y + 6 }}
    >
      <StatusBadge status={statusOf(status)} {...(seconds === null ? {} : { detail: duration(seconds) })} />
      {error && <p>{error}</p>}
      <code>{id.slice(-8)}</code>
    </div>
  );
}
