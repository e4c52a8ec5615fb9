/** Completion in the YAML: names of expressions within braces, else what the schema of documents allows. */
import { startCompletion, type Completion, type CompletionSource } from '@codemirror/autocomplete';
import { cursorAt } from '../../../../document/cursor';
import { completions, type Words } from '../../../../forms/expression/assist';
import type { Scope } from '../../../../forms/expression/context';
import { expressionPlace, suggestionsAt, type ExpressionPlace, type Known, type Suggestion } from './suggest';

export interface Completing {
  known: () => Known | null;
  scope: (place: ExpressionPlace) => Promise<Scope | null>;
  words: Words;
}

export function completing({ known, scope, words }: Completing): CompletionSource {
  return async (context) => {
    const { state, pos, explicit } = context;
    const now = known();
    if (!now) return null;
    const text = state.doc.toString();
    const line = state.doc.lineAt(pos);
    const place = expressionPlace(text, pos, now.draft);
    if (place && inBraces(line.text, pos - line.from)) {
      const names = await scope(place);
      if (!names || context.aborted) return null;
      const found = completions(line.text, { pos: pos - line.from, explicit }, names, words);
      return found && { ...found, from: found.from + line.from };
    }
    const cursor = cursorAt(text, pos);
    if (!explicit && cursor.word === '' && cursor.key === null) return null;
    const found = suggestionsAt(cursor, now);
    if (!found) return null;
    return { from: found.from, options: found.options.map(optionOf), validFor: /^[\w./-]*$/ };
  };
}

function inBraces(line: string, offset: number): boolean {
  const open = line.lastIndexOf('{{', offset);
  return open >= 0 && open + 2 <= offset && !line.slice(open, offset).includes('}}');
}

function optionOf({ label, written, detail, text, kind }: Suggestion): Completion {
  return {
    label,
    detail,
    type: kind,
    ...(text ? { info: text } : {}),
    apply: (view, _, from, to) => {
      const after = view.state.sliceDoc(to, to + 1);
      const insert = after === ':' && written.endsWith(': ') ? written.slice(0, -2) : written;
      view.dispatch({
        changes: { from, to, insert },
        selection: { anchor: from + insert.length },
        userEvent: 'input.complete',
      });
      if (kind === 'key') startCompletion(view); // its values
    },
  };
}
