import { server } from '../api/server.test-env';
import { act, cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { ExecutionsPage } from './ExecutionsPage';
import { executionRow, opened, signedIn } from './opened.test-env';
import { executionsSearch } from './search';

const page = { path: '/executions', component: ExecutionsPage, validateSearch: executionsSearch };
const names = () =>
  within(screen.getByRole('table', { name: 'Executions' }))
    .getAllByRole('link')
    .map((link) => link.textContent);

beforeAll(async () => {
  await startI18n('en');
  await loadWords('executions');
});

beforeEach(() => {
  server.forget();
  signedIn();
  server.lists('GET /workflows', [{ id: 'w1', name: 'orders' }]);
  server.lists('GET /workflows/executions', [executionRow('aaaaaaaa-1', { workflow_name: 'first' })]);
  server.on('GET /workflows/executions/counts', () => ({
    body: { counts: { running: 1, failed: 3 }, total: 4, capped: false },
  }));
});

afterEach(cleanup);

describe('the list of executions', () => {
  it('asks for what the address names and shows what is chosen there', async () => {
    opened(page, '/executions?status=failed&workflow=w1&q=by%3Aana');
    expect(await screen.findByRole('table', { name: 'Executions' })).toBeInTheDocument();
    expect(server.asked('GET /workflows/executions')[0]?.query).toMatchObject({
      workspace: 'default',
      workflow: 'w1',
      status: 'failed',
      started_by: 'user:ana',
    });
    expect(screen.getByRole('searchbox')).toHaveValue('by:ana');
    expect(screen.getByRole('button', { name: /failed/ })).toHaveAttribute('aria-pressed', 'true');
    await waitFor(() => expect(screen.getByRole('combobox', { name: 'Workflow' })).toHaveValue('w1'));
  });

  it('writes into the address what is chosen, and takes it out again', async () => {
    const { user, router } = opened(page);
    await user.click(await screen.findByRole('button', { name: /failed/ }));
    await waitFor(() => expect(router.state.location.search).toEqual({ status: 'failed' }));
    await user.click(screen.getByRole('button', { name: /running/ }));
    await waitFor(() => expect(router.state.location.search).toEqual({ status: 'failed,running' }));
    await user.click(screen.getByRole('button', { name: 'Clear the filters' }));
    await waitFor(() => expect(router.state.location.search).toEqual({}));
  });

  it('changes rows as the stream tells, and shows new ones when they are wanted', async () => {
    const { user } = opened(page);
    const table = await screen.findByRole('table', { name: 'Executions' });
    expect(within(table).getByText('running')).toBeInTheDocument();
    const done = executionRow('aaaaaaaa-1', { workflow_name: 'first', status: 'succeeded', rev: 2 });
    const later = executionRow('bbbbbbbb-2', { workflow_name: 'second', created_at: '2026-01-02T00:00:00Z' });
    act(() => server.sockets.at(-1)?.says({ type: 'rows', rows: [done, later], removed: [] }));
    expect(await within(table).findByText('succeeded')).toBeInTheDocument();
    expect(names()).toEqual(['first']);
    await user.click(await screen.findByRole('button', { name: /1 new execution/ }));
    expect(names()).toEqual(['second', 'first']);
  });

  it('offers to cancel those that are chosen to whoever may', async () => {
    const { user } = opened(page);
    expect(await screen.findByRole('checkbox')).not.toBeChecked();
    expect(screen.queryByRole('button', { name: 'Cancel …' })).toBeNull();
    await user.click(screen.getByRole('checkbox'));
    expect(screen.getByRole('button', { name: 'Cancel …' })).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Choose none' }));
    expect(screen.queryByRole('button', { name: 'Cancel …' })).toBeNull();
  });

  it('gives a viewer nothing to choose', async () => {
    signedIn('viewer');
    opened(page);
    await screen.findByRole('table', { name: 'Executions' });
    expect(screen.queryByRole('checkbox')).toBeNull();
  });

  it('tells an empty platform from filters that fit nothing', async () => {
    server.lists('GET /workflows/executions', []);
    opened(page);
    expect(await screen.findByRole('heading', { name: 'Nothing was run yet' })).toBeInTheDocument();
    cleanup();
    opened(page, '/executions?status=failed');
    expect(await screen.findByRole('heading', { name: 'No execution fits the filters' })).toBeInTheDocument();
  });

  it('reads on where the first page ended', async () => {
    server.on('GET /workflows/executions', ({ query }) => ({
      body: query['cursor']
        ? { results: [executionRow('cccccccc-3', { workflow_name: 'older' })], next: null }
        : { results: [executionRow('aaaaaaaa-1', { workflow_name: 'first' })], next: 'more' },
    }));
    const { user } = opened(page);
    await user.click(await screen.findByRole('button', { name: 'Show more' }));
    await waitFor(() => expect(names()).toEqual(['first', 'older']));
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
  });
});
