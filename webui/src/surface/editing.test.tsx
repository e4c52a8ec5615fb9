import { act, cleanup, fireEvent, render as renderBare, screen, waitFor } from '@testing-library/react';
import i18next from 'i18next';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { layoutOf } from '../layout/layout';
import { graphOf, type Box } from '../layout/model';
import { entryOf } from '../layout/walk';
import { TooltipProvider } from '../ui/Tooltip';
import { Carrier } from './carrier';
import type { GraphEditing } from './editing';
import { opening } from './viewport';
import { WorkflowGraph } from './WorkflowGraph';

const SCREEN = { width: 1440, height: 900 };
const GRAPH = {
  nodes: [
    { id: 'start', type: 'transform' },
    { id: 'pick', type: 'condition' },
    { id: 'each', type: 'foreach' },
    { id: 'inner', type: 'transform', parent: 'each' },
  ],
  edges: [
    { from: 'start', to: 'pick' },
    { from: 'pick.true', to: 'each' },
  ],
};

beforeAll(async () => {
  if (!i18next.isInitialized) await startI18n('en');
  await loadWords('graph');
});
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockReturnValue(
    new DOMRect(0, 0, SCREEN.width, SCREEN.height),
  );
  HTMLElement.prototype.setPointerCapture = () => undefined;
});
afterEach(cleanup);

function editingOf() {
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    (...more: unknown[]) =>
      void done.push([name, ...more]);
  const editing: GraphEditing & { chosen: string[] } = {
    chosen: [],
    marks: new Map([['pick', 'error']]),
    choose: note('choose'),
    portsOf: (id) => (id === 'pick' ? ['true', 'false', 'error'] : ['out']),
    whyNot: () => (to) => (to === 'inner' ? 'In another container.' : null),
    connect: note('connect'),
    refuse: note('refuse'),
    addAfter: note('addAfter'),
    add: note('add'),
    insert: note('insert'),
    disconnect: note('disconnect'),
    carrier: new Carrier(),
    whyNotLand: (_, landing) =>
      landing.at === 'level' && landing.parent === 'each' ? 'Not in there.' : null,
    land: note('land'),
    place: note('place'),
    tidy: { why: null, run: note('tidy') },
    menuOf: () => null,
    onKey: (event, id) => {
      if (event.key !== 'x') return false;
      done.push(['key', id]);
      return true;
    },
  };
  return { editing, done };
}

async function graph(definition: unknown = GRAPH, editor?: unknown) {
  const { editing, done } = editingOf();
  const { container } = renderBare(
    <WorkflowGraph definition={definition} editor={editor} editing={editing} />,
    {
      wrapper: TooltipProvider,
    },
  );
  const surface = await screen.findByRole('application');
  const layout = layoutOf(graphOf(definition, editor));
  const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
  const view = opening(whole, SCREEN, entryOf(layout));
  const at = (x: number, y: number) => ({
    clientX: x * view.zoom + view.x,
    clientY: y * view.zoom + view.y,
  });
  const middle = (id: string) => {
    const box = layout.boxes.find((each) => each.id === id) as Box;
    return at(box.x + box.width / 2, box.y + box.height / 2);
  };
  const node = (id: string) => container.querySelector<HTMLElement>(`[data-node="${id}"]`) as HTMLElement;
  const point = (type: string, element: Element, where: object, buttons = 0) =>
    fireEvent(
      element,
      new PointerEvent(type, {
        bubbles: true,
        pointerId: 1,
        button: 0,
        buttons,
        pointerType: 'mouse',
        ...where,
      }),
    );
  return { editing, done, container, surface, layout, at, middle, node, point };
}

type Graph = Awaited<ReturnType<typeof graph>>;

async function portOf({ container, surface, middle, point }: Graph, id: string, port: string) {
  point('pointermove', surface, middle(id));
  return waitFor(() => {
    const found = container.querySelector(`[data-of="${id}"][data-port="${port}"]`);
    if (!found) throw new Error('no such port');
    return found;
  });
}

async function drag(shown: Graph, port: Element, from: string, to: object) {
  shown.point('pointerdown', port, shown.middle(from), 1);
  for (const where of [shown.at(-60, -60), to]) shown.point('pointermove', shown.surface, where, 1);
  shown.point('pointerup', shown.surface, to);
  await act(() => new Promise((resolve) => setTimeout(resolve)));
}

