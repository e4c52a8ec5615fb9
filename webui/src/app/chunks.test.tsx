import { cleanup, render, screen } from '@testing-library/react';
import { lazy } from 'react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startI18n } from '../i18n';
import { holdUnsaved } from '../stores/unsaved';
import { Overlay, Part } from '../ui/states';
import { useToasts } from '../ui/Toasts';
import { watchChunks } from './chunks';

beforeAll(async () => {
  await startI18n('en');
  watchChunks();
});
beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined); // React tells of what a boundary caught
});
afterEach(cleanup);

/** As Vite does it when a part is no longer on the server. */
function gone(): Promise<never> {
  const payload = new TypeError('Failed to fetch dynamically imported module: /static/a.js');
  window.dispatchEvent(Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload }));
  return Promise.reject(payload);
}

it('keeps what is not saved, offers one reload, and leaves the rest of the page standing', async () => {
  const flush = vi.fn(async () => undefined);
  const stop = holdUnsaved(flush);
  const [Gone, Dialog] = [lazy(gone), lazy(gone)];
  render(
    <>
      <p>the page</p>
      <Part rows={1}>
        <Gone />
      </Part>
      <Overlay until={<i>until then</i>}>
        <Dialog />
      </Overlay>
    </>,
  );
  expect(await screen.findByRole('alert')).toHaveTextContent('Fermata was updated');
  expect(screen.getByRole('button', { name: 'Load the page anew' })).toBeVisible();
  expect(screen.getByText('the page')).toBeVisible();
  expect(screen.getByText('until then')).toBeVisible();
  expect(flush).toHaveBeenCalled();
  const { toasts } = useToasts.getState();
  expect(toasts.map(({ text }) => text)).toEqual(['Fermata was updated']);
  expect(toasts[0]?.action?.label).toBe('Load the page anew');
  stop();
});
