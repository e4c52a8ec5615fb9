import { act, cleanup, fireEvent, render as renderBare, screen, waitFor } from '@testing-library/react';
import i18next from 'i18next';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import type { Counts } from '../execution/model';
import type { Status } from '../theme/status';
import { TooltipProvider } from '../ui/Tooltip';
import { renders } from './GraphNode';
import { dominant, type GraphStatuses } from './statuses';
import { WorkflowGraph } from './WorkflowGraph';

beforeAll(async () => {
  if (!i18next.isInitialized) await startI18n('en');
  await loadWords('graph');
});

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(280);
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 1440, 900));
});

afterEach(cleanup);

const render = (element: React.ReactElement) => renderBare(element, { wrapper: TooltipProvider });

class Statuses implements GraphStatuses {
  private readonly known = new Map<string, Counts>();
  private readonly calls = new Map<string, Set<() => void>>();
  private readonly none: Counts = {};

  status = (id: string): Status | null => dominant(this.counts(id));
  counts = (id: string): Counts => this.known.get(id) ?? this.none;
  edge = () => 'open' as const;
  subscribeAll = () => () => undefined;

  subscribe(id: string, call: () => void) {
    const calls = this.calls.get(id) ?? new Set();
    this.calls.set(id, calls.add(call));
    return () => calls.delete(call);
  }

  set(id: string, counts: Counts): void {
    this.known.set(id, counts);
    for (const call of this.calls.get(id) ?? []) call();
  }
}

/** A grid of chains, as tall as it is wide. */
function large(size: number, wide = 50) {
  const nodes = Array.from({ length: size }, (_, at) => ({ id: `n${at}`, type: 'transform' }));
  const edges = nodes.flatMap(({ id }, at) => (at < wide ? [] : [{ from: `n${at - wide}`, to: id }]));
  return { nodes, edges };
}

const SMALL = {
  nodes: [
    { id: 'start', type: 'transform', label: 'Begin' },
    { id: 'each', type: 'foreach' },
    { id: 'inner', type: 'http_request', parent: 'each' },
    { id: 'remark', type: 'note', config: { text: 'Mind the gap' } },
  ],
  edges: [{ from: 'start', to: 'each' }],
};

const named = (name: string | RegExp) => screen.findByRole('button', { name });

