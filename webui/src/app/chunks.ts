/**
 * A deploy replaced the files this page still wants: what is not saved is kept, then loading the page anew is offered,
 * once. The page stays as it is; only the part that is missing says so.
 */
import i18next from 'i18next';
import { flushUnsaved } from '../stores/unsaved';
import { OUTDATED_EVENT } from '../ui/lazily';
import { say } from '../ui/Toasts';

let told = false;

/** A part that cannot be loaded while the connection is lost means nothing yet: whoever loads it finds out. */
export function watchChunks(): void {
  addEventListener(OUTDATED_EVENT, tell);
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