describe('With the mouse', () => {
  it('a wire drawn from an output to a node connects them', async () => {
    const shown = await graph();
    await drag(shown, await portOf(shown, 'pick', 'false'), 'pick', shown.middle('start'));
    expect(shown.done).toEqual([['connect', { id: 'pick', port: 'false' }, 'start']]);
  });

  it('a node that cannot be the target says why, and nothing is connected', async () => {
    const shown = await graph();
    const port = await portOf(shown, 'start', 'out');
    shown.point('pointerdown', port, shown.middle('start'), 1);
    shown.point('pointermove', shown.surface, shown.middle('pick'), 1);
    shown.point('pointermove', shown.surface, shown.middle('inner'), 1);
    await screen.findByText('In another container.');
    shown.point('pointerup', shown.surface, shown.middle('inner'));
    await act(async () => undefined);
    expect(shown.done).toEqual([['refuse', 'In another container.']]);
    expect(screen.queryByText('In another container.')).toBeNull();
  });

  it('a wire that ends on nothing asks what comes next, and so does a press on the output', async () => {
    const shown = await graph();
    const port = await portOf(shown, 'pick', 'true');
    await drag(shown, port, 'pick', shown.at(-40, -40));
    fireEvent.click(await portOf(shown, 'pick', 'error'));
    expect(shown.done).toEqual([
      ['addAfter', { id: 'pick', port: 'true' }],
      ['addAfter', { id: 'pick', port: 'error' }],
    ]);
  });

  it('Escape leaves a wire undrawn', async () => {
    const shown = await graph();
    const port = await portOf(shown, 'pick', 'true');
    shown.point('pointerdown', port, shown.middle('pick'), 1);
    shown.point('pointermove', shown.surface, shown.middle('start'), 1);
    fireEvent.keyDown(window, { key: 'Escape' });
    shown.point('pointerup', shown.surface, shown.middle('start'));
    expect(shown.done).toEqual([]);
  });

  it('a line under the pointer offers a step between, and to be taken away', async () => {
    const shown = await graph();
    const line = shown.layout.lines.find(({ from }) => from === 'start');
    const [x, y, endX] = line?.points as number[];
    shown.point('pointermove', shown.surface, shown.at(((x as number) + (endX as number)) / 2, y as number));
    fireEvent.click(await screen.findByRole('button', { name: 'Insert a step in start → pick' }));
    fireEvent.click(await screen.findByRole('button', { name: 'Disconnect start → pick' }));
    expect(shown.done).toEqual([
      ['insert', { from: 'start', port: '', to: 'pick' }],
      ['disconnect', { from: 'start', port: '', to: 'pick' }],
    ]);
  });

  it('a node is carried into a line, and refused where it cannot be', async () => {
    const shown = await graph();
    const line = shown.layout.lines.find(({ from }) => from === 'pick');
    const [x, y, endX] = line?.points as number[];
    const onLine = shown.at(((x as number) + (endX as number)) / 2, y as number);
    const carry = async (id: string, to: object) => {
      shown.point('pointerdown', shown.node(id), shown.middle(id), 1);
      shown.point('pointermove', shown.surface, to, 1);
      const refused = screen.queryByText('Not in there.');
      shown.point('pointerup', shown.surface, to);
      await act(() => new Promise((resolve) => setTimeout(resolve)));
      return refused;
    };
    expect(await carry('start', onLine)).toBeNull();
    const each = shown.layout.boxes.find(({ id }) => id === 'each') as Box;
    expect(await carry('start', shown.at(each.x + 60, each.y + 8))).not.toBeNull();
    expect(shown.done).toEqual([
      ['choose', ['start']],
      ['land', { ids: ['start'] }, { at: 'line', ends: { from: 'pick', port: 'true', to: 'each' } }],
      ['choose', ['start']],
      ['refuse', 'Not in there.'],
    ]);
  });

  const carry = async (shown: Graph, id: string, [right, down]: [number, number], part = {}) => {
    const box = shown.layout.boxes.find((each) => each.id === id) as Box;
    const to = shown.at(box.x + box.width / 2 + right, box.y + 20 + down);
    shown.point(
      'pointerdown',
      shown.node(id),
      { ...shown.at(box.x + box.width / 2, box.y + 20), ...part },
      1,
    );
    shown.point('pointermove', shown.surface, to, 1);
    const ghosts = shown.container.querySelectorAll('path[transform]').length;
    shown.point('pointerup', shown.surface, to);
    await act(() => new Promise((resolve) => setTimeout(resolve)));
    return ghosts;
  };

  it('a node that is dropped on open canvas is placed there, on the grid, and shown there before', async () => {
    const shown = await graph();
    expect(await carry(shown, 'start', [13, 301])).toBe(1);
    const { x, y } = shown.layout.boxes.find(({ id }) => id === 'start') as Box;
    const [, [, positions]] = shown.done as [unknown, [string, Record<string, { x: number; y: number }>]];
    expect(shown.done).toEqual([
      ['choose', ['start']],
      ['place', { start: { x: Math.round((x + 13) / 8) * 8, y: Math.round((y + 301) / 8) * 8 } }],
    ]);
    expect(positions.start).toBeDefined();
  });

  it('a node in a container is placed from its inside; dropped where it was it stays', async () => {
    const shown = await graph(GRAPH, { positions: { inner: { x: 16, y: 24 } } });
    await carry(shown, 'inner', [3, -4]);
    await carry(shown, 'inner', [8, 16]);
    expect(shown.done).toEqual([
      ['choose', ['inner']],
      ['choose', ['inner']],
      ['place', { inner: { x: 24, y: 40 } }],
    ]);
  });

  it('several that are chosen are placed by one offset, what lies in one of them along with it', async () => {
    const shown = await graph();
    shown.editing.chosen.push('pick', 'each', 'inner');
    await carry(shown, 'pick', [160, 400]);
    const at = (id: string) => shown.layout.boxes.find((each) => each.id === id) as Box;
    const [[, positions]] = shown.done as [[string, Record<string, { x: number; y: number }>]];
    expect(Object.keys(positions)).toEqual(['pick', 'each']);
    const far = (id: string) => {
      const { x = NaN, y = NaN } = positions[id] ?? {};
      return [x - at(id).x, y - at(id).y];
    };
    expect(far('each')).toEqual(far('pick'));
  });

  it('something new is carried from beside the graph onto a node', async () => {
    const shown = await graph();
    const what = { kind: 'wait', title: 'Wait' };
    const send = (type: string, where: object) =>
      shown.point(type, document.body, where, type === 'pointerup' ? 0 : 1);
    act(() =>
      shown.editing.carrier.begin(new PointerEvent('pointerdown', { pointerId: 1, button: 0 }), what),
    );
    send('pointermove', shown.middle('start'));
    expect(screen.getByText('Wait')).toBeVisible();
    send('pointerup', shown.middle('start'));
    expect(shown.done).toEqual([['land', what, { at: 'node', id: 'start' }]]);
    expect(screen.queryByText('Wait')).toBeNull();
  });

  it('Shift spans a frame that chooses what it touches, containers only whole', async () => {
    const shown = await graph();
    const { width, height } = shown.layout;
    const frame = (to: object) => {
      shown.point('pointerdown', shown.surface, { ...shown.at(-20, -20), shiftKey: true }, 1);
      shown.point('pointermove', shown.surface, to, 1);
      shown.point('pointerup', shown.surface, to);
    };
    frame(shown.at(width + 20, height + 20));
    frame(shown.at(width - 60, height + 20));
    expect(shown.done).toEqual([
      ['choose', ['start', 'pick', 'each', 'inner']],
      ['choose', ['start', 'pick', 'inner']],
    ]);
  });

  it('a click that adds to the choice and one on nothing', async () => {
    const shown = await graph();
    fireEvent.click(shown.node('start'), { ctrlKey: true, detail: 1 });
    fireEvent.click(shown.surface, { ...shown.at(-40, -40), detail: 1 });
    expect(shown.done).toEqual([
      ['choose', ['start']],
      ['choose', []],
    ]);
  });
});

