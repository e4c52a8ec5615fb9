import { QueryClientContext, type QueryClient } from '@tanstack/react-query';
import { Component, Suspense, useContext, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { OUTDATED } from './lazily';
import styles from './states.module.css';

const STAGES_MS = { shown: 150, slow: 3_000, long: 10_000 };
type Stage = keyof typeof STAGES_MS | 'none';

/** How long it has been waited for; another `turn` begins anew. */
function useStage(turn: number): Stage {
  const [reached, setReached] = useState<{ turn: number; stage: Stage }>({ turn, stage: 'none' });
  useEffect(() => {
    const timers = Object.entries(STAGES_MS).map(([stage, ms]) =>
      setTimeout(() => setReached({ turn, stage: stage as Stage }), ms),
    );
    return () => timers.forEach(clearTimeout);
  }, [turn]);
  return reached.turn === turn ? reached.stage : 'none';
}

/** Ask again for what has had no answer; without such a question the page is loaded anew. */
async function askAgain(queries: QueryClient | undefined): Promise<void> {
  const asked =
    queries
      ?.getQueryCache()
      .findAll({ type: 'active', predicate: ({ state }) => state.status === 'pending' }) ?? [];
  if (asked.length === 0) return location.reload();
  const isOne = { predicate: (query: (typeof asked)[number]) => asked.includes(query) };
  await queries?.cancelQueries(isOne);
  await queries?.refetchQueries(isOne);
}

/**
 * Grey bars of the final size; nothing for the first 150 ms, so that a quick answer does not flash. What takes longer
 * than 3 s is said to, and after 10 s it can be tried again.
 */
export function Skeleton({ rows = 5 }: { rows?: number }) {
  const { t } = useTranslation();
  const queries = useContext(QueryClientContext);
  const [turn, setTurn] = useState(0);
  const stage = useStage(turn);
  return (
    <div className={styles.skeleton} role="status" aria-label={t('loading')}>
      {(stage === 'slow' || stage === 'long') && <p>{t(`waiting.${stage}`)}</p>}
      {stage === 'long' && (
        <Button
          onClick={() => {
            setTurn(turn + 1);
            void askAgain(queries);
          }}
        >
          {t('retry')}
        </Button>
      )}
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} data-waited={stage !== 'none' || undefined} />
      ))}
    </div>
  );
}

export function EmptyState({
  title,
  children,
  action,
  whole,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** It is all there is on the page, so its title is the page's. */
  whole?: boolean;
}) {
  const Title = whole ? 'h1' : 'h2';
  return (
    <div className={styles.empty}>
      <Title>{title}</Title>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** What could not be loaded, in the interface's own words, and a way to try again. */
export function Failure({
  title,
  detail,
  retry,
  whole,
}: {
  title: string;
  detail?: string;
  retry?: () => void;
  /** It is all there is on the page, so its title is the page's. */
  whole?: boolean;
}) {
  const { t } = useTranslation();
  const Title = whole ? 'h1' : 'h2';
  return (
    <div className={styles.failure} role="alert">
      <Title>{title}</Title>
      {detail && <p>{detail}</p>}
      {retry && <Button onClick={retry}>{t('retry')}</Button>}
    </div>
  );
}

/** What is shown instead of a part that failed: again, or a page of the new version. */
export function Broken({
  title,
  error,
  retry,
  whole = false,
}: {
  title: string;
  error: Error;
  retry: () => void;
  whole?: boolean;
}) {
  const { t } = useTranslation();
  const Title = whole ? 'h1' : 'h2';
  if (error.name !== OUTDATED) {
    return <Failure title={title} detail={error.message} retry={retry} whole={whole} />;
  }
  return (
    <div className={styles.failure} role="alert">
      <Title>{t('update.title')}</Title>
      <p>{error.message}</p>
      <Button onClick={() => location.reload()}>{t('update.reload')}</Button>
    </div>
  );
}

interface Guarded {
  title: string;
  children: ReactNode;
  /** Instead of an overlay that is no longer on the server: a toast tells of it. */
  outdated?: ReactNode;
}

/** Keeps an error of one panel from taking the page with it. */
export class ErrorBoundary extends Component<Guarded, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    const { title, children, outdated } = this.props;
    if (error === null) return children;
    if (error.name === OUTDATED && outdated !== undefined) return outdated;
    return <Broken title={title} error={error} retry={() => this.setState({ error: null })} />;
  }
}

/** A part of a page that is loaded when it is needed: grey bars until then; it fails alone. */
export function Part({ rows, children }: { rows: number; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <ErrorBoundary title={t('failed.page')}>
      <Suspense fallback={<Skeleton rows={rows} />}>{children}</Suspense>
    </ErrorBoundary>
  );
}

/** The same for what lies over the page: nothing, or `until`, stands there before. */
export function Overlay({ until = null, children }: { until?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <ErrorBoundary title={t('failed.page')} outdated={until}>
      <Suspense fallback={until}>{children}</Suspense>
    </ErrorBoundary>
  );
}
