import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useCallback, useState } from 'react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

vi.hoisted(() => {
  globalThis.fetch = (async () =>
    new Response(JSON.stringify({ code: 'not_found', detail: 'None.', status: 404 }), {
      status: 404,
      headers: { 'Content-Type': 'application/problem+json' },
    })) as typeof fetch;
});

import type { Transport } from '../../api/realtime';
import { docked, dockOf, type DockChange, type DockSearch } from '../../execution/dock';
import type { Step } from '../../execution/model';
import { loadWords, startI18n } from '../../i18n';
import { ExecutionStore } from '../../stores/ExecutionStore';
import { NO_STATUSES, type GraphStatuses } from '../../surface/statuses';
import { TooltipProvider } from '../../ui/Tooltip';
import { ExecutionDock } from './ExecutionDock';

const NOON = '2026-01-01T12:00:00Z';
const step = (id: string, node_id: string, status: string): Step => ({
  ...{ id, node_id, status, path: [], run: 1, superseded: false, attempt: 1, rev: 1, port: null },
  ...{ error: null, handled_by: null, reason: null, worker: null, due_at: null },
  ...{ ready_at: NOON, started_at: NOON, finished_at: status === 'succeeded' ? NOON : null },
});
const execution = {
  ...{ id: 'x', workflow_id: 'w', workflow_name: 'greet', version: 'draft', status: 'running', error: null },
  ...{ input: {}, output: null, variables: {}, trigger: null, tags: [], priority: 5, started_by: 'user:ana' },
  ...{ created_at: NOON, started_at: NOON, finished_at: null, deadline_at: null, paused_at: null },
  can: { cancel: true, pause: true, resume: 'It runs.' },
};

/** The stream of an execution of two steps. */
function streamed(): ExecutionStore {
  const socket = {
    onmessage: null as ((event: { data: string }) => void) | null,
    onopen: null as (() => void) | null,
    close: () => undefined,
  };
  const transport: Transport = {
    open: () => {
      queueMicrotask(() => {
        socket.onopen?.();
        const steps = [step('s1', 'first', 'succeeded'), step('s2', 'second', 'running')];
        const nodes = steps.map(({ node_id, status }) => ({ node_id, counts: { [status]: 1 } }));
        const frame = { type: 'snapshot', cursor: '000000000002', execution, nodes, steps };
        socket.onmessage?.({ data: JSON.stringify({ ...frame, steps_truncated: false }) });
      });
      return socket as unknown as WebSocket;
    },
    events: async (after) => ({ type: 'events', after, cursor: after, events: [] }),
    snapshot: () => Promise.reject(new Error('none')),
  };
  return new ExecutionStore('x', transport);
}

const now: { search: DockSearch; node: string | null; statuses: GraphStatuses } = {
  search: {},
  node: null,
  statuses: NO_STATUSES,
};
let select: (node: string | null) => void;

async function dock(changed = false) {
  Object.assign(now, { search: { execution: 'x', dock: 300 }, node: null, statuses: NO_STATUSES });
  const told = (statuses: GraphStatuses) => void (now.statuses = statuses);
  function Holder() {
    const [search, setSearch] = useState(now.search);
    const [node, setNode] = useState<string | null>(null);
    select = setNode;
    const onDock = useCallback(({ node: of, ...change }: DockChange) => {
      setSearch((before) => (now.search = docked(before, change)));
      if (of !== undefined) setNode((now.node = of));
    }, []);
    const shown = dockOf(search);
    if (!shown) return <p>closed</p>;
    return <ExecutionDock {...{ node, onDock, changed }} dock={shown} onStatuses={told} storeOf={streamed} />;
  }
  const root = createRootRoute();
  const router = createRouter({
    routeTree: root.addChildren([createRoute({ getParentRoute: () => root, path: '/', component: Holder })]),
    history: createMemoryHistory({ initialEntries: ['/'] }),
  });
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <TooltipProvider>
        <RouterProvider router={router} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  await screen.findByRole('row', { name: /second/ });
}

beforeAll(async () => {
  await startI18n('en');
  await loadWords('execution');
});
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(720);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1200);
});
afterEach(cleanup);

it('tells the graph above how its nodes stand, and no longer when it is closed', async () => {
  await dock();
  expect(now.statuses.status('first')).toBe('succeeded');
  expect(now.statuses.status('second')).toBe('running');
  expect(screen.queryByRole('tab', { name: 'Graph' })).toBeNull();
  expect(screen.queryByRole('heading', { level: 1 })).toBeNull();
  await userEvent.click(screen.getByRole('button', { name: 'Close the execution' }));
  expect(await screen.findByText('closed')).toBeVisible();
  expect(now.statuses).toBe(NO_STATUSES);
  expect(now.search).toEqual({});
});

it('selects the node of a step that is selected, and the step of a node', async () => {
  await dock();
  await userEvent.click(screen.getByRole('row', { name: /second/ }));
  expect(now.node).toBe('second');
  expect(now.search.view).toEqual({ step: 's2' });
  act(() => select('first'));
  await waitFor(() => expect(now.search.view).toEqual({ step: 's1' }));
  act(() => select('of-the-draft-only'));
  act(() => select(null));
  expect(now.search.view).toEqual({ step: 's1' });
});

it('is as tall as the arrow keys make it, and the address follows', async () => {
  await dock(true);
  const line = screen.getByRole('separator', { name: 'Height of the execution' });
  const frame = screen.getByRole('region', { name: 'Execution of this draft' });
  fireEvent.keyDown(line, { key: 'ArrowUp' });
  expect(frame.style.blockSize).toBe('316px');
  fireEvent.keyDown(line, { key: 'ArrowDown' });
  fireEvent.keyDown(line, { key: 'ArrowDown' });
  await waitFor(() => expect(now.search.dock).toBe(284));
  expect(frame.style.blockSize).toBe('284px');
  expect(screen.getByText(/The draft has changed since/)).toBeVisible();
});