describe('With keys', () => {
  it('C draws a wire: the output, then the target by its name', async () => {
    const shown = await graph();
    shown.node('pick').focus();
    shown.node('start').focus();
    fireEvent.keyDown(shown.node('start'), { key: 'ArrowRight' });
    await waitFor(() => expect(shown.node('pick')).toHaveFocus());
    fireEvent.keyDown(shown.node('pick'), { key: 'c' });
    const to = await screen.findByRole('combobox', { name: 'Connect pick to' });
    expect(to).toHaveFocus();
    fireEvent.change(screen.getByRole('combobox', { name: 'Leaves by' }), { target: { value: 'false' } });
    fireEvent.change(to, { target: { value: 'sta' } });
    expect(screen.getByRole('option', { name: 'start', selected: true })).toBeVisible();
    fireEvent.submit(to);
    expect(shown.done).toEqual([['connect', { id: 'pick', port: 'false' }, 'start']]);
    await waitFor(() => expect(shown.node('pick')).toHaveFocus());
  });

  it('a target that is refused says why, and the last one is a new step', async () => {
    const shown = await graph();
    shown.node('start').focus();
    fireEvent.keyDown(shown.node('start'), { key: 'c' });
    const to = await screen.findByRole('combobox', { name: 'Connect start to' });
    fireEvent.change(to, { target: { value: 'inner' } });
    const options = screen.getAllByRole('option').map(({ textContent }) => textContent);
    expect(options).toEqual(['innerIn another container.', 'A new step…']);
    expect(screen.getByRole('option', { selected: true })).toHaveTextContent('A new step…');
    fireEvent.keyDown(to, { key: 'ArrowDown' });
    fireEvent.submit(to);
    expect(shown.done.splice(0)).toEqual([['refuse', 'In another container.']]);
    fireEvent.keyDown(to, { key: 'ArrowUp' });
    fireEvent.submit(to);
    expect(shown.done).toEqual([['addAfter', { id: 'start', port: 'out' }]]);
  });

  it('Shift with an arrow chooses further, Control A all, Escape none', async () => {
    const shown = await graph();
    const key = (more: object) => fireEvent.keyDown(document.activeElement as Element, more);
    shown.node('start').focus();
    key({ key: 'ArrowRight', shiftKey: true });
    key({ key: 'a', ctrlKey: true });
    key({ key: 'Escape' });
    expect(shown.done).toEqual([
      ['choose', ['start', 'pick']],
      ['choose', ['start', 'pick', 'each', 'inner']],
      ['choose', []],
    ]);
  });

  const press = (key: string, more: object = {}) =>
    act(async () => void fireEvent.keyDown(document.activeElement as Element, { key, ...more }));

  it('M moves a node: arrows by 8 and 40, Enter drops it there', async () => {
    const shown = await graph();
    shown.node('start').focus();
    await press('m');
    expect(shown.container.querySelector('path[transform]')).not.toBeNull();
    await press('ArrowDown', { shiftKey: true });
    await press('ArrowDown');
    await press('ArrowRight');
    await press('ArrowLeft');
    await press('Enter');
    const { x, y } = shown.layout.boxes.find(({ id }) => id === 'start') as Box;
    expect(shown.done).toEqual([['place', { start: { x, y: Math.round((y + 48) / 8) * 8 } }]]);
  });

  it('Escape, Tab or a press puts it back, and so does Enter where it was', async () => {
    const shown = await graph();
    shown.node('start').focus();
    for (const end of [
      () => press('Escape'),
      () => press('Tab'),
      () => act(async () => shown.point('pointerdown', document.body, {})),
    ]) {
      await press('m');
      await press('ArrowUp');
      expect(shown.container.querySelector('path[transform]')).not.toBeNull();
      await end();
      expect(shown.container.querySelector('path[transform]')).toBeNull();
    }
    await press('m');
    await press('Enter');
    expect(shown.done).toEqual([]);
  });

  it('Shift T tidies up, and so does the button', async () => {
    const shown = await graph();
    shown.node('start').focus();
    await press('T', { shiftKey: true });
    fireEvent.click(screen.getByRole('button', { name: /^Tidy up/ }));
    expect(shown.done.map(([name]: unknown[]) => name)).toEqual(['tidy', 'tidy']);
  });

  it('others are for the builder, with the node they were pressed on', async () => {
    const shown = await graph();
    shown.node('start').focus();
    fireEvent.keyDown(shown.node('start'), { key: 'x' });
    expect(shown.done).toEqual([['key', 'start']]);
  });
});

it('says what is wrong with a node', async () => {
  await graph();
  expect(screen.getByRole('button', { name: 'pick, Condition, has errors' })).toBeVisible();
});

it('begins with a first step where there is none', async () => {
  const { done, surface } = await graph({ nodes: [], edges: [] });
  fireEvent.click(screen.getByRole('button', { name: 'Add the first step' }));
  fireEvent.keyDown(surface, { key: 'a' });
  expect(done).toEqual([['add'], ['add']]);
});
