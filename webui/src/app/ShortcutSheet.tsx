import { useTranslation } from 'react-i18next';
import { useShortcuts } from '../keyboard/keys';
import { Dialog } from '../ui/Dialog';
import styles from './ShortcutSheet.module.css';

/** What the keys do here: whatever is registered just now, by scope. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { shortcuts } = useShortcuts();
  const scopes = [...new Set(shortcuts.map(({ scope }) => scope))].reverse();
  return (
    <Dialog open wide onClose={onClose} title={t('keys.title')}>
      <div className={styles.columns}>
        {scopes.map((scope) => (
          <section key={scope}>
            <h3>{scope}</h3>
            <dl className={styles.keys}>
              {shortcuts
                .filter((one) => one.scope === scope)
                .map(({ keys, label }) => (
                  <div key={`${keys} ${label}`}>
                    <dt>{label}</dt>
                    <dd>
                      <kbd>{keys}</kbd>
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
