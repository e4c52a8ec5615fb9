import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const server = vi.hoisted(() => {
  vi.setConfig({ testTimeout: 20_000 });
  const state = { types: [] as unknown[], problems: [] as unknown[], refuse: false, validated: 0 };
  globalThis.fetch = (async (input: Request) => {
    const path = new URL(input.url, 'http://here').pathname;
    const json = (status: number, body: unknown) =>
      new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
    if (path.endsWith('/node-types')) return json(200, { results: state.types, next: null });
    if (path.endsWith('/validate')) {
      state.validated += 1;
      return json(200, { valid: state.problems.length === 0, problems: state.problems });
    }
    if (path.endsWith('/publish'))
      return state.refuse
        ? json(422, { code: 'invalid', detail: 'It is not valid.', status: 422, problems: state.problems })
        : json(201, { version: 3 });
    return json(404, {});
  }) as typeof fetch;
  return state;
});

import { edgesOf, nodesOf, type Draft } from '../../document/model';
import type { JsonObject } from '../../document/json';
import { patched } from '../../document/patch';
import { draw, type JsonSchema } from '../../forms/schema';
import { titleOf } from '../../forms/SchemaField';
import { handle } from '../../keyboard/keys';
import { loadWords, startI18n } from '../../i18n';
import type { DraftTransport, SavedDraft } from '../../stores/DraftStore';
import { useRunDialog } from '../../stores/run';
import { TooltipProvider } from '../../ui/Tooltip';
import { BuilderPanel } from './BuilderPanel';
import types from './builder/nodeTypes.sample.json';

const DEFINITION: JsonObject = {
  schema: 'fermata/1',
  name: 'greet',
  nodes: [
    { id: 'first', type: 'transform', config: { output: '{{ inputs.name }}' } },
    { id: 'big', type: 'condition', config: { when: '{{ steps.first.output == 1 }}' } },
    { id: 'loop', type: 'foreach', config: { items: '{{ [1, 2] }}' } },
    { id: 'each', type: 'transform', parent: 'loop', config: { output: 1 } },
  ],
  edges: [
    { from: 'first', to: 'big' },
    { from: 'big.true', to: 'loop' },
  ],
};

class Fake implements DraftTransport {
  saved: SavedDraft;
  saves = 0;
  constructor(definition: JsonObject) {
    this.saved = { rev: 1, definition, editor: {}, source: null };
  }
  load = async () => this.saved;
  save: DraftTransport['save'] = async (patch) => {
    this.saves += 1;
    const { definition, editor } = this.saved;
    const next = patched({ definition, editor }, patch) as unknown as Draft;
    this.saved = { ...this.saved, ...next, rev: this.saved.rev + 1 };
    return this.saved;
  };
  get draft(): Draft {
    return this.saved;
  }
}

const press = (event: KeyboardEvent) => handle(event);

async function builder(definition = DEFINITION) {
  const transport = new Fake(definition);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const can = { edit: true, publish: true, start_draft: true };
  function Host() {
    const [node, setNode] = useState<string | null>(null);
    return (
      <BuilderPanel
        workflow={{ id: 'w1', name: 'greet', can }}
        node={node}
        onNode={(next) => setNode(next ?? null)}
        transport={transport}
      />
    );
  }
  render(
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <Host />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  await screen.findByRole('toolbar', { name: 'Draft' });
  await screen.findByRole('tree', {}, { timeout: 3000 });
  return { transport, user: userEvent.setup() };
}

const row = (id: string) => {
  const found = document.querySelector<HTMLElement>(`[data-row="${id}"]`);
  if (!found) throw new Error(`no row ${id}`);
  return found;
};
const rows = () => [...document.querySelectorAll<HTMLElement>('[data-row]')].map((each) => each.dataset.row);
async function at(user: ReturnType<typeof userEvent.setup>, id: string) {
  await user.click(row(id));
  row(id).focus();
}
const saved = () => waitFor(() => expect(screen.getByText('Saved')).toBeVisible(), { timeout: 3000 });

beforeAll(async () => {
  await startI18n('en');
  await Promise.all(['builder', 'forms', 'graph'].map(loadWords));
});
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(720);
  Object.assign(server, { types, problems: [], refuse: false, validated: 0 });
  window.addEventListener('keydown', press);
});
afterEach(() => {
  window.removeEventListener('keydown', press);
  cleanup();
});

