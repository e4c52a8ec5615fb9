import { LayoutGrid, List, Maximize2, Minus, Plus } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Layout } from '../layout/model';
import { IconButton } from '../ui/Button';
import type { Camera } from './camera';
import type { GraphEditing } from './editing';
import styles from './WorkflowGraph.module.css';

interface ToolsProps {
  camera: Camera;
  layout: Layout;
  list: boolean;
  onList: () => void;
  tidy: GraphEditing['tidy'] | undefined;
}

/** What changes the view, for who has no wheel and knows no keys. */
export function Tools({ camera, layout, list, onList, tidy }: ToolsProps) {
  const { t } = useTranslation('graph');
  const percent = useSyncExternalStore(camera.subscribe, camera.percent);
  const icon = { size: 16, 'aria-hidden': true } as const;
  return (
    <div className={styles.tools} role="toolbar" aria-label={t('tools')}>
      <IconButton label={t('list')} icon={<List {...icon} />} aria-pressed={list} onClick={onList} />
      <IconButton label={t('smaller')} icon={<Minus {...icon} />} onClick={() => camera.zoom(0.8)} />
      <span className={styles.percent}>{percent}%</span>
      <IconButton label={t('larger')} icon={<Plus {...icon} />} onClick={() => camera.zoom(1.25)} />
      <IconButton
        label={t('fit')}
        icon={<Maximize2 {...icon} />}
        onClick={() => camera.fit({ x: 0, y: 0, width: layout.width, height: layout.height })}
      />
      {tidy && (
        <IconButton
          label={t('tidy')}
          icon={<LayoutGrid {...icon} />}
          why={tidy.why ?? undefined}
          onClick={() => tidy.run()}
        />
      )}
    </div>
  );
}
