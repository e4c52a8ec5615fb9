import { server } from '../api/server.test-env';
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { useRunDialog } from '../stores/run';
import { useToasts } from '../ui/Toasts';
import { executionRow, opened, signedIn, workflowRow } from './opened.test-env';
import { workflowSearch } from './workflow/view';
import { WorkflowsPage } from './WorkflowsPage';

const page = { path: '/workflows/$workflowId', component: WorkflowsPage, validateSearch: workflowSearch };
const at = (search: string) => opened(page, `/workflows/w1?${search}`);

const DIFF = {
  equal: false,
  nodes: {
    added: [{ id: 'ship' }],
    removed: [{ id: 'draw' }],
    changed: [{ id: 'pay', changes: [{ pointer: '/nodes/3/config/url' }] }],
  },
  edges: { added: [{}], removed: [], changed: [{}] },
  document: [{ pointer: '/settings/timeout' }],
  text: { unified: '@@ -1 +1 @@\n-old\n+new', truncated: false },
  truncated: false,
};

beforeAll(async () => {
  await startI18n('en');
  await Promise.all([loadWords('workflows'), loadWords('workflow'), loadWords('executions')]);
});

beforeEach(() => {
  server.forget();
  signedIn();
  useRunDialog.setState({ asked: null });
  useToasts.setState({ toasts: [] });
  server.on('GET /workflows/w1', () => ({ body: workflowRow('w1', 'orders', { latest_version: 3 }) }));
  server.lists(
    'GET /workflows/w1/versions',
    [3, 2, 1].map((version) => ({
      id: `v${version}`,
      version,
      created_at: '2026-01-01T00:00:00Z',
      created_by: 'ana',
    })),
  );
  server.on('GET /workflows/w1/diff', () => ({ body: DIFF }));
});

afterEach(cleanup);

