import { Code } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../../../keyboard/keys';
import { useCommand } from '../../../../stores/palette';
import { Button } from '../../../../ui/Button';
import styles from './code.module.css';

export interface CodeToggleProps {
  open: boolean;
  onCode: (open: boolean) => void;
}

const KEYS = 'Ctrl+E';

/** Shows and hides the code: a button, a key and a command of the palette. */
export function CodeToggle({ open, onCode }: CodeToggleProps) {
  const { t } = useTranslation('builder');
  const toggle = useRef(() => onCode(!open));
  useEffect(() => {
    toggle.current = () => onCode(!open);
  });
  const label = open ? t('code.hide') : t('code.show');
  useKeys(
    useMemo(
      () => [{ keys: KEYS, label: t('code.show'), scope: t('scope'), run: () => toggle.current() }],
      [t],
    ),
  );
  useCommand(useMemo(() => ({ label, keys: KEYS, run: () => toggle.current() }), [label]));
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    // What had the focus may have gone with the pane.
    const button = place.current?.querySelector('button');
    if (!open) return () => undefined;
    return () => {
      setTimeout(() => document.activeElement === document.body && button?.focus());
    };
  }, [open]);
  return (
    <span ref={place}>
      <Button className={styles.toggle ?? ''} aria-pressed={open} onClick={() => onCode(!open)}>
        <Code size={16} aria-hidden />
        {t('code.title')}
      </Button>
    </span>
  );
}
