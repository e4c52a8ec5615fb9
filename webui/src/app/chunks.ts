/** A deploy replaced the files this page still wants: say so once and offer to load the page anew. */
import i18next from 'i18next';
import { say } from '../ui/Toasts';

let told = false;

/** Vite tells when a lazy part cannot be loaded. */
export function watchChunks(): void {
  addEventListener('vite:preloadError', (event) => {
    event.preventDefault();
    if (told) return;
    told = true;
    say(i18next.t('update.title'), {
      kind: 'error',
      detail: i18next.t('update.text'),
      action: { label: i18next.t('update.reload'), run: () => location.reload() },
    });
  });
}