describe('the page of a workflow', () => {
  it('leads to its views by links, of which one is the current', async () => {
    const { user, router } = at('tab=versions');
    const tabs = await screen.findByRole('navigation', { name: 'Views of the workflow' });
    expect(within(tabs).getByRole('link', { current: 'page' })).toHaveTextContent('Versions');
    server.lists('GET /workflows/executions', []);
    await user.click(within(tabs).getByRole('link', { name: 'Executions' }));
    await waitFor(() => expect(router.state.location.search).toEqual({ tab: 'executions' }));
    expect(await screen.findByRole('heading', { name: 'It has not been run yet' })).toBeInTheDocument();
    expect(within(tabs).getByRole('link', { current: 'page' })).toHaveTextContent('Executions');
  });

  it('lists its executions and leads to each', async () => {
    server.lists('GET /workflows/executions', [executionRow('aaaaaaaa-1')]);
    at('tab=executions');
    expect(await screen.findByRole('link', { name: 'aaaaaa-1' })).toHaveAttribute(
      'href',
      '/executions/aaaaaaaa-1',
    );
    expect(server.asked('GET /workflows/executions')[0]?.query).toMatchObject({ workflow: 'w1' });
  });

  it('compares the newest version with the one before, unless the address says otherwise', async () => {
    const { user, router } = at('tab=versions');
    expect(await screen.findByRole('combobox', { name: 'From' })).toHaveValue('2');
    expect(screen.getByRole('combobox', { name: 'To' })).toHaveValue('3');
    expect(server.asked('GET /workflows/w1/diff')[0]?.query).toEqual({ from: '2', to: '3' });
    await user.selectOptions(screen.getByRole('combobox', { name: 'To' }), 'draft');
    await waitFor(() => expect(router.state.location.search).toMatchObject({ a: 2, b: 'draft' }));
    await waitFor(() =>
      expect(server.asked('GET /workflows/w1/diff').at(-1)?.query).toEqual({ from: '2', to: 'draft' }),
    );
  });

  it('shows the nodes, the edges, the document and the lines that differ', async () => {
    at('tab=versions&a=1&b=3');
    const added = (await screen.findByRole('heading', { name: 'Added' })).parentElement as HTMLElement;
    expect(within(added).getByText('ship')).toBeInTheDocument();
    expect(screen.getByText('draw')).toBeInTheDocument();
    expect(screen.getByText('config/url', { exact: false })).toBeInTheDocument();
    expect(screen.getByText('2 edges differ')).toBeInTheDocument();
    expect(screen.getByText('/settings/timeout')).toBeInTheDocument();
    const lines = [...screen.getByLabelText('Difference of the text').children];
    expect(lines.map((line) => [line.getAttribute('data-kind'), line.textContent?.trim()])).toEqual([
      ['place', '@@ -1 +1 @@'],
      ['removed', '-old'],
      ['added', '+new'],
    ]);
  });

  it('says when two versions are the same, and when nothing is published', async () => {
    server.on('GET /workflows/w1/diff', () => ({ body: { ...DIFF, equal: true } }));
    at('tab=versions');
    expect(await screen.findByText('Both are the same.')).toBeInTheDocument();
    cleanup();
    server.lists('GET /workflows/w1/versions', []);
    at('tab=versions');
    expect(await screen.findByRole('heading', { name: 'Nothing published yet' })).toBeInTheDocument();
  });

  it('restores a version into the draft, and takes that back', async () => {
    const draft = { rev: 8, definition: { nodes: [] }, editor: { nodes: {} }, source: null };
    server.on('GET /workflows/w1', () => ({
      body: workflowRow('w1', 'orders', { latest_version: 3, changed: true, can: { edit: true } }),
    }));
    server.on('GET /workflows/w1/draft', () => ({ body: draft }));
    server.on('POST /workflows/w1/restore', () => ({ body: { ...draft, rev: 9 } }));
    server.on('PUT /workflows/w1/draft', () => ({ body: { ...draft, rev: 10 } }));
    const { user } = at('tab=versions');
    await user.click(await screen.findByRole('button', { name: 'Restore v1 into the draft' }));
    await waitFor(() => expect(useToasts.getState().toasts).toHaveLength(1));
    const [restored] = server.asked('POST /workflows/w1/restore');
    expect([JSON.parse(restored?.body ?? ''), restored?.headers['if-match']]).toEqual([
      { version: 1 },
      '"8"',
    ]);
    const [toast] = useToasts.getState().toasts;
    expect(toast?.text).toBe('The draft is as v1 again. Publish it to put it in force.');
    toast?.action?.run();
    await waitFor(() => expect(server.asked('PUT /workflows/w1/draft')).toHaveLength(1));
    const [back] = server.asked('PUT /workflows/w1/draft');
    const { rev: _, ...content } = draft;
    expect([JSON.parse(back?.body ?? ''), back?.headers['if-match']]).toEqual([content, '"9"']);
  });

  it('says why a version cannot be restored', async () => {
    const user = userEvent.setup();
    server.on('GET /workflows/w1', () => ({
      body: workflowRow('w1', 'orders', { latest_version: 3, can: { edit: true } }),
    }));
    at('tab=versions');
    const newest = await screen.findByRole('button', { name: 'Restore v3 into the draft' });
    await user.click(newest);
    expect(await screen.findByRole('tooltip')).toHaveTextContent('The draft is as this version.');
    expect(server.asked('POST /workflows/w1/restore')).toEqual([]);
    server.on('POST /workflows/w1/restore', () => ({
      status: 412,
      body: { status: 412, code: 'moved', detail: 'Ben was faster.' },
    }));
    server.on('GET /workflows/w1/draft', () => ({ body: { rev: 8 } }));
    await user.click(screen.getByRole('button', { name: 'Restore v2 into the draft' }));
    await waitFor(() => expect(useToasts.getState().toasts.at(-1)?.detail).toBe('Ben was faster.'));
  });

  it('runs the draft where nothing is published', async () => {
    server.on('GET /workflows/w1', () => ({ body: workflowRow('w1', 'orders', { latest_version: null }) }));
    const { user } = at('tab=versions');
    await user.click(await screen.findByRole('button', { name: 'Run the draft …' }));
    expect(useRunDialog.getState().asked).toEqual({ workflowId: 'w1', name: 'orders', version: 'draft' });
  });

  it('that is not there says so', async () => {
    opened(page, '/workflows/nothing');
    const title = { level: 1, name: 'There is no such workflow' };
    expect(await screen.findByRole('heading', title)).toBeInTheDocument();
  });
});
