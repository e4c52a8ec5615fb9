import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

const server = vi.hoisted(() => {
  const starts: { key: string | null; body: { input: unknown } }[] = [];
  const state = { refuse: false };
  const inputs = {
    required: ['name'],
    properties: { name: { type: 'string', title: 'Name', maxLength: 9, default: 'Ada' } },
  };
  const answers: Record<string, unknown> = {
    '/w1': { id: 'w1', latest_version: 2, can: { start: true, start_draft: true } },
    '/w1/versions/2': { definition: { inputs } },
    '/w1/executions': { results: [{ id: '0194abcd-x', created_at: '2026-01-01T00:00:00Z' }], next: null },
    '/executions/0194abcd-x': { input: { name: 'Grace' } },
  };
  globalThis.fetch = (async (input: Request) => {
    const path = new URL(input.url, 'http://here').pathname.replace('/api/v1/workflows', '');
    const answer = (status: number, body: unknown) =>
      new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
    if (input.method === 'GET') return answer(200, answers[path]);
    starts.push({ key: input.headers.get('Idempotency-Key'), body: await input.json() });
    if (!state.refuse) return answer(202, { id: 'e1' });
    const problems = [{ code: 'x', pointer: '/input/name', message: 'Nobody is called so.', cure: '' }];
    return answer(422, { code: 'invalid', detail: 'The input does not fit.', status: 422, problems });
  }) as typeof fetch;
  return { starts, state };
});

import { loadWords, startI18n } from '../../i18n';
import { TooltipProvider } from '../../ui/Tooltip';
import RunDialog from './RunDialog';

async function dialog() {
  const root = createRootRoute({ component: Outlet });
  const at = (path: string, component: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component });
  const router = createRouter({
    routeTree: root.addChildren([
      at('/', () => <RunDialog asked={{ workflowId: 'w1', name: 'greet' }} />),
      at('/executions/$executionId', () => <p>its page</p>),
    ]),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <RouterProvider router={router as never} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { user: userEvent.setup(), router, name: await screen.findByLabelText(/^Name/) };
}

beforeAll(async () => {
  await startI18n('en');
  await loadWords('run');
  await loadWords('forms');
});

afterEach(() => {
  cleanup();
  localStorage.clear();
  server.starts.length = 0;
  server.state.refuse = false;
});

describe('the run dialog', () => {
  it('starts once, with a key, goes to the execution, and remembers the input', async () => {
    const { user, router, name } = await dialog();
    expect(name).toHaveValue('Ada');
    await user.clear(name);
    await user.type(name, 'Bo');
    await user.click(screen.getByRole('button', { name: /^Run/ }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/executions/e1'));
    expect(server.starts).toHaveLength(1);
    expect(server.starts[0]?.key).toMatch(/^[0-9a-f-]{36}:/);
    expect(server.starts[0]?.body.input).toEqual({ name: 'Bo' });
    cleanup();
    expect((await dialog()).name).toHaveValue('Bo');
  });

  it('sends nothing that does not fit, and says where', async () => {
    const { user, name } = await dialog();
    await user.type(name, ' Lovelace');
    await user.click(screen.getByRole('button', { name: /^Run/ }));
    expect(screen.getByRole('alert')).toHaveTextContent('1 problem to mend first');
    expect(name).toHaveAccessibleDescription(/At most 9 characters/);
    expect(server.starts).toHaveLength(0);
  });

  it('shows a refusal at its field, and takes the input of an earlier execution', async () => {
    server.state.refuse = true;
    const { user, name } = await dialog();
    await user.click(screen.getByRole('button', { name: /^Run/ }));
    await waitFor(() => expect(name).toHaveAccessibleDescription(/Nobody is called so/));
    await user.selectOptions(await screen.findByLabelText('Input of …'), '0194abcd-x');
    await waitFor(() => expect(screen.getByLabelText(/^Name/)).toHaveValue('Grace'));
  });

  it('takes JSON as well; text that cannot be read yet is kept, and the form goes on without it', async () => {
    const { user } = await dialog();
    await user.click(screen.getByRole('button', { name: 'JSON' }));
    const text = screen.getByRole('textbox');
    await user.clear(text);
    await user.type(text, '{{"name": "Cy');
    expect(text).toHaveAccessibleDescription(/JSON/);
    await user.click(screen.getByRole('button', { name: /^Run/ }));
    expect(server.starts).toHaveLength(0);
    await user.click(screen.getByRole('button', { name: 'Form' }));
    expect(screen.getByLabelText(/^Name/)).toHaveValue('Ada');
    await user.click(screen.getByRole('button', { name: 'JSON' }));
    expect(screen.getByRole('textbox')).toHaveValue('{"name": "Cy');
    await user.type(screen.getByRole('textbox'), '"}');
    await user.click(screen.getByRole('button', { name: /^Run/ }));
    await waitFor(() => expect(server.starts).toHaveLength(1));
    expect(server.starts[0]?.body.input).toEqual({ name: 'Cy' });
  });
});
