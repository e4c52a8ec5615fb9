import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './builder.module.css';
import { Outline } from './Outline';
import { Shelf } from './Shelf';

const PARTS = ['steps', 'shelf'] as const;

/** Beside the graph: the steps as a tree, or what can be added. The other one stays as it was left. */
export function LeftPane({ onInspect }: { onInspect: () => void }) {
  const { t } = useTranslation('builder');
  const [part, setPart] = useState<(typeof PARTS)[number]>('steps');
  return (
    <div className={styles.left}>
      <div className={styles.switch} role="group" aria-label={t('left')}>
        {PARTS.map((name) => (
          <button key={name} type="button" aria-pressed={part === name} onClick={() => setPart(name)}>
            {t(name)}
          </button>
        ))}
      </div>
      <div className={styles.part} hidden={part !== 'steps'}>
        <Outline onInspect={onInspect} />
      </div>
      {part === 'shelf' && <Shelf />}
    </div>
  );
}
