import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './ConnectionState.module.css';

export interface ConnectionLike {
  state: 'live' | 'connecting' | 'polling' | 'reconnecting' | 'stale';
  since?: number;
}

/** Whether what is shown is live, and since when not. */
export function ConnectionState({ connection }: { connection: ConnectionLike }) {
  const { t, i18n } = useTranslation();
  const [now, setNow] = useState(Date.now);
  const since = connection.since ?? null;
  useEffect(() => {
    if (since === null) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [since]);
  const told = {
    seconds: since === null ? 0 : Math.max(0, Math.round((now - since) / 1000)),
    time: since === null ? '' : new Date(since).toLocaleTimeString(i18n.language),
  };
  return (
    <span className={styles.badge} data-state={connection.state}>
      <span aria-hidden className={styles.dot} />
      {t(`connection.${connection.state}`, told)}
    </span>
  );
}
