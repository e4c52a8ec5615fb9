/** The editor of one expression field: loaded when a field is first entered. Completion comes as a second part. */
import {
  Compartment,
  EditorState,
  StateEffect,
  StateField,
  Transaction,
  type Extension,
} from '@codemirror/state';
import {
  Decoration,
  EditorView,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';
import { piecesOf } from '../../document/expression';
import type { Scope } from './context';
import styles from './expression.module.css';
import { loaded } from '../../ui/lazily';
import { typing } from './typing';

export interface EditorOptions {
  parent: HTMLElement;
  text: string;
  selection: { anchor: number; head: number };
  attributes: Record<string, string>;
  nonce: string;
  hint: string;
  scope: () => Promise<Scope | null>;
  words: (key: string, values?: Record<string, string>) => string;
  onText: (text: string) => void;
  onBlur: () => void;
  /** Escape: the focus goes back to the form. */
  onLeave: () => void;
}

export interface Editor {
  setText: (text: string) => void;
  setFault: (fault: { offset: number; length: number } | null) => void;
  setAttributes: (attributes: Record<string, string>) => void;
  focus: () => void;
  destroy: () => void;
}

/** Colours by token; what an error is about is underlined. */
const painted = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = paint(view.state.doc.toString());
    }
    update(update: ViewUpdate): void {
      if (update.docChanged) this.decorations = paint(update.state.doc.toString());
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function paint(text: string): DecorationSet {
  return Decoration.set(
    piecesOf(text).map(({ kind, start, end }) =>
      Decoration.mark({ class: styles[`is_${kind}`] ?? '' }).range(start, end),
    ),
    true,
  );
}

const wrong = StateEffect.define<{ offset: number; length: number } | null>();
const faults = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks;
    for (const effect of transaction.effects) {
      if (!effect.is(wrong)) continue;
      next = effect.value ? marked(effect.value, transaction.state.doc.length) : Decoration.none;
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function marked({ offset, length }: { offset: number; length: number }, most: number): DecorationSet {
  const to = Math.min(most, offset + Math.max(1, length));
  const from = Math.max(0, Math.min(offset, to - 1));
  if (from >= to) return Decoration.none;
  return Decoration.set([Decoration.mark({ class: styles.wrong ?? '' }).range(from, to)]);
}

/** Load what is left to load; then an editor can be put into its place at once. */
export async function prepared(): Promise<(options: EditorOptions) => Editor> {
  const { assistance } = await loaded(() => import('./assist'));
  return (options) => mounted(options, assistance(options));
}

function mounted(options: EditorOptions, assistance: Extension): Editor {
  const attributes = new Compartment();
  const own = (now: Record<string, string>): Extension => EditorView.contentAttributes.of(now);
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({
      doc: options.text,
      selection: options.selection,
      extensions: [
        assistance,
        typing,
        EditorView.lineWrapping,
        EditorView.cspNonce.of(options.nonce),
        attributes.of(own(options.attributes)),
        placeholder(options.hint),
        painted,
        faults,
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !update.transactions.some((each) => each.isUserEvent('foreign')))
            options.onText(update.state.doc.toString());
          if (update.focusChanged && !update.view.hasFocus) options.onBlur();
        }),
      ],
    }),
  });
  return {
    setText: (text) => {
      if (text === view.state.doc.toString()) return;
      const changes = { from: 0, to: view.state.doc.length, insert: text };
      view.dispatch({ changes, userEvent: 'foreign', annotations: Transaction.addToHistory.of(false) });
    },
    setFault: (fault) => view.dispatch({ effects: wrong.of(fault) }),
    setAttributes: (now) => view.dispatch({ effects: attributes.reconfigure(own(now)) }),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
