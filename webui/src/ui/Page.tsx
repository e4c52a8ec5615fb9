import type { ReactNode } from 'react';
import styles from './Page.module.css';

/** A page's title, what can be done on it, and its content. */
export function Page({
  title,
  above,
  actions,
  fill,
  children,
}: {
  title: ReactNode;
  above?: ReactNode;
  actions?: ReactNode;
  /** The last of the content is as tall as the window lets it be. */
  fill?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={styles.page} data-fill={fill || undefined}>
      {above && <div className={styles.above}>{above}</div>}
      <header className={styles.head}>
        <h1>{title}</h1>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A row of filters or small controls that wraps. */
export function Bar({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.bar} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** One of several filters; pressed or not. `count` stands behind the word. */
export function Chip({
  pressed,
  count,
  onPress,
  children,
}: {
  pressed: boolean;
  count?: string | undefined;
  onPress: () => void;
  children: ReactNode;
}) {
  return (
    <button type="button" className={styles.chip} aria-pressed={pressed} onClick={onPress}>
      {children}
      {count !== undefined && <b>{count}</b>}
    </button>
  );
}
