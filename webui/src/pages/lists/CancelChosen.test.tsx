import { server } from '../../api/server.test-env';
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadWords, startI18n } from '../../i18n';
import { Toasts } from '../../ui/Toasts';
import { executionRow, opened, signedIn } from '../opened.test-env';
import { CancelChosen } from './CancelChosen';

function chosen(rows: object[]) {
  const onDone = vi.fn();
  const component = () => (
    <>
      <CancelChosen rows={rows as never} onDone={onDone} />
      <Toasts />
    </>
  );
  return { ...opened({ path: '/', component }), onDone };
}

beforeAll(async () => {
  await startI18n('en');
  await loadWords('executions');
});

beforeEach(() => {
  server.forget();
  signedIn();
});

afterEach(cleanup);

describe('the executions that are chosen', () => {
  it('are cancelled once each after a question, those that ended left out', async () => {
    const ids = Array.from({ length: 6 }, (_, at) => `run-${at}`);
    for (const id of ids) server.on(`POST /workflows/executions/${id}/cancel`, () => ({ body: {} }));
    const { user, onDone } = chosen([
      ...ids.map((id) => executionRow(id)),
      executionRow('over', { status: 'succeeded' }),
    ]);
    await user.click(await screen.findByRole('button', { name: 'Cancel …' }));
    expect(await screen.findByRole('dialog', { name: 'Cancel 6 executions?' })).toBeInTheDocument();
    expect(server.sent).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Cancel them' }));
    expect(await screen.findByText('6 executions are being cancelled.')).toBeInTheDocument();
    expect(server.sent.map(({ path }) => path).sort()).toEqual(
      ids.map((id) => `/workflows/executions/${id}/cancel`),
    );
    expect(onDone).toHaveBeenCalledOnce();
  });

  it('are told apart from those that were refused, each reason once', async () => {
    server.on('POST /workflows/executions/a/cancel', () => ({ body: {} }));
    const refusal = { status: 409, body: { code: 'conflict', detail: 'It has ended.', status: 409 } };
    for (const id of ['b', 'c']) server.on(`POST /workflows/executions/${id}/cancel`, () => refusal);
    const { user } = chosen(['a', 'b', 'c'].map((id) => executionRow(id)));
    await user.click(await screen.findByRole('button', { name: 'Cancel …' }));
    await user.click(await screen.findByRole('button', { name: 'Cancel them' }));
    expect(await screen.findByText('2 could not be cancelled.')).toBeInTheDocument();
    expect(screen.getByText('It has ended.')).toBeInTheDocument();
  });

  it('are kept when the question is answered so', async () => {
    const { user, onDone } = chosen([executionRow('a')]);
    await user.click(await screen.findByRole('button', { name: 'Cancel …' }));
    await user.click(await screen.findByRole('button', { name: 'Keep them' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(server.sent).toEqual([]);
    expect(onDone).not.toHaveBeenCalled();
  });

  it('offer nothing to cancel when all of them ended', async () => {
    const { user } = chosen([executionRow('a', { status: 'failed' })]);
    const button = await screen.findByRole('button', { name: 'Cancel …' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.click(button);
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});
