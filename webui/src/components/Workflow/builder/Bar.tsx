import { Play, Redo2, Undo2, Upload } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../../../ui/Button';
import styles from './builder.module.css';
import { useBuilder } from './context';

export interface BarProps {
  onUndo: () => void;
  onRedo: () => void;
  onRun: () => Promise<void>;
  onPublish: () => Promise<void>;
  whyNotRun: string | undefined;
  whyNotPublish: string | undefined;
  /** Beside the button that runs the draft. */
  children?: ReactNode;
}

/** Undo, whether all is saved, run and publish. */
export function Bar({ onUndo, onRedo, onRun, onPublish, whyNotRun, whyNotPublish, children }: BarProps) {
  const { t } = useTranslation('builder');
  const { state } = useBuilder();
  const [busy, setBusy] = useState<'run' | 'publish' | null>(null);
  const once = (what: 'run' | 'publish', deed: () => Promise<void>) => (): void => {
    setBusy(what);
    void deed().finally(() => setBusy(null));
  };
  return (
    <div className={styles.bar} role="toolbar" aria-label={t('tools')}>
      <IconButton
        label={t('undo')}
        icon={<Undo2 size={16} aria-hidden />}
        why={state.canUndo ? undefined : t('why.nothing_to_undo')}
        onClick={onUndo}
      />
      <IconButton
        label={t('redo')}
        icon={<Redo2 size={16} aria-hidden />}
        why={state.canRedo ? undefined : t('why.nothing_to_redo')}
        onClick={onRedo}
      />
      <span className={styles.saving} role="status" data-saving={state.saving}>
        {t(`saving.${state.saving}`)}
      </span>
      <span className={styles.space} />
      {children}
      <Button why={whyNotRun} busy={busy === 'run'} onClick={once('run', onRun)}>
        <Play size={16} aria-hidden />
        {t('run_draft')}
      </Button>
      <Button
        kind="primary"
        why={whyNotPublish}
        busy={busy === 'publish'}
        onClick={once('publish', onPublish)}
      >
        <Upload size={16} aria-hidden />
        {t('publish')}
      </Button>
    </div>
  );
}
