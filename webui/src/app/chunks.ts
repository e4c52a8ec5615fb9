/**
 * A deploy replaced the files this page still wants: what is not saved is kept, then loading the page anew is offered,
 * once. The page stays as it is; only the part that is missing says so.
 */
import i18next from 'i18next';
import { flushUnsaved } from '../stores/unsaved';
import { answers } from '../ui/lazily';
import { say } from '../ui/Toasts';

let told = false;

/** Vite tells when a lazy part cannot be loaded; without a connection that means nothing yet. */
export function watchChunks(): void {
  addEventListener('vite:preloadError', () => void answers().then((yes) => yes && tell()));
}

function tell(): void {
  void flushUnsaved();
  if (told) return;
  told = true;
  say(i18next.t('update.title'), {
    kind: 'error',
    detail: i18next.t('update.text'),
    action: { label: i18next.t('update.reload'), run: reload },
  });
}

function reload(): void {
  void flushUnsaved().then(() => location.reload());
}
