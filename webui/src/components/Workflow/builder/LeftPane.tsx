import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nodesOf } from '../../../document/model';
import { useKeys, type Shortcut } from '../../../keyboard/keys';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { Outline } from './Outline';
import { Shelf } from './Shelf';
import { useNodeDeeds } from './useNodeDeeds';

const PARTS = ['steps', 'shelf'] as const;

/** Beside the graph: the steps as a tree, or what can be added. The other one stays as it was left. */
export function LeftPane({ onInspect }: { onInspect: () => void }) {
  const { t } = useTranslation('builder');
  const [part, setPart] = useState<(typeof PARTS)[number]>('steps');
  useToldKeys();
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

/** The keys of a step in the tree and the graph, for the sheet that lists them. */
function useToldKeys(): void {
  const { t } = useTranslation('builder');
  const { draft } = useBuilder();
  const deedsOf = useNodeDeeds();
  const first = nodesOf(draft)[0]?.id;
  const told =
    first === undefined ? [] : deedsOf(first).flatMap(({ keys, label }) => (keys ? [{ keys, label }] : []));
  const digest = JSON.stringify(told);
  useKeys(
    useMemo(() => {
      const scope = t('of_step');
      return (JSON.parse(digest) as typeof told).map((one): Shortcut => ({ ...one, scope }));
    }, [digest, t]),
  );
}
