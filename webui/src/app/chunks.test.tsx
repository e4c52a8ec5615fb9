import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startI18n } from '../i18n';
import { holdUnsaved } from '../stores/unsaved';
import { lazily } from '../ui/lazily';
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
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** A part that is no longer on the server. */
function gone(): Promise<never> {
  return Promise.reject(new TypeError('Failed to fetch dynamically imported module: /static/a.js'));
}

it('says nothing of a version while nothing answers', async () => {
  useToasts.setState({ toasts: [] });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no')));
  const Waiting = lazily(gone);
  render(
    <Part rows={1}>
      <Waiting />
    </Part>,
  );
  await new Promise((resolve) => setTimeout(resolve));
  expect(useToasts.getState().toasts).toEqual([]);
});

it('keeps what is not saved, offers one reload, and leaves the rest of the page standing', async () => {
  const flush = vi.fn(async () => undefined);
  const stop = holdUnsaved(flush);
  vi.stubGlobal('fetch', async () => new Response());
  const [Gone, Dialog] = [lazily(gone), lazily(gone)];
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
  await vi.waitFor(() => expect(flush).toHaveBeenCalled());
  const { toasts } = useToasts.getState();
  expect(toasts.map(({ text }) => text)).toEqual(['Fermata was updated']);
  expect(toasts[0]?.action?.label).toBe('Load the page anew');
  stop();
});
