import { EditorView } from '@codemirror/view';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';

vi.hoisted(() => {
  const headers = { 'Content-Type': 'application/json' };
  globalThis.fetch = async () => new Response('{}', { headers });
});

import type { JsonObject } from '../../../../document/json';
import { nodeOf, type Draft } from '../../../../document/model';
import { patched } from '../../../../document/patch';
import { loadWords, startI18n } from '../../../../i18n';
import { DraftStore, useDraft, type DraftTransport, type SavedDraft } from '../../../../stores/DraftStore';
import { TooltipProvider } from '../../../../ui/Tooltip';
import { BuilderContext, type Builder } from '../context';
import type { Problem } from '../validation';
import { CodePane } from './CodePane';
import styles from './code.module.css';

const TEXT = `name: greet
nodes:
  - id: first # the beginning
    type: transform
    config: {output: 1}
  - {id: last, type: transform, config: {output: 2}}
`;
const DEFINITION: JsonObject = {
  name: 'greet',
  nodes: [
    { id: 'first', type: 'transform', config: { output: 1 } },
    { id: 'last', type: 'transform', config: { output: 2 } },
  ],
};
const PROBLEM: Problem = {
  ...{ code: 'x', severity: 'error', pointer: '/nodes/1/config/output', node_id: 'last' },
  ...{ message: 'This is wrong.', cure: 'Mend it.', fix: null },
};

class Fake implements DraftTransport {
  saved: SavedDraft = { rev: 1, definition: DEFINITION, editor: {}, source: TEXT };
  load = async () => this.saved;
  save: DraftTransport['save'] = async (patch) => {
    const { rev, ...rest } = this.saved;
    const next = patched(rest as unknown as JsonObject, patch) as unknown as Draft & { source: string };
    this.saved = { ...next, rev: rev + 1 };
    return this.saved;
  };
}

const ENTERED = { current: false };

function Host({ store }: { store: DraftStore }) {
  const state = useDraft(store);
  const { draft } = state;
  const builder = {
    ...{ store, state, draft, types: new Map(), selected: 'first' },
    judged: { definition: draft.definition, problems: [PROBLEM], failed: null },
    select: () => undefined,
    act: () => undefined,
    ask: () => undefined,
    goTo: () => undefined,
  } as unknown as Builder;
  return (
    <BuilderContext value={builder}>
      <CodePane onClose={() => undefined} enteredRef={ENTERED} />
    </BuilderContext>
  );
}

async function pane() {
  const store = new DraftStore('w1', new Fake(), null, null);
  await store.start();
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <Host store={store} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
  const box = await screen.findByRole('textbox', { name: 'YAML of the draft' });
  const view = EditorView.findFromDOM(box);
  if (!view) throw new Error('There is no editor.');
  const text = () => view.state.doc.toString();
  return { store, view, text };
}

function replace(view: EditorView, from: string, to: string): void {
  const at = view.state.doc.toString().indexOf(from);
  act(() => view.dispatch({ changes: { from: at, to: at + from.length, insert: to }, userEvent: 'input' }));
}

const chosenLines = () =>
  [...document.querySelectorAll(`.${styles.chosen}`)].map((line) => line.textContent?.trim());

beforeAll(async () => {
  await startI18n('en');
  await Promise.all(['builder', 'forms'].map(loadWords));
});
afterEach(() => {
  cleanup();
  localStorage.clear();
});

it('shows the text with its comments, the lines of what is selected, and what is wrong at its line', async () => {
  const { text } = await pane();
  expect(text()).toBe(TEXT);
  await waitFor(() => expect(chosenLines()).toHaveLength(3));
  expect(chosenLines()[0]).toBe('- id: first # the beginning');
  await waitFor(() => expect(document.querySelector('.cm-lintRange-error')).toHaveTextContent('2'));
});

it('makes one deed of what is typed, and says which line cannot be read', async () => {
  const { store, view, text } = await pane();
  replace(view, '{output: 1}', '{output: 17}');
  const output = () => (nodeOf(store.state().draft, 'first')?.config as JsonObject).output;
  await waitFor(() => expect(output()).toBe(17));
  replace(view, '{output: 17}', '{output: 17');
  expect(await screen.findByText(/^Line \d cannot be read/)).toBeVisible();
  expect(output()).toBe(17);
  await userEvent.click(screen.getByRole('button', { name: 'Discard the text' }));
  expect(text()).toContain('{output: 17}');
  act(() => store.undo());
  expect(text()).toBe(TEXT);
});
