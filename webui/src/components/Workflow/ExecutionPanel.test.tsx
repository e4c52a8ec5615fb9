import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from '@tanstack/react-router';
import { act, cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Profiler, useCallback, useState } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const asked = vi.hoisted(() => {
  const requests: { method: string; path: string; body: unknown }[] = [];
  const answers = new Map<string, unknown>();
  globalThis.fetch = (async (input: Request) => {
    const path = new URL(input.url, 'http://here').pathname.replace(/^.*executions\/x/, '');
    const body = input.method === 'GET' ? null : await input.json().catch(() => null);
    requests.push({ method: input.method, path, body });
    const found = answers.get(`${input.method} ${path}`);
    const status = found === undefined ? 404 : 200;
    const problem = { code: 'not_found', detail: 'There is no such thing.', status };
    return new Response(JSON.stringify(found ?? problem), {
      status,
      headers: { 'Content-Type': status === 200 ? 'application/json' : 'application/problem+json' },
    });
  }) as typeof fetch;
  return { requests, answers };
});

import type { Transport } from '../../api/realtime';
import type { Step } from '../../execution/model';
import { cleaned, type View } from '../../execution/view';
import { loadWords, startI18n } from '../../i18n';
import { handle } from '../../keyboard/keys';
import { ExecutionStore } from '../../stores/ExecutionStore';
import { TooltipProvider } from '../../ui/Tooltip';
import { rendered } from './execution/StepGrid';
import { ExecutionPanel } from './ExecutionPanel';

const cursor = (seq: number): string => seq.toString(16).padStart(12, '0');
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();

function step(number: number, more: Partial<Step> = {}): Step {
  return {
    id: `s${number}`,
    node_id: 'charge',
    path: [{ region: 'each', iteration: number }],
    run: 1,
    superseded: false,
    attempt: 1,
    status: 'running',
    rev: 2,
    port: null,
    error: null,
    handled_by: null,
    reason: null,
    worker: 'w1',
    ready_at: at(number),
    started_at: at(number),
    finished_at: null,
    due_at: null,
    ...more,
  };
}

const execution = {
  id: 'x',
  workflow_id: 'wf',
  workflow_name: 'charge-orders',
  version: 3,
  status: 'running',
  input: { orders: 2 },
  output: null,
  error: null,
  variables: {},
  trigger: { kind: 'api' },
  tags: [],
  priority: 5,
  started_by: 'user:ana',
  created_at: at(0),
  started_at: at(1),
  finished_at: null,
  deadline_at: null,
  paused_at: null,
  can: { cancel: true, pause: true, resume: 'The execution is running.', signal: true },
};

const PLAN = {
  name: 'charge-orders',
  nodes: [
    { id: 'each', type: 'foreach', label: 'Every order', region: 'root' },
    { id: 'charge', type: 'http_request', label: 'Charge the card', region: 'each' },
    { id: 'ask', type: 'approval', label: 'Large batch?', region: 'root' },
  ],
  edges: [],
};

/** A socket that a test speaks for. */
class Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  close(): void {
    this.onclose = null;
  }
  send(): void {}
}

