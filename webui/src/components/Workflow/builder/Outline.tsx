import { Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { nodesOf } from '../../../document/model';
import { Button } from '../../../ui/Button';
import { EmptyState } from '../../../ui/states';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { OutlineTree } from './OutlineTree';

/** The steps as a tree: everything the graph can do, done with keys and menus. */
export function Outline({ onInspect }: { onInspect: () => void }) {
  const { t } = useTranslation('builder');
  const { draft, selected, select, ask } = useBuilder();
  return (
    <section className={styles.outline} aria-label={t('outline')}>
      <header className={styles.head}>
        <h2>{t('outline')}</h2>
        <Button kind="quiet" onClick={() => ask({ what: 'add', where: { at: 'end' } })}>
          <Plus size={14} aria-hidden />
          {t('add')}
        </Button>
      </header>
      <button
        type="button"
        className={styles.whole}
        aria-pressed={selected === null}
        onClick={() => select(null)}
      >
        {t('workflow')}
      </button>
      {nodesOf(draft).length === 0 ? (
        <EmptyState title={t('empty')}>{t('empty_text')}</EmptyState>
      ) : (
        <OutlineTree onInspect={onInspect} describedBy="outline-keys" />
      )}
      <p id="outline-keys" className="visually-hidden">
        {t('keys')}
      </p>
    </section>
  );
}
