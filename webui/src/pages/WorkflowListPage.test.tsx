import { server } from '../api/server.test-env';
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { handle } from '../keyboard/keys';
import { useRunDialog } from '../stores/run';
import { opened, signedIn, workflowRow } from './opened.test-env';
import { workflowsSearch } from './search';
import { WorkflowListPage } from './WorkflowListPage';

const page = { path: '/workflows', component: WorkflowListPage, validateSearch: workflowsSearch };
const listed = () => server.asked('GET /workflows');

beforeAll(async () => {
  await startI18n('en');
  await loadWords('workflows');
});

beforeEach(() => {
  server.forget();
  signedIn();
  useRunDialog.setState({ asked: null });
  server.lists('GET /workflows', [
    workflowRow('w1', 'orders', { description: 'Ships them.', latest_version: 3, changed: true }),
    workflowRow('w2', 'sketch', { latest_version: null, draft_errors: 2 }),
  ]);
});

afterEach(cleanup);

describe('the list of workflows', () => {
  it('asks for what the address names', async () => {
    opened(page, '/workflows?q=ship&show=failing&sort=name');
    expect(await screen.findByRole('link', { name: 'orders' })).toHaveAttribute('href', '/workflows/w1');
    expect(listed()[0]?.query).toMatchObject({
      workspace: 'default',
      search: 'ship',
      last_status: 'failed,timed_out',
      sort: 'name',
    });
  });

  it('says of each what is published, changed and wrong', async () => {
    opened(page);
    const [, first, second] = await screen.findAllByRole('row');
    expect(first).toHaveTextContent('v3 · changed since');
    expect(second).toHaveTextContent('not published · 2 problems');
  });

  it('writes the chosen filter into the address and asks anew', async () => {
    const { user, router } = opened(page);
    await user.click(await screen.findByRole('button', { name: 'Archived' }));
    await waitFor(() => expect(router.state.location.search).toEqual({ show: 'archived' }));
    await waitFor(() => expect(listed().at(-1)?.query).toMatchObject({ archived: 'true' }));
  });

  it('searches when typing rests', async () => {
    const { user, router } = opened(page);
    await user.type(await screen.findByRole('searchbox'), 'ship');
    await waitFor(() => expect(router.state.location.search).toEqual({ q: 'ship' }));
    await waitFor(() => expect(listed().at(-1)?.query['search']).toBe('ship'));
    expect(listed()).toHaveLength(2);
  });

  it('runs the newest version from a row, or the draft where nothing is published', async () => {
    const { user } = opened(page);
    await user.click(await screen.findByRole('button', { name: 'Actions for sketch' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Run the draft …' }));
    expect(useRunDialog.getState().asked).toEqual({ workflowId: 'w2', name: 'sketch', version: 'draft' });
  });

  it('archives from a row, and not what may not be', async () => {
    const can = { start: true, archive: 'Only editors may archive.' };
    server.lists('GET /workflows', [workflowRow('w1', 'orders'), workflowRow('w3', 'kept', { can })]);
    server.on('DELETE /workflows/w1', () => ({ body: workflowRow('w1', 'orders') }));
    const { user } = opened(page);
    await user.click(await screen.findByRole('button', { name: 'Actions for kept' }));
    const off = await screen.findByRole('menuitem', { name: /Archive/ });
    expect(off).toHaveAccessibleName(/Only editors may archive\./);
    await user.keyboard('{Escape}');
    await user.click(screen.getByRole('button', { name: 'Actions for orders' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Archive' }));
    await waitFor(() => expect(server.asked('DELETE /workflows/w1')).toHaveLength(1));
    expect(server.asked('DELETE /workflows/w3')).toEqual([]);
  });

  it('walks its rows by key', async () => {
    opened(page);
    const table = await screen.findByRole('table', { name: 'Workflows' });
    const press = (key: string) => handle(new KeyboardEvent('keydown', { key }));
    press('j');
    await waitFor(() => expect(within(table).getByRole('link', { name: 'orders' })).toHaveFocus());
    press('j');
    await waitFor(() => expect(within(table).getByRole('link', { name: 'sketch' })).toHaveFocus());
    press('k');
    await waitFor(() => expect(within(table).getByRole('link', { name: 'orders' })).toHaveFocus());
  });

  it('loses no key that comes before the last one is rendered', async () => {
    opened(page);
    const table = await screen.findByRole('table', { name: 'Workflows' });
    for (const key of ['j', 'j']) handle(new KeyboardEvent('keydown', { key }));
    expect(within(table).getByRole('link', { name: 'sketch' })).toHaveFocus();
  });

  it('tells a viewer why there is nothing to make', async () => {
    signedIn('viewer');
    server.lists('GET /workflows', []);
    const { user } = opened(page);
    expect(await screen.findByRole('heading', { name: 'There are no workflows yet' })).toBeInTheDocument();
    const [button] = screen.getAllByRole('button', { name: 'New workflow' });
    expect(button).toHaveAttribute('aria-disabled', 'true');
    await user.click(button as HTMLElement);
    expect(screen.queryByRole('dialog')).toBeNull();
  });
});