describe('the outline', () => {
  it('is walked with the arrow keys, containers are opened and closed', async () => {
    const { user } = await builder();
    expect(rows()).toEqual(['first', 'big', 'loop', 'each']);
    await at(user, 'first');
    await user.keyboard('{ArrowDown}{ArrowDown}');
    await waitFor(() => expect(row('loop')).toHaveFocus());
    await user.keyboard('{ArrowLeft}');
    expect(rows()).not.toContain('each');
    await user.keyboard('{ArrowRight}{ArrowRight}');
    await waitFor(() => expect(row('each')).toHaveFocus());
    await user.keyboard('{ArrowLeft}');
    await waitFor(() => expect(row('loop')).toHaveFocus());
    expect(row('each')).toHaveAttribute('aria-level', '2');
  });

  // What is done by keys, what comes of it; undone it is what it was, done again it is the same.
  const DEEDS: [string, string, string, (draft: Draft) => unknown, unknown][] = [
    [
      'adds after',
      'first',
      'a|instant{Enter}',
      (d) =>
        edgesOf(d)
          .map(({ to }) => to)
          .at(-1),
      'wait',
    ],
    ['adds inside', 'loop', 'i|instant{Enter}', (d) => nodesOf(d).at(-1)?.parent, 'loop'],
    ['connects', 'first', 'c||{Enter}', (d) => edgesOf(d).length, 3],
    ['disconnects', 'first', 'x||{Enter}', (d) => edgesOf(d).length, 1],
    ['moves into a container', 'first', '{Shift>}i{/Shift}||{Enter}', (d) => nodesOf(d)[0]?.parent, 'loop'],
    ['takes out of a container', 'each', 'o', (d) => nodesOf(d)[3]?.parent, undefined],
    ['duplicates', 'first', '{Control>}d{/Control}', (d) => nodesOf(d).length, 5],
    ['deletes', 'big', '{Delete}', (d) => [nodesOf(d).length, edgesOf(d).length], [3, 0]],
  ];
  it.each(DEEDS)('%s, and that is undone and done again', async (_, id, keys, read, expected) => {
    const { user, transport } = await builder();
    await at(user, id);
    const [open, ...rest] = keys.split('|');
    await user.keyboard(open as string);
    if (rest.length > 0) {
      const dialog = await screen.findByRole('dialog');
      if (rest[0] && rest.length === 1) await user.keyboard(rest[0]);
      else {
        const buttons = within(dialog).getAllByRole('button');
        await user.click(buttons.at(-1) as HTMLElement);
      }
      await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    }
    await saved();
    expect(read(transport.draft)).toEqual(expected);
    const after = transport.draft.definition;
    await user.keyboard('{Control>}z{/Control}');
    await waitFor(() => expect(transport.draft.definition).toEqual(DEFINITION), { timeout: 3000 });
    await user.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
    await waitFor(() => expect(transport.draft.definition).toEqual(after), { timeout: 3000 });
  });

  it('renames, and what mentions the step follows', async () => {
    const { user, transport } = await builder();
    await at(user, 'first');
    await user.keyboard('{F2}');
    const name = await screen.findByRole('textbox', { name: 'New name' });
    await user.clear(name);
    await user.type(name, 'start{Enter}');
    await saved();
    expect(edgesOf(transport.draft)[0]).toEqual({ from: 'start', to: 'big' });
    expect(JSON.stringify(transport.draft.definition)).toContain('steps.start.output');
    await waitFor(() => expect(row('start')).toHaveAttribute('aria-selected', 'true'));
  });
});

describe('the graph', () => {
  const active = () => document.querySelector<HTMLElement>('[data-node][tabindex="0"]') as HTMLElement;
  const chooseTwo = async (user: ReturnType<typeof userEvent.setup>) => {
    await user.click(row('first'));
    await waitFor(() => expect(active().dataset.node).toBe('first'));
    active().focus();
    await user.keyboard('{Shift>}{ArrowRight}{/Shift}');
    await waitFor(() => expect(active()).toHaveFocus());
    expect(active().dataset.node).toBe('big');
  };

  it('wraps what is chosen in a container, and unwraps it again', async () => {
    const { user, transport } = await builder();
    await chooseTwo(user);
    await user.keyboard('w');
    await saved();
    const inside = (d: Draft) =>
      nodesOf(d)
        .filter(({ parent }) => parent === 'foreach')
        .map(({ id }) => id);
    await waitFor(() => expect(inside(transport.draft)).toEqual(['first', 'big']));
    expect(edgesOf(transport.draft)).toContainEqual({ from: 'foreach', to: 'loop' });
    await waitFor(() => expect(active().dataset.node).toBe('foreach'));
    active().focus();
    await user.keyboard('{Shift>}u{/Shift}');
    await waitFor(() => expect(inside(transport.draft)).toEqual([]), { timeout: 3000 });
    expect(nodesOf(transport.draft).map(({ id }) => id)).toEqual(['first', 'big', 'loop', 'each']);
  });

  it('copies, cuts and pastes what is chosen as text', async () => {
    const { user, transport } = await builder();
    await chooseTwo(user);
    const kept = new Map<string, string>();
    const clipboardData = {
      setData: (type: string, text: string) => kept.set(type, text),
      getData: (type: string) => kept.get(type) ?? '',
    };
    fireEvent.cut(active(), { clipboardData });
    expect(kept.get('text/plain')).toContain('id: first');
    await waitFor(() => expect(nodesOf(transport.draft)).toHaveLength(2), { timeout: 3000 });
    // The graph keeps the focus, so that the next key is for it.
    await waitFor(() => expect(active()).toHaveFocus());
    fireEvent.paste(active(), { clipboardData });
    await waitFor(() => expect(nodesOf(transport.draft)).toHaveLength(4), { timeout: 3000 });
    expect(edgesOf(transport.draft)).toContainEqual({ from: 'first', to: 'big' });
    await user.keyboard('{Control>}z{/Control}{Control>}z{/Control}');
    await waitFor(() => expect(transport.draft.definition).toEqual(DEFINITION), { timeout: 3000 });
  });

  it('deletes all that is chosen as one', async () => {
    const { user, transport } = await builder();
    await chooseTwo(user);
    await user.keyboard('{Delete}');
    await waitFor(() => expect(nodesOf(transport.draft)).toHaveLength(2), { timeout: 3000 });
    await user.keyboard('{Control>}z{/Control}');
    await waitFor(() => expect(transport.draft.definition).toEqual(DEFINITION), { timeout: 3000 });
  });

  it('puts a step before its neighbour', async () => {
    const { user, transport } = await builder();
    await user.click(row('big'));
    await waitFor(() => expect(active().dataset.node).toBe('big'));
    active().focus();
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await waitFor(() => expect(nodesOf(transport.draft)[0]?.id).toBe('big'), { timeout: 3000 });
  });
});

