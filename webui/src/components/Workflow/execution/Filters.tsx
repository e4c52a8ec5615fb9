import { Search, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { labelOf } from '../../../execution/plan';
import { useKeys, type Shortcut } from '../../../keyboard/keys';
import { TextInput } from '../../../ui/Field';
import { useExecution } from './context';
import styles from './Filters.module.css';

const TYPED_MS = 200;

/** Words to look for, and the node that alone is shown; statuses are chosen in the header. */
export function Filters() {
  const { t } = useTranslation('execution');
  const { plan, view, show } = useExecution();
  const field = useRef<HTMLInputElement>(null);
  const shortcuts = useMemo<Shortcut[]>(
    () => [{ keys: '/', label: t('search'), scope: t('execution'), run: () => field.current?.focus() }],
    [t],
  );
  useKeys(shortcuts);
  return (
    <div className={styles.filters} role="search">
      <label className={styles.search}>
        <Search size={14} aria-hidden />
        <span className="visually-hidden">{t('search')}</span>
        <Words field={field} />
      </label>
      {view.node !== undefined && (
        <button type="button" className={styles.chip} onClick={() => show({ node: undefined })}>
          {labelOf(plan, view.node)}
          <X size={12} aria-hidden />
          <span className="visually-hidden">{t('remove_filter')}</span>
        </button>
      )}
    </div>
  );
}

/** What is typed stands in the address a little later. */
function Words({ field }: { field: React.RefObject<HTMLInputElement | null> }) {
  const { t } = useTranslation('execution');
  const { view, show } = useExecution();
  const [typed, setTyped] = useState<string | null>(null);
  useEffect(() => {
    if (typed === null) return;
    const timer = setTimeout(() => {
      show({ q: typed || undefined });
      setTyped(null);
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed, show]);
  return (
    <TextInput
      ref={field}
      type="search"
      placeholder={t('search')}
      value={typed ?? view.q ?? ''}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
