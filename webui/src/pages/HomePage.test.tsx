import { server } from '../api/server.test-env';
import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { useRunDialog } from '../stores/run';
import { HomePage } from './HomePage';
import { executionRow, opened, signedIn, workflowRow } from './opened.test-env';

const home = () => opened({ path: '/', component: HomePage });

beforeAll(async () => {
  await startI18n('en');
  await Promise.all([loadWords('home'), loadWords('executions')]);
});

beforeEach(() => {
  server.forget();
  signedIn();
  useRunDialog.setState({ asked: null });
  for (const path of ['/workflows/executions', '/workflows', '/approvals']) server.lists(`GET ${path}`, []);
  server.on('GET /workflows/executions/counts', () => ({ body: { counts: {}, total: 0, capped: false } }));
});

afterEach(cleanup);

describe('the home page', () => {
  it('leads whoever has run nothing yet to the example', async () => {
    server.lists('GET /workflows', [
      workflowRow('w1', 'another'),
      workflowRow('w2', 'licence-audit', { description: 'The licences of every package.' }),
    ]);
    const { user } = home();
    expect(await screen.findByRole('heading', { name: 'Run your first workflow' })).toBeInTheDocument();
    expect(screen.getByText('The licences of every package.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Run the example …' }));
    expect(useRunDialog.getState().asked).toMatchObject({ workflowId: 'w2', name: 'licence-audit' });
  });

  it('offers another published workflow where the example was archived', async () => {
    server.lists('GET /workflows', [
      workflowRow('w0', 'unfinished', { latest_version: null }),
      workflowRow('w1', 'orders'),
    ]);
    const { user } = home();
    await user.click(await screen.findByRole('button', { name: 'Run orders …' }));
    expect(useRunDialog.getState().asked).toMatchObject({ workflowId: 'w1' });
  });

  it('says why somebody may not run it', async () => {
    const can = { start: 'Only operators may start executions.' };
    server.lists('GET /workflows', [workflowRow('w2', 'licence-audit', { can })]);
    const { user } = home();
    const button = await screen.findByRole('button', { name: /Run the example/ });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.click(button);
    expect(useRunDialog.getState().asked).toBeNull();
  });

  it('sends a person without any workflow to make one', async () => {
    home();
    expect(await screen.findByRole('link', { name: 'To the workflows' })).toHaveAttribute(
      'href',
      '/workflows',
    );
  });

  it('shows what runs apart from what ran, what waits for a decision and what failed last', async () => {
    server.lists('GET /workflows/executions', [
      executionRow('aaaaaaaa-1'),
      executionRow('bbbbbbbb-2', { status: 'succeeded', finished_at: '2026-01-01T00:00:05Z' }),
    ]);
    server.lists('GET /approvals', [
      { id: 'q1', title: 'Ship it?', workflow_name: 'orders', created_at: '2026-01-01T00:00:00Z' },
    ]);
    server.lists('GET /workflows', [workflowRow('w9', 'broken')]);
    home();
    const running = await screen.findByRole('table', { name: 'Running now' });
    expect(within(running).getAllByRole('link')).toHaveLength(1);
    expect(
      within(screen.getByRole('table', { name: 'Latest executions' })).getAllByRole('link'),
    ).toHaveLength(2);
    expect(await screen.findByRole('link', { name: 'Ship it?' })).toHaveAttribute('href', '/approvals?id=q1');
    expect(await screen.findByRole('link', { name: 'broken' })).toBeInTheDocument();
    expect(server.asked('GET /workflows')[0]?.query).toMatchObject({ last_status: 'failed,timed_out' });
    expect(screen.queryByRole('heading', { name: 'Run your first workflow' })).toBeNull();
  });

  it('that cannot be loaded says so and tries again', async () => {
    server.on('GET /workflows/executions', () => ({
      status: 503,
      body: { code: 'unavailable', detail: 'The database does not answer.', status: 503 },
    }));
    const { user } = home();
    expect(await screen.findByRole('alert')).toHaveTextContent('The database does not answer.');
    server.lists('GET /workflows/executions', [executionRow('aaaaaaaa-1')]);
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('table', { name: 'Running now' })).toBeInTheDocument();
  });
});
