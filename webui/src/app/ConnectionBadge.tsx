import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useConnections, worst, type Connection } from '../stores/connection';
import styles from './ConnectionBadge.module.css';

/** Whether what is shown is live, and since when not. Nothing is shown while nothing is streamed. */
export function ConnectionBadge() {
  const connection = worst(useConnections((state) => state.streams));
  return connection && <Badge connection={connection} />;
}

function Badge({ connection }: { connection: Connection }) {
  const { t, i18n } = useTranslation();
  const [now, setNow] = useState(Date.now);
  const since = 'since' in connection ? connection.since : null;
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
