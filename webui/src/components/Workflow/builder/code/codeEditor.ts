/** The editor of the code pane: CodeMirror with what the pane tells it. Loaded when the pane is first shown. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import type { CompletionSource } from '@codemirror/autocomplete';
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  redo,
  undo,
} from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { diff } from '@codemirror/merge';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState, Prec, StateEffect, StateField, Transaction, type Extension } from '@codemirror/state';
import { Decoration, EditorView, keymap, lineNumbers, type DecorationSet } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import type { Span } from '../../../../document/places';
import { typing } from '../../../../forms/expression/typing';
import styles from './code.module.css';

export interface CodeOptions {
  parent: HTMLElement;
  text: string;
  label: string;
  describedBy: string;
  nonce: string;
  readOnly: boolean;
  phrases: Record<string, string>;
  complete?: CompletionSource;
  onText?: (text: string) => void;
  /** The cursor was moved by the person. */
  onCursor: (offset: number) => void;
  /** Ctrl S. */
  onApply?: () => void;
  /** Escape. */
  onLeave: () => void;
}

export interface Code {
  text: () => string;
  /** Only what differs is replaced, so that the cursor stays where it is. */
  setText: (text: string) => void;
  setMarks: (marks: readonly Diagnostic[]) => void;
  /** The lines of what is selected; `reveal` brings them into view. */
  setSpan: (span: Span | null, reveal: boolean) => void;
  goTo: (offset: number) => void;
  focus: () => void;
  destroy: () => void;
}

const chosen = StateEffect.define<Span | null>();
const span = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(lines, transaction) {
    let next = lines.map(transaction.changes);
    for (const effect of transaction.effects)
      if (effect.is(chosen)) next = linesOf(effect.value, transaction.state);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function linesOf(given: Span | null, { doc }: EditorState): DecorationSet {
  if (!given || given.from >= doc.length) return Decoration.none;
  const [first, last] = [doc.lineAt(given.from), doc.lineAt(Math.min(given.to, doc.length))];
  // What ends with a line break ends with the line before.
  const end = last.from === given.to && last.number > first.number ? last.number - 1 : last.number;
  const line = Decoration.line({ class: styles.chosen ?? '' });
  const lines = Array.from({ length: end - first.number + 1 }, (_, i) => doc.line(first.number + i));
  return Decoration.set(lines.map(({ from }) => line.range(from)));
}

const LARGEST_DIFF = { scanLimit: 500, timeout: 50 };

/** Put the editor into its place. */
export function mountCode(options: CodeOptions): Code {
  const view = new EditorView({
    parent: options.parent,
    state: EditorState.create({ doc: options.text, extensions: extensionsOf(options) }),
  });
  return {
    text: () => view.state.doc.toString(),
    setText: (text) => {
      const now = view.state.doc.toString();
      if (text === now) return;
      const changes = diff(now, text, LARGEST_DIFF).map(({ fromA, toA, fromB, toB }) => ({
        from: fromA,
        to: toA,
        insert: text.slice(fromB, toB),
      }));
      view.dispatch({ changes, userEvent: 'foreign', annotations: Transaction.addToHistory.of(false) });
    },
    setMarks: (marks) => {
      const most = view.state.doc.length;
      const fitting = marks.map((mark) => ({
        ...mark,
        from: Math.min(mark.from, most),
        to: Math.min(mark.to, most),
      }));
      view.dispatch(setDiagnostics(view.state, fitting));
    },
    setSpan: (given, reveal) => {
      const most = view.state.doc.length;
      const moves = given && reveal && given.from <= most;
      view.dispatch({
        effects: chosen.of(given),
        ...(moves && !view.hasFocus ? { selection: { anchor: given.from } } : {}),
      });
      if (!moves) return;
      bring(view, given.from);
    },
    goTo: (offset) => {
      const at = Math.min(offset, view.state.doc.length);
      view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

const ABOVE = 48;

/** Scroll to a line within the editor; the page stays where it is. Heights are told as lines are drawn. */
function bring(view: EditorView, offset: number, times = 3): void {
  view.requestMeasure({
    key: 'bring',
    read: () => (offset <= view.state.doc.length ? view.lineBlockAt(offset).top : null),
    write: (top) => {
      if (top === null) return;
      view.scrollDOM.scrollTop = Math.max(0, top - ABOVE);
      if (times > 1) requestAnimationFrame(() => bring(view, offset, times - 1));
    },
  });
}

function extensionsOf(options: CodeOptions): Extension[] {
  const { readOnly, onText, onCursor, onApply, onLeave, complete } = options;
  const apply = (): boolean => {
    onApply?.();
    return true;
  };
  return [
    EditorView.cspNonce.of(options.nonce),
    EditorState.phrases.of(options.phrases),
    EditorState.readOnly.of(readOnly),
    EditorState.tabSize.of(2),
    EditorView.lineWrapping,
    typing,
    EditorView.contentAttributes.of({
      'aria-label': options.label,
      'aria-describedby': options.describedBy,
      tabindex: '0', // what is edited takes keys anyway; said, because not every tool knows
      ...(readOnly ? { 'aria-readonly': 'true' } : {}),
    }),
    Prec.high(
      keymap.of([
        { key: 'Mod-s', run: apply, preventDefault: true },
        // Nothing left to take back here takes back nothing elsewhere.
        { key: 'Mod-z', run: (view) => undo(view) || true },
        { key: 'Mod-Shift-z', run: (view) => redo(view) || true },
        { key: 'Mod-]', run: indentMore },
        { key: 'Mod-[', run: indentLess },
      ]),
    ),
    ...(readOnly ? [] : [history(), closeBrackets(), indentOnInput(), autocompletion(completing(complete))]),
    yaml(),
    syntaxHighlighting(classHighlighter),
    bracketMatching(),
    codeFolding(),
    foldGutter(),
    lineNumbers(),
    lintGutter(),
    search({ top: true }),
    span,
    keymap.of([
      ...closeBracketsKeymap,
      ...completionKeymap,
      ...searchKeymap,
      ...lintKeymap,
      ...foldKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    // Last: lists, panels and several cursors are closed first.
    Prec.lowest(
      keymap.of([
        {
          key: 'Escape',
          run: () => {
            onLeave();
            return true;
          },
        },
      ]),
    ),
    EditorView.updateListener.of((update) => {
      const foreign = update.transactions.some((each) => each.isUserEvent('foreign'));
      if (update.docChanged && !foreign) onText?.(update.state.doc.toString());
      const moved = update.selectionSet || update.docChanged;
      if (moved && !foreign && update.view.hasFocus) onCursor(update.state.selection.main.head);
    }),
  ];
}

function completing(complete: CompletionSource | undefined) {
  return { ...(complete ? { override: [complete] } : {}), icons: false };
}