describe('A graph', () => {
  it('is busy while it is laid out anew, and shows what was before until then', async () => {
    const { rerender } = render(<WorkflowGraph definition={SMALL} />);
    await named(/Begin/);
    const picture = screen.getByRole('application');
    expect(picture).not.toHaveAttribute('aria-busy');
    const more = [...SMALL.nodes, { id: 'later', type: 'transform' }];
    rerender(<WorkflowGraph definition={{ ...SMALL, nodes: more }} />);
    expect(picture).toHaveAttribute('aria-busy', 'true');
    expect(screen.queryByRole('button', { name: /later/ })).toBeNull();
    await named(/later/);
    expect(picture).not.toHaveAttribute('aria-busy');
  });

  it('names each node, what it is and how it stands', async () => {
    const statuses = new Statuses();
    render(<WorkflowGraph definition={SMALL} statuses={statuses} />);
    expect((await named('Begin, Transform')).textContent).not.toContain('✓');
    act(() => statuses.set('start', { succeeded: 1 }));
    const node = await named('Begin, Transform, succeeded');
    expect(node.dataset).toMatchObject({ hue: 'succeeded', edge: 'solid' });
    expect(node.textContent).toContain('✓ succeeded');
    expect(screen.getByText('Mind the gap')).toBeTruthy();
  });

  it('counts what lies in a container in its header', async () => {
    const statuses = new Statuses();
    render(<WorkflowGraph definition={SMALL} statuses={statuses} />);
    const container = await named(/^each/);
    act(() => statuses.set('inner', { succeeded: 12, failed: 1 }));
    expect(container.textContent).toContain('✓ 12');
    expect(container.textContent).toContain('✕ 1');
  });

  it('goes from node to node by keys and selects by Enter', async () => {
    const onSelect = vi.fn();
    render(<WorkflowGraph definition={SMALL} onSelect={onSelect} />);
    const start = await named(/^Begin/);
    start.focus();
    for (const key of ['ArrowRight', 'PageDown']) {
      fireEvent.keyDown(document.activeElement as Element, { key });
      await act(async () => undefined);
    }
    expect((document.activeElement as HTMLElement).dataset['node']).toBe('inner');
    expect(start.tabIndex).toBe(-1);
    fireEvent.keyDown(document.activeElement as Element, { key: 'Enter' });
    expect(onSelect).toHaveBeenCalledWith('inner');
  });

  it('gives the focus to who is called from elsewhere, not to who is chosen there', async () => {
    const shown = (selected: string, called: number) => (
      <>
        <button>Elsewhere</button>
        <WorkflowGraph definition={SMALL} selected={selected} called={called} />
      </>
    );
    const { rerender } = render(shown('start', 0));
    await named(/^Begin/);
    const elsewhere = await named('Elsewhere');
    elsewhere.focus();
    rerender(shown('each', 0));
    await act(() => new Promise((resolve) => setTimeout(resolve)));
    expect(document.activeElement).toBe(elsewhere);
    rerender(shown('inner', 1));
    await waitFor(() => expect((document.activeElement as HTMLElement).dataset['node']).toBe('inner'));
  });

  it('is there as a list as well, which selects too', async () => {
    const onSelect = vi.fn();
    render(<WorkflowGraph definition={SMALL} onSelect={onSelect} />);
    fireEvent.click(await screen.findByRole('button', { name: 'List of nodes' }));
    fireEvent.keyDown(await screen.findByRole('listbox'), { key: 'End' });
    expect(onSelect).toHaveBeenCalledWith('remark');
  });

  it('says so when there is nothing to show', () => {
    render(<WorkflowGraph definition={{ nodes: 'none' }} />);
    expect(screen.getByText('No nodes yet')).toBeTruthy();
  });
});

describe('A graph of 5,000 nodes', { timeout: 30_000 }, () => {
  const whole = large(5_000);

  it('has fewer than 5,000 elements, from far and from near', async () => {
    const { container } = render(<WorkflowGraph definition={whole} />);
    const larger = await screen.findByRole('button', { name: 'Zoom in' });
    const counts: number[] = [];
    for (let at = 0; at < 16; at += 1) {
      fireEvent.click(larger);
      await act(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())));
      counts.push(container.querySelectorAll('*').length);
    }
    expect(Math.max(...counts)).toBeLessThan(5_000);
    expect(container.querySelectorAll('[data-node]').length).toBeGreaterThan(5);
    expect(container.querySelectorAll('[data-node]').length).toBeLessThanOrEqual(251);
  });

  it('renders the nodes that changed and are seen, and no other', async () => {
    const statuses = new Statuses();
    const { container } = render(<WorkflowGraph definition={whole} statuses={statuses} selected="n2525" />);
    const larger = await screen.findByRole('button', { name: 'Zoom in' });
    const nodes = () => [...container.querySelectorAll<HTMLElement>('[data-node]')];
    for (let at = 0; at < 40 && nodes().length < 5; at += 1) {
      fireEvent.click(larger);
      await act(() => new Promise<void>((resolve) => requestAnimationFrame(() => resolve())));
    }
    await waitFor(() => expect(nodes().length).toBeGreaterThan(5));
    const seen = new Set(nodes().map(({ dataset }) => dataset['node']));
    const before = renders.nodes;
    const changed = [...seen].slice(0, 3) as string[];
    const hidden = whole.nodes.map(({ id }) => id).filter((id) => !seen.has(id));
    act(() => {
      for (const id of [...changed, ...hidden.slice(0, 500)]) statuses.set(id, { running: 1 });
    });
    expect(renders.nodes - before).toBe(changed.length);
  });
});
