import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { useEffect, useMemo, useState } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Draft } from '../../../document/model';
import { loadWords, startI18n } from '../../../i18n';
import { TooltipProvider } from '../../../ui/Tooltip';
import { BuilderContext, type Builder } from './context';
import type { NodeTypes } from './nodeTypes';
import { renders } from './OutlineRow';
import { OutlineTree } from './OutlineTree';
import types from './nodeTypes.sample.json';

const HEIGHT = 600;
const MOST_ROWS = 40;

beforeAll(async () => {
  await startI18n('en');
  await loadWords('builder');
});
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(HEIGHT);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(260);
  vi.spyOn(HTMLElement.prototype, 'scrollTo').mockImplementation(function (this: HTMLElement, to?: unknown) {
    this.scrollTop = (to as { top: number }).top;
    fireEvent.scroll(this);
  } as never);
});
afterEach(cleanup);

/** A chain of 4,000 steps, among them a loop of 1,000. */
function large(): Draft {
  const chain = Array.from({ length: 3_999 }, (_, at) => ({ id: `n${at}`, type: 'transform' }));
  const inside = Array.from({ length: 1_000 }, (_, at) => ({
    id: `i${at}`,
    type: 'transform',
    parent: 'loop',
  }));
  const nodes = [...chain.slice(0, 5), { id: 'loop', type: 'foreach' }, ...chain.slice(5), ...inside];
  const ids = nodes.slice(0, 4_000).map(({ id }) => id);
  const edges = ids.slice(1).map((to, at) => ({ from: ids[at], to }));
  return { definition: { nodes, edges }, editor: {} } as unknown as Draft;
}

type Tell = (chosen: readonly string[], change: (next: (before: Draft) => Draft) => void) => void;

function Host({ onInspect, tell }: { onInspect: () => void; tell: Tell }) {
  const [draft, setDraft] = useState(large);
  const [chosen, choose] = useState<readonly string[]>([]);
  useEffect(() => tell(chosen, setDraft), [tell, chosen]);
  const known = useMemo(() => new Map(types.map((type) => [type.name, type])) as unknown as NodeTypes, []);
  const builder = {
    ...{ draft, types: known, chosen, choose, selected: chosen.at(-1) ?? null },
    judged: { definition: draft.definition, problems: [], failed: null },
    select: (id: string | null) => choose(id === null ? [] : [id]),
    ask: vi.fn(),
    act: vi.fn(),
  } as unknown as Builder;
  return (
    <TooltipProvider>
      <BuilderContext value={builder}>
        <OutlineTree onInspect={onInspect} describedBy="keys" />
      </BuilderContext>
    </TooltipProvider>
  );
}

function shown() {
  const inspected = vi.fn();
  const tell = vi.fn<Tell>();
  const { container } = render(<Host onInspect={inspected} tell={tell} />);
  const tree = screen.getByRole('tree');
  const rows = () => [...tree.querySelectorAll<HTMLElement>('[data-row]')];
  const press = (key: string, more: object = {}) =>
    fireEvent.keyDown(tree.querySelector('[tabindex="0"]') as Element, { key, ...more });
  const focused = (id: string) =>
    waitFor(() => expect((document.activeElement as HTMLElement).dataset['row']).toBe(id));
  const chosen = () => tell.mock.lastCall?.[0];
  const change = (next: (before: Draft) => Draft) => act(() => tell.mock.lastCall?.[1](next));
  rows()[0]?.focus();
  return { container, tree, rows, press, focused, inspected, chosen, change };
}

describe('an outline of 5,000 steps', () => {
  it('holds the rows that are seen, each with its place among all', () => {
    const { container, rows } = shown();
    expect(rows().length).toBeGreaterThan(HEIGHT / 40 - 1);
    expect(rows().length).toBeLessThan(MOST_ROWS);
    expect(container.querySelectorAll('*').length).toBeLessThan(500);
    expect(rows()[0]).toHaveAttribute('aria-setsize', '4000');
  });

  it('is walked by keys from end to end, by pages, out of and into containers', async () => {
    const { rows, press, focused, inspected } = shown();
    press('End');
    await focused('n3998');
    expect(rows().length).toBeLessThan(MOST_ROWS);
    press('PageUp');
    await focused('n3988');
    press('Home');
    await focused('n0');
    press('PageDown');
    await focused('i4'); // five of the chain, the loop, then its own
    press('ArrowLeft');
    await focused('loop');
    press('ArrowLeft');
    expect(rows().find(({ dataset }) => dataset['row'] === 'loop')).toHaveAttribute('aria-expanded', 'false');
    press('ArrowDown');
    await focused('n5');
    press('*');
    press('ArrowUp');
    await focused('i999');
    press('Enter');
    expect(inspected).toHaveBeenCalledOnce();
  });

  it('keeps the row that has the focus when it is scrolled away', async () => {
    const { tree, rows, press, focused } = shown();
    press('ArrowDown');
    await focused('n1');
    act(() => {
      tree.scrollTop = 100_000;
      fireEvent.scroll(tree);
    });
    expect(rows().map(({ dataset }) => dataset['row'])).toContain('n1500');
    expect(document.activeElement).toHaveAttribute('data-row', 'n1');
    press('ArrowDown');
    await focused('n2');
  });

  it('renders the rows that changed and are seen, and no other', () => {
    const { change } = shown();
    const before = renders.rows;
    const labelled = (ids: readonly string[]) => (draft: Draft) => {
      const nodes = draft.definition['nodes'] as { id: string }[];
      const next = nodes.map((node) => (ids.includes(node.id) ? { ...node, label: 'Another' } : node));
      return { ...draft, definition: { ...draft.definition, nodes: next } } as Draft;
    };
    change(labelled(['n2', 'i1', 'n3000']));
    expect(screen.getAllByText('Another')).toHaveLength(2);
    expect(renders.rows - before).toBe(2);
    change(labelled(['n2000']));
    expect(renders.rows - before).toBe(2);
  });

  it('chooses several with Shift and with Control', async () => {
    const { rows, press, focused, chosen } = shown();
    press('ArrowDown');
    await focused('n1');
    press('ArrowDown', { shiftKey: true });
    await focused('n2');
    expect(chosen()).toEqual(['n1', 'n2']);
    fireEvent.click(rows()[3] as HTMLElement, { ctrlKey: true });
    fireEvent.click(rows()[1] as HTMLElement, { ctrlKey: true });
    expect(chosen()).toEqual(['n2', 'n3']);
  });
});
