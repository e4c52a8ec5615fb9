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
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

interface Sent {
  method: string;
  path: string;
  query: Record<string, string>;
  body: string;
}

const server = vi.hoisted(() => {
  const sent: Sent[] = [];
  const answers = new Map<string, (sent: Sent) => { status: number; body: unknown }>();
  globalThis.fetch = (async (input: Request) => {
    const { pathname, searchParams } = new URL(input.url, 'http://here');
    const one: Sent = {
      method: input.method,
      path: pathname.replace('/api/v1', ''),
      query: Object.fromEntries(searchParams),
      body: input.method === 'GET' ? '' : await input.text(),
    };
    sent.push(one);
    const answer = answers.get(`${one.method} ${one.path}`)?.(one) ?? {
      status: 404,
      body: { code: 'not_found', detail: 'There is no such thing.' },
    };
    return new Response(JSON.stringify(answer.body), {
      status: answer.status,
      headers: { 'Content-Type': 'application/json' },
    });
  }) as typeof fetch;
  return { sent, answers };
});

import { loadWords, startI18n } from '../../i18n';
import { TooltipProvider } from '../../ui/Tooltip';
import NewWorkflowDialog from './NewWorkflowDialog';

const SOURCE = 'name: first-steps\n';

function imported(problems: object[] = []) {
  return {
    dry_run: true,
    name: 'first-steps',
    valid: problems.length === 0,
    problems,
    outline: { nodes: 4, edges: 3, node_types: { transform: 3, condition: 1 }, inputs: ['name'] },
    workflow: null,
  };
}

async function dialog() {
  const onClose = vi.fn();
  const root = createRootRoute({ component: Outlet });
  const at = (path: string, component: () => React.ReactNode) =>
    createRoute({ getParentRoute: () => root, path, component });
  const router = createRouter({
    routeTree: root.addChildren([
      at('/', () => <NewWorkflowDialog onClose={onClose} />),
      at('/workflows/$workflowId', () => <p>its page</p>),
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
  await screen.findByRole('dialog');
  return { user: userEvent.setup(), router, onClose };
}

beforeAll(async () => {
  await startI18n('en');
  await loadWords('workflows');
});

beforeEach(() => {
  server.sent.length = 0;
  server.answers.clear();
  server.answers.set('GET /workflows/templates', () => ({
    status: 200,
    body: {
      results: [
        { name: 'first-steps', description: 'Greets somebody.', source: SOURCE, outline: { nodes: 4 } },
      ],
      next: null,
    },
  }));
});

afterEach(cleanup);

describe('a new workflow', () => {
  it('is made from a template, whose problems are shown before', async () => {
    server.answers.set('POST /workflows/import', ({ query }) =>
      query['dry_run']
        ? { status: 200, body: imported() }
        : { status: 201, body: { ...imported(), workflow: { id: 'w1' } } },
    );
    const { user, router, onClose } = await dialog();
    await user.click(await screen.findByRole('button', { name: /first-steps/ }));
    expect(screen.getByLabelText('Document')).toHaveValue(SOURCE);
    expect(await screen.findByText('It can be published as it is.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/workflows/w1'));
    expect(onClose).toHaveBeenCalledOnce();
    const posts = server.sent.filter(({ method }) => method === 'POST');
    expect(posts.map(({ query, body }) => [query['dry_run'], body])).toEqual([
      ['true', SOURCE],
      [undefined, SOURCE],
    ]);
  });

  it('that is pasted says what is wrong with it, and may be made all the same', async () => {
    const problem = { code: 'unknown_type', node_id: 'a', message: 'No such type.', cure: 'Choose another.' };
    server.answers.set('POST /workflows/import', () => ({ status: 200, body: imported([problem]) }));
    const { user } = await dialog();
    await user.click(screen.getByRole('button', { name: 'Import' }));
    expect(screen.getByRole('button', { name: 'Create' })).toHaveAttribute('aria-disabled', 'true');
    await user.click(screen.getByLabelText('Document'));
    await user.paste('name: x');
    expect(await screen.findByText(/No such type\./)).toBeInTheDocument();
    expect(screen.getByText(/1 problem; the draft takes it/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Create' })).not.toHaveAttribute('aria-disabled');
  });

  it('that cannot be read is not made, and the reason is told', async () => {
    server.answers.set('POST /workflows/import', () => ({
      status: 422,
      body: { code: 'invalid', detail: 'This is no YAML: line 2.', status: 422 },
    }));
    const { user } = await dialog();
    await user.click(screen.getByRole('button', { name: 'Import' }));
    await user.click(screen.getByLabelText('Document'));
    await user.paste('a: [');
    expect(await screen.findByRole('alert')).toHaveTextContent('This is no YAML: line 2.');
    expect(screen.getByRole('button', { name: 'Create' })).toHaveAttribute('aria-disabled', 'true');
  });

  it('is taken from a file', async () => {
    server.answers.set('POST /workflows/import', () => ({ status: 200, body: imported() }));
    const { user } = await dialog();
    await user.click(screen.getByRole('button', { name: 'Import' }));
    await user.upload(
      document.querySelector('input[type=file]') as HTMLInputElement,
      new File([SOURCE], 'first.yaml', { type: 'application/yaml' }),
    );
    await waitFor(() => expect(screen.getByLabelText('Document')).toHaveValue(SOURCE));
  });

  it('is empty but for its name, which is refused at its field', async () => {
    server.answers.set('POST /workflows', () => ({
      status: 409,
      body: { code: 'conflict', detail: 'There is a workflow of that name.', status: 409 },
    }));
    const { user } = await dialog();
    await user.click(screen.getByRole('button', { name: 'Blank' }));
    await user.type(screen.getByLabelText(/Name/), 'mine{Enter}');
    await waitFor(() =>
      expect(screen.getByLabelText(/Name/)).toHaveAccessibleDescription(/There is a workflow of that name/),
    );
  });
});
