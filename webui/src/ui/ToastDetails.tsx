import { Copy } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './Button';
import { copyText } from './clipboard';
import type { Toast } from './Toasts';
import styles from './ToastDetails.module.css';

/** What whoever mends it wants to know, to be taken along. */
export default function ToastDetails({ toast: { text, detail, reference } }: { toast: Toast }) {
  const { t } = useTranslation();
  const [word, setWord] = useState<'copy' | 'copied' | 'not_copied'>('copy');
  const copy = async (): Promise<void> => {
    const request = reference && t('toasts.reference', { reference });
    const lines = [text, detail, request, location.href, new Date().toISOString()];
    setWord((await copyText(lines.filter(Boolean).join('\n'))) ? 'copied' : 'not_copied');
  };
  return (
    <div className={styles.more}>
      {reference && <span>{t('toasts.reference', { reference })}</span>}
      <Button kind="quiet" onClick={() => void copy()}>
        <Copy size={12} aria-hidden />
        <span role="status">{t(`toasts.${word}`)}</span>
      </Button>
    </div>
  );
}
