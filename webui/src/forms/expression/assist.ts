/** What helps while an expression is written: completion, closing braces, undo of the field's own, keys. */
import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
  pickedCompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { history, redo, standardKeymap, undo } from '@codemirror/commands';
import { EditorState, Prec, type Extension } from '@codemirror/state';
import { keymap, type EditorView } from '@codemirror/view';
import { choicesAt, type Choice } from './complete';
import type { Scope } from './context';
import styles from './expression.module.css';

export interface AssistOptions {
  scope: () => Promise<Scope | null>;
  words: (key: string, values?: Record<string, string>) => string;
  onLeave: () => void;
}

export type Words = AssistOptions['words'];

export function assistance({ scope, words, onLeave }: AssistOptions): Extension {
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const text = context.state.doc.toString();
    const known = await scope();
    return known && !context.aborted ? completions(text, context, known, words) : null;
  };
  return [
    history(),
    closeBrackets(),
    EditorState.languageData.of(() => [{ closeBrackets: { brackets: ['(', '[', '{', '"', "'"] } }]),
    autocompletion({ override: [complete], icons: false, closeOnBlur: true }),
    Prec.high(
      keymap.of([
        { key: 'Tab', run: (view) => completionStatus(view.state) === 'active' && acceptCompletion(view) },
        {
          key: 'Escape',
          run: (view) => {
            if (completionStatus(view.state) !== null) return false; // closes the list
            onLeave();
            return true;
          },
        },
        // The field's own; with nothing left they do nothing, and never undo something elsewhere.
        { key: 'Mod-z', run: (view) => undo(view) || true },
        { key: 'Mod-Shift-z', run: (view) => redo(view) || true },
        { key: 'Mod-y', run: (view) => redo(view) || true },
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...standardKeymap]),
  ];
}

/** The choices at the cursor, as the list that is shown. */
export function completions(
  text: string,
  { pos, explicit }: { pos: number; explicit: boolean },
  scope: Scope,
  words: Words,
): CompletionResult | null {
  const found = choicesAt(text, pos, scope, explicit);
  if (!found || found.options.length === 0) return null;
  return {
    from: found.from,
    options: found.options.map((each) => optionOf(each, words)),
    validFor: /^\w*$/,
  };
}

function optionOf(choice: Choice, words: Words): Completion {
  return {
    label: choice.label,
    detail: choice.detail,
    type: choice.kind,
    boost: choice.rank,
    info: () => infoOf(choice, words),
    apply: (view, completion, from, to) => write(view, completion, choice, from, to),
  };
}

function write(view: EditorView, completion: Completion, choice: Choice, from: number, to: number): void {
  const [before, after] = choice.written;
  // A name for brackets takes the dot away.
  const dotted = before.startsWith('[') && view.state.sliceDoc(from - 1, from) === '.';
  const start = dotted ? from - 1 : from;
  const taken = view.state.sliceDoc(to, to + 1) === '(' && before.endsWith('(');
  const insert = taken ? before.slice(0, -1) : before + after;
  view.dispatch({
    changes: { from: start, to, insert },
    selection: { anchor: start + before.length },
    annotations: pickedCompletion.of(completion),
    userEvent: 'input.complete',
  });
  if (choice.kind === 'name' || choice.kind === 'step') return;
  if (choice.kind === 'call' && after !== '') startCompletion(view);
}

/** What is known of a choice, beside the list. */
function infoOf({ about, label, detail }: Choice, words: Words): HTMLElement {
  const box = document.createElement('div');
  const line = (text: string | undefined, kind: 'p' | 'code', name?: string): void => {
    if (!text) return;
    const made = document.createElement(kind);
    made.textContent = text;
    if (name) made.className = styles[name] ?? '';
    box.append(made);
  };
  line(about.signature ?? [label, detail].filter(Boolean).join(': '), 'code', 'signature');
  line(about.text, 'p');
  if (about.optional) line(words('may_lack'), 'p', 'lacking');
  if (about.gives !== undefined) line(`${about.example} → ${about.gives}`, 'code');
  else if (about.example !== undefined)
    line(words(about.recorded ? 'recorded' : 'for_example', { value: about.example }), 'p');
  return box;
}
