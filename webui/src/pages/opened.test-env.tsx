/** Opens a page for a test: at its address, signed in, with the words of its namespaces. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from '@tanstack/react-router';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { useSession, type Me } from '../api/session';
import { TooltipProvider } from '../ui/Tooltip';

export interface Opened {
  path: string;
  component: () => ReactNode;
  /** How the address is read, as the router does it. */
  validateSearch?: (raw: Record<string, unknown>) => object;
}

export function signedIn(role = 'owner'): void {
  const workspaces = [{ id: 'ws', slug: 'default', name: 'Default', role }];
  const me = { user: { username: 'ana', name: 'Ana' }, workspaces, token: null };
  useSession.setState({ me: me as unknown as Me, ended: false });
}

export function opened(page: Opened, address: string = page.path) {
  const root = createRootRoute({ component: Outlet });
  const router = createRouter({
    routeTree: root.addChildren([createRoute({ getParentRoute: () => root, ...page } as never)]),
    history: createMemoryHistory({ initialEntries: [address] }),
    defaultNotFoundComponent: () => <p>another page</p>,
  });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <RouterProvider router={router as never} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  return { user: userEvent.setup(), router, queries };
}

/** An execution as lists have it. */
export function executionRow(id: string, more: object = {}) {
  return {
    id,
    workflow_id: 'w1',
    workflow_name: 'orders',
    version: 1,
    status: 'running',
    rev: 1,
    error: null,
    tags: [],
    started_by: 'user:ana',
    created_at: '2026-01-01T00:00:00Z',
    started_at: '2026-01-01T00:00:01Z',
    finished_at: null,
    ...more,
  };
}

/** A workflow as lists have it. */
export function workflowRow(id: string, name: string, more: object = {}) {
  return {
    id,
    name,
    description: '',
    latest_version: 1,
    changed: false,
    draft_errors: 0,
    archived_at: null,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    created_by: 'ana',
    recent: [],
    can: { start: true, start_draft: true, duplicate: true, archive: true, unarchive: true },
    ...more,
  };
}