describe('the inspector', () => {
  it.each(types.map((type) => type.name))('draws the form of %s', async (name) => {
    const definition = { ...DEFINITION, nodes: [{ id: 'one', type: name }], edges: [] };
    const { user } = await builder(definition);
    await at(user, 'one');
    const side = await screen.findByRole('region', { name: 'Properties' }, { timeout: 3000 });
    const type = types.find((each) => each.name === name);
    for (const [key, schema] of Object.entries((type?.schema.properties ?? {}) as Record<string, JsonObject>))
      expect(side).toHaveTextContent(titleOf(key, draw(schema, type?.schema as JsonSchema)));
  });

  it('writes a field, saves it, and undoes it as one', async () => {
    const { user, transport } = await builder();
    await at(user, 'big');
    const when = await screen.findByRole('textbox', { name: /^When/ }, { timeout: 3000 });
    fireEvent.change(when, { target: { value: '{{ false }}' } });
    await saved();
    expect(nodesOf(transport.draft)[1]?.config).toEqual({ when: '{{ false }}' });
    await user.click(screen.getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(transport.draft.definition).toEqual(DEFINITION), { timeout: 3000 });
  });
});

describe('problems', () => {
  it('lead to their field, and a fix is applied and undone', async () => {
    server.problems = [
      {
        ...{ code: 'x', severity: 'error', pointer: '/nodes/1/config/when', node_id: 'big' },
        ...{ message: 'That is never true.', cure: 'Say true.' },
        fix: [{ op: 'replace', path: '/nodes/1/config/when', value: '{{ true }}' }],
      },
    ];
    const { user, transport } = await builder();
    const list = screen.getByRole('region', { name: 'Problems' });
    await user.click(await within(list).findByRole('button', { name: 'Go to' }, { timeout: 3000 }));
    await waitFor(() => expect(screen.getByRole('textbox', { name: /^When/ })).toHaveFocus());
    await user.click(within(list).getByRole('button', { name: 'Fix' }));
    await saved();
    expect(nodesOf(transport.draft)[1]?.config).toEqual({ when: '{{ true }}' });
    await user.click(screen.getByRole('button', { name: 'Undo' }));
    await waitFor(() => expect(transport.draft.definition).toEqual(DEFINITION), { timeout: 3000 });
  });

  it('keep a draft from being published, and say so', async () => {
    server.refuse = true;
    server.problems = [
      {
        code: 'x',
        severity: 'error',
        pointer: '/nodes/0',
        node_id: 'first',
        message: 'No.',
        cure: '',
        fix: null,
      },
    ];
    const { user } = await builder();
    await user.click(screen.getByRole('button', { name: 'Publish' }));
    expect(await screen.findByRole('button', { name: 'Go to' }, { timeout: 3000 })).toBeVisible();
  });
});

it('runs the draft when it is saved', async () => {
  const { user, transport } = await builder();
  await at(user, 'big');
  await user.keyboard('{Delete}');
  await user.click(screen.getByRole('button', { name: 'Run draft' }));
  await waitFor(() => expect(useRunDialog.getState().asked?.version).toBe('draft'));
  expect(nodesOf(transport.draft)).toHaveLength(3);
});
