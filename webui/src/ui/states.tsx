import { Component, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
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
export function Failure({ title, detail, retry }: { title: string; detail?: string; retry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.failure} role="alert">
      <h2>{title}</h2>
      {detail && <p>{detail}</p>}
      {retry && <Button onClick={retry}>{t('retry')}</Button>}
    </div>
  );
}

/** Keeps an error of one panel from taking the page with it. */
export class ErrorBoundary extends Component<
  { title: string; children: ReactNode },
  { error: Error | null }
> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Failure title={this.props.title} detail={error.message} retry={() => this.setState({ error: null })} />
    );
  }
}
