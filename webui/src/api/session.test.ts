import { server } from './server.test-env';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { refresh, useSession } from './session';

const person = (id: string) => ({ user: { id, username: id } }) as never;
const reload = vi.fn();

beforeEach(() => {
  server.forget();
  reload.mockClear();
  vi.spyOn(location, 'reload').mockImplementation(reload);
});
afterEach(() => useSession.setState({ me: null, ended: false }));

it('goes on where one was when the same person signs in again over the page', async () => {
  useSession.setState({ me: person('ana'), ended: true });
  server.on('GET /me', () => ({ body: person('ana') }));
  await refresh();
  expect(useSession.getState().ended).toBe(false);
  expect(reload).not.toHaveBeenCalled();
});

it('shows nothing of one person to another who signs in over the page', async () => {
  useSession.setState({ me: person('ana'), ended: true });
  server.on('GET /me', () => ({ body: person('bo') }));
  await refresh();
  expect(useSession.getState().me?.user.id).toBe('bo');
  expect(reload).toHaveBeenCalledOnce();
});