function panel(steps: Step[], view: View = {}, more: object = {}) {
  const socket = new Socket();
  const transport: Transport = {
    open: () => socket as unknown as WebSocket,
    events: async (after) => ({ type: 'events', after, cursor: after, events: [] }),
    snapshot: () => Promise.reject(new Error('no snapshot')),
  };
  const store = new ExecutionStore('x', transport);
  const by: Record<string, Record<string, number>> = {};
  for (const one of steps) {
    const counts = (by[one.node_id] ??= {});
    counts[one.status] = (counts[one.status] ?? 0) + 1;
  }
  const commits = { count: 0 };
  const shown = { view };
  function Holder() {
    const [now, setNow] = useState(view);
    const change = useCallback(
      (next: View) =>
        setNow((before) => {
          shown.view = cleaned({ ...before, ...next });
          return shown.view;
        }),
      [],
    );
    return (
      <Profiler id="panel" onRender={() => (commits.count += 1)}>
        <ExecutionPanel executionId="x" view={now} onView={change} store={store} />
      </Profiler>
    );
  }
  const root = createRootRoute();
  const router = createRouter({
    routeTree: root.addChildren([createRoute({ getParentRoute: () => root, path: '/', component: Holder })]),
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
  const say = (frame: object): void => socket.onmessage?.({ data: JSON.stringify(frame) });
  const begin = async (): Promise<void> => {
    await waitFor(() => expect(socket.onopen).not.toBeNull());
    act(() => {
      socket.onopen?.();
      say({
        type: 'snapshot',
        cursor: cursor(1),
        execution: { ...execution, ...more },
        nodes: Object.entries(by).map(([node_id, counts]) => ({ node_id, counts })),
        steps,
        steps_truncated: false,
      });
    });
    await screen.findByRole('heading', { level: 1 });
  };
  return { begin, say, store, commits, shown };
}

const changed = (seq: number, number: number, rev: number, status = 'succeeded') => ({
  cursor: cursor(seq),
  type: 'StepSucceeded',
  at: at(9_000),
  step_id: `s${number}`,
  node_id: 'charge',
  path: [{ region: 'each', iteration: number }],
  run: 1,
  attempt: 1,
  status,
  rev,
  data: { kind: 'node', port: 'out' },
});

const frame = (): Promise<void> =>
  act(async () => {
    await new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
  });

vi.setConfig({ testTimeout: 20_000 }); // thousands of steps, on a machine that may be busy

beforeAll(async () => {
  await startI18n('en');
  await loadWords('execution');
});

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(720);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1200);
  asked.requests.length = 0;
  asked.answers.clear();
  asked.answers.set('GET /graph', PLAN);
});

afterEach(() => {
  cleanup();
  rendered.row = () => undefined;
});

