import { Component, Suspense, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { OUTDATED } from './lazily';
import styles from './states.module.css';

/** Grey bars of the final size; nothing for the first 150 ms, so that a quick answer does not flash. */
export function Skeleton({ rows = 5 }: { rows?: number }) {
  const { t } = useTranslation();
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setWaited(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.skeleton} role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} data-waited={waited || undefined} />
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
