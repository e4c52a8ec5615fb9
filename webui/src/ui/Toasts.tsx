import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import { Button, IconButton } from './Button';
import { lazily } from './lazily';
import { Overlay } from './states';
import styles from './Toasts.module.css';

const ToastDetails = lazily(() => import('./ToastDetails'));

export interface Toast {
  id: number;
  text: string;
  detail?: string;
  /** Under which the platform's log tells of the request that failed. */
  reference?: string;
  kind: 'info' | 'error';
  action?: { label: string; run: () => void };
}

const MOST = 3;
const STAY_MS = 8000;

interface Shown {
  toasts: Toast[];
  show: (toast: Omit<Toast, 'id'>) => void;
  drop: (id: number) => void;
}

let last = 0;

/** What is said at the edge of the page. An error stays until it is dismissed. */
export const useToasts = create<Shown>((set) => ({
  toasts: [],
  show: (toast) => set(({ toasts }) => ({ toasts: [...toasts.slice(1 - MOST), { ...toast, id: ++last }] })),
  drop: (id) => set(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) })),
}));

/** Say something from outside of a component. */
export function say(text: string, more: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  useToasts.getState().show({ text, kind: 'info', ...more });
}

/** Say what went wrong and why, as the interface told it. */
export function complain(text: string, error: { message: string; requestId?: string | null }): void {
  const reference = error.requestId;
  say(text, { kind: 'error', detail: error.message, ...(reference ? { reference } : {}) });
}

export function Toasts() {
  const { t } = useTranslation();
  const { toasts, drop } = useToasts();
  return (
    <Radix.Provider label={t('toasts.label')} swipeDirection="left">
      {toasts.map((toast) => (
        <Radix.Root
          key={toast.id}
          className={styles.toast}
          data-kind={toast.kind}
          type={toast.kind === 'error' ? 'foreground' : 'background'}
          duration={toast.kind === 'error' ? Infinity : STAY_MS}
          onOpenChange={(open) => !open && drop(toast.id)}
        >
          <div>
            <Radix.Title>{toast.text}</Radix.Title>
            {toast.detail && <Radix.Description className={styles.detail}>{toast.detail}</Radix.Description>}
            {toast.kind === 'error' && (
              <Overlay>
                <ToastDetails toast={toast} />
              </Overlay>
            )}
          </div>
          {toast.action && (
            <Radix.Action asChild altText={toast.action.label}>
              <Button onClick={toast.action.run}>{toast.action.label}</Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton label={t('close')} icon={<X size={14} aria-hidden />} />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className={styles.viewport} label={t('toasts.region', { keys: '{hotkey}' })} />
    </Radix.Provider>
  );
}