describe('the panel with 5,000 steps', () => {
  const many = Array.from({ length: 5_000 }, (_, number) => step(number));

  it('draws only what is on the screen, and renders only rows that changed, once a frame', async () => {
    const { begin, say, commits } = panel(many);
    await begin();
    const grid = await screen.findByRole('grid');
    expect(grid).toHaveAttribute('aria-rowcount', '5001');
    await waitFor(() => expect(within(grid).getAllByText('Charge the card').length).toBeGreaterThan(10));
    expect(document.querySelectorAll('*').length).toBeLessThan(1_500);
    await frame();
    const rows: string[] = [];
    rendered.row = (id) => void rows.push(id);
    commits.count = 0;
    const first = within(grid).getAllByRole('row').length - 1;
    act(() => {
      for (let seq = 2; seq < 802; seq += 1) {
        // two rows that are seen, of 800 that change, in 800 frames of the stream
        const number = seq < 4 ? seq : 1_000 + seq;
        say({
          type: 'events',
          after: cursor(seq - 1),
          cursor: cursor(seq),
          events: [changed(seq, number, 3)],
        });
      }
    });
    await frame();
    expect(first).toBeGreaterThan(10);
    expect(rows.sort()).toEqual(['s2', 's3']);
    expect(commits.count).toBeGreaterThan(0);
    expect(commits.count).toBeLessThanOrEqual(2); // one flush; the frame after it may tell of the cursor
    expect(within(grid).getAllByText('succeeded')).toHaveLength(2);
    rows.length = 0;
    act(() =>
      say({ type: 'events', after: cursor(801), cursor: cursor(802), events: [changed(802, 9_000, 1)] }),
    );
    await waitFor(() => expect(grid).toHaveAttribute('aria-rowcount', '5002'));
    expect(rows).toEqual([]); // one more at the end is no reason to render those that are seen
  });

  it('filters by words and status, and says when nothing passes', async () => {
    const user = userEvent.setup();
    const { begin, shown } = panel([step(1), step(2, { status: 'failed', finished_at: at(3) })]);
    await begin();
    const grid = await screen.findByRole('grid');
    await waitFor(() => expect(within(grid).getAllByRole('row')).toHaveLength(3));
    await user.click(screen.getByRole('button', { name: /failed/, pressed: false }));
    expect(shown.view.status).toBe('failed');
    await waitFor(() => expect(within(screen.getByRole('grid')).getAllByRole('row')).toHaveLength(2));
    await user.type(screen.getByRole('searchbox'), 'nowhere');
    expect(await screen.findByText('No step fits the filters')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Clear the filters' }));
    await waitFor(() => expect(within(screen.getByRole('grid')).getAllByRole('row')).toHaveLength(3));
    expect(shown.view).toEqual({});
  });

  it('goes from row to row by keys, and asks for one step once', async () => {
    const user = userEvent.setup();
    for (const number of [1, 2]) {
      asked.answers.set(`GET /steps/s${number}`, {
        ...step(number),
        input: { amount: number },
        output: null,
      });
    }
    const { begin, shown } = panel([step(1), step(2)]);
    await begin();
    const grid = await screen.findByRole('grid');
    act(() => grid.focus());
    await user.keyboard('{ArrowDown}');
    expect(shown.view.step).toBe('s1');
    await user.keyboard('{End}');
    expect(shown.view.step).toBe('s2');
    expect(within(grid).getByRole('row', { selected: true })).toHaveTextContent('Every order[2]');
    await user.click(await screen.findByRole('tab', { name: 'Input' }));
    expect(await screen.findByText('amount:')).toBeInTheDocument();
    expect(asked.requests.filter(({ path }) => path === '/steps/s2')).toHaveLength(1);
  });
});

describe('the other views', () => {
  const ready = (seq: number, number: number) => ({
    ...changed(seq, number, 1, 'ready'),
    type: 'StepReady',
    at: at(number),
  });

  it('draw a timeline whose rows say in words what they show, and remember idle times in the address', async () => {
    const user = userEvent.setup();
    const running = { ...changed(3, 1, 2, 'running'), type: 'StepStarted', at: at(3) };
    const events = [ready(2, 1), running, { ...changed(4, 1, 3), at: at(9) }];
    asked.answers.set('GET /events', { type: 'events', after: cursor(1), cursor: cursor(4), events });
    const done = step(1, { status: 'succeeded', finished_at: at(9) });
    const { begin, shown } = panel([done], { tab: 'timeline' });
    await begin();
    const row = await screen.findByRole('gridcell', {
      name: 'succeeded, queued 2 s, running 6 s, on the critical path',
    });
    expect(row.querySelectorAll('[data-kind]')).toHaveLength(2);
    expect(row.querySelector('[data-kind=run]')).toHaveAttribute('data-hue', 'succeeded');
    await user.click(screen.getByRole('checkbox', { name: 'Shorten idle times' }));
    expect(shown.view).toEqual({ tab: 'timeline', idle: true });
  });

  it('list the journal newest first, live, and keep the place of who reads further down', async () => {
    const events = Array.from({ length: 300 }, (_, number) => ready(number + 2, number));
    asked.answers.set('GET /events', { type: 'events', after: cursor(1), cursor: cursor(301), events });
    const { begin, say } = panel([step(1)], { tab: 'events' });
    await begin();
    const table = await screen.findByRole('table', { name: 'Events' });
    const first = () => within(table).getAllByRole('row')[0];
    await waitFor(() => expect(first()).toHaveTextContent('Every order[299]'));
    act(() => say({ type: 'events', after: cursor(1), cursor: cursor(301), events }));
    await frame();
    act(() => say({ type: 'events', after: cursor(301), cursor: cursor(302), events: [changed(302, 1, 3)] }));
    await waitFor(() => expect(first()).toHaveTextContent('StepSucceeded'));
    table.scrollTop = 400;
    act(() => void table.dispatchEvent(new Event('scroll')));
    const rows = table.getAttribute('aria-rowcount');
    act(() => say({ type: 'events', after: cursor(302), cursor: cursor(303), events: [changed(303, 2, 3)] }));
    expect(await screen.findByRole('button', { name: '1 new event' })).toBeInTheDocument();
    expect(table).toHaveAttribute('aria-rowcount', rows);
    await userEvent.click(screen.getByRole('button', { name: '1 new event' }));
    await waitFor(() => expect(table).toHaveAttribute('aria-rowcount', String(Number(rows) + 1)));
  });

  it('show one cell for each passage, go by keys and jump from failure to failure', async () => {
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(112);
    const user = userEvent.setup({ pointerEventsCheck: 0 });
    const failed = [3, 4_000];
    const passages = Array.from({ length: 5_000 }, (_, number) =>
      step(number, { status: failed.includes(number) ? 'failed' : 'succeeded', finished_at: at(number + 1) }),
    );
    const { begin, shown } = panel(passages, { tab: 'iterations' });
    await begin();
    expect(await screen.findByText('5,000 iterations')).toBeInTheDocument();
    expect(document.querySelectorAll('*').length).toBeLessThan(5_000);
    await user.click(await screen.findByTitle('Every order[0]: succeeded, 1 s'));
    expect(shown.view.step).toBe('s0');
    await user.keyboard('{ArrowRight}{Enter}');
    await waitFor(() => expect(shown.view.step).toBe('s1'));
    await user.click(screen.getByText('Next failure'));
    expect(shown.view.step).toBe('s3');
    await user.click(screen.getByText('Next failure'));
    expect(shown.view.step).toBe('s4000');
    await user.click(screen.getByText('Next failure'));
    expect(shown.view.step).toBe('s3');
  });
});

describe('keys', () => {
  it('jump from failure to failure, but only while the focus is in the panel', async () => {
    addEventListener('keydown', handle);
    const user = userEvent.setup();
    const failed = { status: 'failed', finished_at: at(9) };
    const { begin, shown } = panel([step(1), step(2, failed), step(3), step(4, failed)]);
    await begin();
    const grid = await screen.findByRole('grid');
    await user.keyboard('f');
    expect(shown.view.step).toBeUndefined();
    act(() => grid.focus());
    await user.keyboard('f');
    await waitFor(() => expect(shown.view).toEqual({ step: 's2', side: 'error' }));
    await user.keyboard('f');
    await waitFor(() => expect(shown.view.step).toBe('s4'));
    await user.keyboard('{Shift>}F{/Shift}');
    await waitFor(() => expect(shown.view.step).toBe('s2'));
    removeEventListener('keydown', handle);
  });
});

describe('the header', () => {
  it('offers what can be done and says why something cannot', async () => {
    const user = userEvent.setup();
    asked.answers.set('POST /cancel', { id: 'x', status: 'cancelling' });
    const { begin } = panel([step(1)], {}, { can: { ...execution.can, pause: 'You may only look.' } });
    await begin();
    const pause = screen.getByRole('button', { name: 'Pause' });
    expect(pause).toHaveAttribute('aria-disabled', 'true');
    await user.click(pause);
    expect(asked.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(asked.requests.some(({ path }) => path === '/cancel')).toBe(true));
  });
});

describe('the inspector', () => {
  it('tells the root cause from what followed', async () => {
    const cause = { class: 'declined', message: '402 card declined', node: 'charge' };
    const outer = { class: 'foreach_failed', message: '1 of 2 failed', node: 'each', cause };
    const { begin, shown } = panel(
      [
        step(0, { node_id: 'each', path: [], status: 'failed', error: outer, finished_at: at(9) }),
        step(1, { status: 'failed', error: cause, finished_at: at(5) }),
        step(2, { status: 'failed', error: cause, finished_at: at(6) }),
      ],
      {},
      { status: 'failed', finished_at: at(9), error: outer },
    );
    await begin();
    const card = await screen.findByRole('region', { name: 'Root cause' });
    expect(card).toHaveTextContent('402 card declined');
    expect(card).toHaveTextContent('1 container failed because of it.');
    await userEvent.click(await within(card).findByRole('button', { name: 'Show all 2 like it' }));
    expect(shown.view).toMatchObject({ node: 'charge', status: 'failed,timed_out' });
  });

  it('answers an approval where it waits', async () => {
    const waiting = step(1, { node_id: 'ask', path: [], status: 'waiting', reason: 'approval' });
    asked.answers.set('GET /steps/s1', { ...waiting, input: null, output: null });
    asked.answers.set('GET /why', {
      status: 'waiting',
      sentence: 'Every live step waits.',
      waiting_for: [{ ...waiting, step_id: 's1', sentence: 'It waits for a decision.', approval_id: 'a1' }],
      joins: [],
      closing: [],
      more: 0,
    });
    const approval = { id: 'a1', title: 'Ship it?', description: '', can: { decide: true }, decisions: [] };
    asked.answers.set('GET /api/v1/approvals/a1', { ...approval, quorum: 1, status: 'pending' });
    asked.answers.set('POST /api/v1/approvals/a1/decide', { ...approval, quorum: 1, status: 'approved' });
    const user = userEvent.setup();
    const { begin } = panel([waiting], { step: 's1' });
    await begin();
    expect(await screen.findByText('It waits for a decision.')).toBeInTheDocument();
    await user.type(await screen.findByLabelText('Comment'), 'go');
    await user.click(screen.getByRole('button', { name: 'Approve' }));
    await waitFor(() =>
      expect(asked.requests.find(({ method }) => method === 'POST')?.body).toEqual({
        decision: 'approve',
        comment: 'go',
      }),
    );
    await waitFor(() => expect(screen.queryByRole('button', { name: 'Approve' })).toBeNull());
  });

  it('sends the signal a step waits for, and only JSON', async () => {
    const waiting = step(1, { path: [], status: 'waiting', reason: 'signal:paid' });
    asked.answers.set('GET /steps/s1', { ...waiting, input: null, output: null });
    asked.answers.set('GET /why', {
      status: 'waiting',
      sentence: 'Every live step waits.',
      waiting_for: [{ ...waiting, step_id: 's1', sentence: 'It waits for the signal paid.' }],
      joins: [],
      closing: [],
      more: 0,
    });
    asked.answers.set('POST /signal', { id: 'x', status: 'waiting' });
    const user = userEvent.setup();
    const { begin } = panel([waiting], { step: 's1' });
    await begin();
    const field = await screen.findByLabelText('Payload');
    await user.type(field, 'not json');
    const send = screen.getByRole('button', { name: 'Send paid' });
    await user.click(send);
    expect(screen.getByText('This is not JSON.', { selector: 'p' })).toBeInTheDocument();
    expect(asked.requests.some(({ method }) => method === 'POST')).toBe(false);
    await user.clear(field);
    await user.type(field, '12');
    await user.click(screen.getByRole('button', { name: 'Send paid' }));
    await waitFor(() =>
      expect(asked.requests.find(({ method }) => method === 'POST')?.body).toMatchObject({
        name: 'paid',
        payload: 12,
      }),
    );
  });

  it('asks what became of a step that is held, and takes the answer', async () => {
    const held = step(1, { path: [], status: 'held', reason: 'outcome_unknown' });
    asked.answers.set('GET /steps/s1', { ...held, input: null, output: null });
    asked.answers.set('GET /why', {
      status: 'waiting',
      sentence: 'Every live step waits.',
      waiting_for: [{ ...held, step_id: 's1', sentence: 'Its worker was lost.', cure: 'Resolve the step.' }],
      joins: [],
      closing: [],
      more: 0,
    });
    asked.answers.set('POST /steps/s1/resolve', held);
    const user = userEvent.setup();
    const { begin } = panel([held], { step: 's1' });
    await begin();
    await user.type(await screen.findByLabelText('Output', { selector: 'textarea' }), '7');
    await user.click(screen.getByRole('button', { name: 'It succeeded' }));
    await waitFor(() =>
      expect(asked.requests.find(({ method }) => method === 'POST')?.body).toEqual({
        action: 'succeed',
        output: 7,
      }),
    );
  });
});
