import { useTranslation } from 'react-i18next';
import type { Json } from '../../../document/json';
import { moment } from '../../../i18n/format';
import { Button } from '../../../ui/Button';
import styles from './builder.module.css';
import { useBuilder } from './context';

function shown(value: Json | undefined): string {
  return value === undefined ? '–' : JSON.stringify(value);
}

/** What needs a decision before it is lost: work found on this device, fields that two changed, a refused draft. */
export function Notices() {
  const { t } = useTranslation('builder');
  const { store, state } = useBuilder();
  // One at a time: a device that lost several would leave no room for the graph.
  const [newest] = state.offered;
  return (
    <>
      {newest && (
        <div key={newest.page} className={styles.notice} role="status">
          <span>
            {t('offered', { when: moment(new Date(newest.at).toISOString()) })}{' '}
            {state.offered.length > 1 && t('older', { count: state.offered.length - 1 })}
          </span>
          <Button kind="primary" onClick={() => store.recover(newest)}>
            {t('recover')}
          </Button>
          <Button onClick={() => void store.discard(newest)}>{t('discard')}</Button>
        </div>
      )}
      {state.conflicts.map((conflict) => (
        <div
          key={JSON.stringify([conflict.target, conflict.path])}
          className={styles.notice}
          role="group"
          aria-label={t('conflict')}
        >
          <span>
            {t('conflict_text', {
              place: [
                conflict.target.in === 'node' ? conflict.target.id : t('workflow'),
                ...conflict.path,
              ].join(' › '),
            })}{' '}
            {t('mine')} <code>{shown(conflict.mine)}</code> {t('theirs')}{' '}
            <code>{shown(conflict.theirs)}</code>
          </span>
          <Button onClick={() => store.settle(conflict, 'mine')}>{t('take_mine')}</Button>
          <Button onClick={() => store.settle(conflict, 'theirs')}>{t('take_theirs')}</Button>
        </div>
      ))}
      {state.saving === 'refused' && (
        <div className={styles.notice} role="alert">
          <span>{t('refused', { reason: state.error?.message ?? '' })}</span>
          <Button onClick={() => download(store.exported(), `${String(state.draft.definition.name)}.yaml`)}>
            {t('download')}
          </Button>
          <Button onClick={() => void store.flush()}>{t('try_again')}</Button>
        </div>
      )}
    </>
  );
}

const DOWNLOAD_MS = 60_000;

/** The browser reads it after the click. */
function download(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_MS);
}
