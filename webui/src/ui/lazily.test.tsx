import { cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startI18n } from '../i18n';
import { lazily } from './lazily';
import { Part } from './states';

let answering: Response | null;
beforeAll(() => startI18n('en'));
beforeEach(() => {
  vi.stubGlobal('fetch', () =>
    answering ? Promise.resolve(answering) : Promise.reject(new TypeError('no')),
  );
  vi.spyOn(console, 'error').mockImplementation(() => undefined); // React tells of what a boundary caught
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

it('waits for a connection, and shows the part as soon as it is there, with its styles', async () => {
  answering = null;
  const lost = document.createElement('link');
  lost.rel = 'stylesheet';
  Object.defineProperty(lost, 'sheet', { value: null });
  document.head.append(lost);
  const load = vi
    .fn(async () => ({ default: () => <p>the part</p> }))
    .mockRejectedValueOnce(new TypeError('Failed to fetch dynamically imported module'));
  const LatePart = lazily(load);
  render(
    <Part rows={1}>
      <LatePart />
    </Part>,
  );
  await vi.waitFor(() => expect(load).toHaveBeenCalledOnce());
  expect(screen.queryByRole('alert')).toBeNull();
  await new Promise((resolve) => setTimeout(resolve)); // it has asked, and waits
  window.dispatchEvent(new Event('online'));
  await vi.waitFor(() => expect(lost.isConnected).toBe(false));
  document.head.querySelector('link[rel=stylesheet]')?.dispatchEvent(new Event('load'));
  expect(await screen.findByText('the part')).toBeVisible();
  expect(load).toHaveBeenCalledTimes(2);
  document.head.querySelector('link[rel=stylesheet]')?.remove();
});

it('asks once more when the server has come back in between', async () => {
  answering = new Response('', { status: 200 });
  const load = vi
    .fn(async () => ({ default: () => <p>the part</p> }))
    .mockRejectedValueOnce(new TypeError('Failed to fetch'));
  const LatePart = lazily(load);
  render(
    <Part rows={1}>
      <LatePart />
    </Part>,
  );
  expect(await screen.findByText('the part')).toBeVisible();
});

it('is of another version when the server is there and does not have it', async () => {
  answering = new Response('', { status: 404 });
  const GonePart = lazily(() => Promise.reject(new TypeError('Failed to fetch')));
  render(
    <Part rows={1}>
      <GonePart />
    </Part>,
  );
  expect(await screen.findByRole('alert')).toHaveTextContent('Fermata was updated');
  expect(screen.getByRole('button', { name: 'Load the page anew' })).toBeVisible();
});
