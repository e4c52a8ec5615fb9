import { useTranslation } from 'react-i18next';
import { count } from '../../../i18n/format';
import { useRest } from '../../../stores/RestReader';
import { Button } from '../../../ui/Button';
import { useExecution } from './context';
import styles from './Rest.module.css';

/** What of a large execution is not here yet. While it is shown, the others are read. */
export function Rest({ truncated }: { truncated: boolean }) {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const { state, error, more } = useRest(store, truncated);
  if (!truncated) return null;
  const { here, all } = store.known();
  return (
    <p className={styles.rest} role={error ? 'alert' : 'status'}>
      {t(`rest.${state === 'done' ? 'reading' : state}`, {
        here: count(here),
        all: count(Math.max(here, all)),
        message: error?.message,
      })}{' '}
      {(state === 'idle' || state === 'failed') && (
        <Button onClick={more}>{t(state === 'idle' ? 'rest.more' : 'rest.again')}</Button>
      )}
    </p>
  );
}
