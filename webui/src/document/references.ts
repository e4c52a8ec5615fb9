/** Names of nodes in expressions: read and rewritten where it is certain what they mean. */
import { expressionsIn, tokensOf } from './expression';
import { isList, isObject, type Json } from './json';

const ROOTS: readonly string[] = ['steps', 'previous'];
const MACROS: readonly string[] = ['map', 'filter', 'all', 'exists', 'exists_one'];

interface Mention {
  id: string;
  start: number;
  end: number;
  /** `["id"]` rather than `.id`. */
  quote: string;
}

/** `steps.<id>` and `previous["<id>"]` of one expression; nothing where a comprehension hides the root. */
function mentionsIn(source: string): Mention[] {
  const tokens = tokensOf(source) ?? [];
  const hidden = tokens.some(
    (token, i) =>
      MACROS.includes(token.text) && tokens[i + 1]?.text === '(' && ROOTS.includes(tokens[i + 2]?.text ?? ''),
  );
  if (hidden) return [];
  return tokens.flatMap((root, i) => {
    if (root.kind !== 'name' || !ROOTS.includes(root.text) || tokens[i - 1]?.text === '.') return [];
    const [mark, name, closing] = [tokens[i + 1], tokens[i + 2], tokens[i + 3]];
    if (!name) return [];
    const end = name.start + name.text.length;
    if (mark?.text === '.' && name.kind === 'name')
      return [{ id: name.text, start: name.start, end, quote: '' }];
    const plain = /^(["'])([^"'\\]*)\1$/.exec(name.text);
    if (mark?.text !== '[' || !plain || closing?.text !== ']') return [];
    return [{ id: plain[2] as string, start: name.start, end, quote: plain[1] as string }];
  });
}

export type Names = ReadonlyMap<string, string>;

/** The text with nodes called by their new names. */
function renamedText(text: string, names: Names): string {
  // Most texts name none of them: reading an expression takes a hundred times as long as seeing that.
  if (![...names.keys()].some((name) => text.includes(name))) return text;
  let result = '';
  let done = 0;
  for (const { source, start } of expressionsIn(text))
    for (const mention of mentionsIn(source)) {
      const name = names.get(mention.id);
      if (name === undefined) continue;
      result += text.slice(done, start + mention.start) + mention.quote + name + mention.quote;
      done = start + mention.end;
    }
  return result + text.slice(done);
}

/** The value with every expression in it rewritten; the very same value if there is nothing to rewrite. */
export function renamed<Value extends Json>(value: Value, names: Names): Value;
export function renamed(value: Json, names: Names): Json {
  if (typeof value === 'string') return value.includes('{{') ? renamedText(value, names) : value;
  if (isList(value)) {
    const items = value.map((each) => renamed(each, names));
    return items.every((each, i) => each === value[i]) ? value : items;
  }
  if (!isObject(value)) return value;
  const rows = Object.entries(value).map(([key, each]) => [key, renamed(each, names)] as const);
  return rows.every(([key, each]) => each === value[key]) ? value : Object.fromEntries(rows);
}

/** The ids of nodes that the expressions of a value read. */
export function readBy(value: Json): Set<string> {
  if (typeof value === 'string')
    return new Set([...expressionsIn(value)].flatMap(({ source }) => mentionsIn(source).map(({ id }) => id)));
  const inside = isList(value) ? value : isObject(value) ? Object.values(value) : [];
  return new Set(inside.flatMap((each) => [...readBy(each)]));
}
