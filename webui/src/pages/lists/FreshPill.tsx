import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../ui/Button';
import { announce } from '../../ui/LiveRegion';
import styles from './FreshPill.module.css';

/** "14 new executions": nothing moves until it is pressed. */
export function FreshPill({ count, onAdmit }: { count: number; onAdmit: () => void }) {
  const { t } = useTranslation('executions');
  useEffect(() => {
    if (count > 0) announce(t('fresh', { count }));
  }, [count, t]);
  return (
    <div className={styles.place}>
      {count > 0 && (
        <Button className={styles.pill} onClick={onAdmit}>
          {t('fresh', { count })}
        </Button>
      )}
    </div>
  );
}
