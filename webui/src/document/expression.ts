/** Texts with `{{ }}`: their expressions, the tokens of these, and what stands before a place in one. */

// The tokens of graph/syntax.py.
const TOKEN =
  /(?<space>[ \t\r\n\f]+|\/\/[^\n]*)|(?<string>[rR]?[bB]?(?:"{3}(?:[^\\]|\\[\s\S])*?"{3}|'{3}(?:[^\\]|\\[\s\S])*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))|(?<number>0[xX][0-9a-fA-F]+[uU]?|\d*\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+[uU]?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<mark>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}])/y;
export interface Token {
  kind: string;
  text: string;
  start: number;
}

/** The tokens without space; null for text that is no expression. */
export function tokensOf(source: string): Token[] | null {
  const found: Token[] = [];
  for (let offset = 0; offset < source.length;) {
    TOKEN.lastIndex = offset;
    const groups = TOKEN.exec(source)?.groups;
    const [kind, text] = Object.entries(groups ?? {}).find(([, each]) => each !== undefined) ?? [];
    if (!kind || !text) return null;
    if (kind !== 'space') found.push({ kind, text, start: offset });
    offset += text.length;
  }
  return found;
}

/** Offset of the `}}` that closes an expression beginning at `start`; -1 if it is never closed. */
function closeOf(text: string, start: number): number {
  let depth = 0;
  for (let offset = start; offset < text.length;) {
    if (text[offset] === '}') {
      if (depth === 0 && text.startsWith('}}', offset)) return offset;
      depth = Math.max(depth - 1, 0);
    } else if (text[offset] === '{') depth += 1;
    TOKEN.lastIndex = offset;
    offset += TOKEN.exec(text)?.[0].length ?? 1;
  }
  return -1;
}

/** The expressions of a text, each with its offset. */
export function* expressionsIn(text: string): Generator<{ source: string; start: number }> {
  for (let open = text.indexOf('{{'); open >= 0;) {
    const close = closeOf(text, open + 2);
    if (close < 0) return;
    yield { source: text.slice(open + 2, close), start: open + 2 };
    open = text.indexOf('{{', close + 2);
  }
}

export interface Expression {
  readonly source: string;
  readonly start: number;
  readonly closed: boolean;
}

/** Every expression, the last one also while it is not closed yet. */
export function expressionsOf(text: string): Expression[] {
  const found = [...expressionsIn(text)].map((each) => ({ ...each, closed: true }));
  const last = found.at(-1);
  const open = text.indexOf('{{', last ? last.start + last.source.length + 2 : 0);
  return open < 0 ? found : [...found, { source: text.slice(open + 2), start: open + 2, closed: false }];
}

/** The expression a place lies in. */
export function expressionAt(text: string, offset: number): Expression | null {
  const found = expressionsOf(text);
  return found.find(({ start, source }) => offset >= start && offset <= start + source.length) ?? null;
}

export interface Piece {
  readonly kind: 'brace' | 'name' | 'call' | 'string' | 'number' | 'mark' | 'word';
  readonly start: number;
  readonly end: number;
}

const WORDS: readonly string[] = ['true', 'false', 'null', 'in'];

/** What of a text is to be told apart by the eye; what is no token is left plain. */
export function piecesOf(text: string): Piece[] {
  return expressionsOf(text).flatMap(({ source, start, closed }): Piece[] => {
    const end = start + source.length;
    const braces: Piece[] = [{ kind: 'brace', start: start - 2, end: start }];
    if (closed) braces.push({ kind: 'brace', start: end, end: end + 2 });
    const tokens = lenient(source);
    const inner = tokens.map((token, i): Piece => {
      const at = start + token.start;
      return { kind: kindOf(token, tokens[i + 1]), start: at, end: at + token.text.length };
    });
    return [...braces.slice(0, 1), ...inner, ...braces.slice(1)];
  });
}

function kindOf(token: Token, next: Token | undefined): Piece['kind'] {
  if (token.kind !== 'name') return token.kind as Piece['kind'];
  if (WORDS.includes(token.text)) return 'word';
  return next?.text === '(' ? 'call' : 'name';
}

/** The tokens; what is none is passed over. */
function lenient(source: string): Token[] {
  const whole = tokensOf(source);
  if (whole) return whole;
  const found: Token[] = [];
  for (let offset = 0; offset < source.length;) {
    TOKEN.lastIndex = offset;
    const groups = TOKEN.exec(source)?.groups;
    const [kind, text] = Object.entries(groups ?? {}).find(([, each]) => each !== undefined) ?? [];
    if (kind && text && kind !== 'space') found.push({ kind, text, start: offset });
    offset += text?.length ?? 1;
  }
  return found;
}

/** A step on the way to a value: a member, an item of a list, or something only evaluation can tell. */
export type Leg = { readonly name: string } | { readonly item: true } | { readonly unknown: true };

export interface Before {
  /** What stands before the last dot; null: the beginning of a path. */
  readonly legs: readonly Leg[] | null;
  /** The name that is being written, and where it begins. */
  readonly word: string;
  readonly from: number;
  /** Names of comprehensions around the place, and the lists whose items they are. */
  readonly bound: ReadonlyMap<string, readonly Leg[]>;
}

const MACROS: readonly string[] = ['map', 'filter', 'all', 'exists', 'exists_one'];

/** What is written up to a place of an expression; null within a text or a number. */
export function before(source: string, offset: number): Before | null {
  const tokens = lenient(source.slice(0, offset));
  const last = tokens.at(-1);
  const adjoins = last !== undefined && last.start + last.text.length === offset;
  if (adjoins && (last.kind === 'string' || last.kind === 'number')) return null;
  if (/["']/.test(unread(source.slice(0, offset), tokens))) return null;
  const word = adjoins && last.kind === 'name' ? last.text : '';
  const rest = word === '' ? tokens : tokens.slice(0, -1);
  const dotted = rest.at(-1)?.text === '.';
  return {
    legs: dotted ? (chain(rest, rest.length - 2) ?? [{ unknown: true }]) : null,
    word,
    from: offset - word.length,
    bound: boundIn(rest),
  };
}

/** What of a text belongs to no token: an open quote. */
function unread(text: string, tokens: readonly Token[]): string {
  let left = '';
  let done = 0;
  for (const { start, text: each } of tokens) {
    left += text.slice(done, start);
    done = start + each.length;
  }
  return left + text.slice(done);
}

/** The path that ends with the token at `at`. */
function chain(tokens: readonly Token[], at: number): Leg[] | null {
  const token = tokens[at];
  if (!token) return null;
  if (token.kind === 'name') {
    const dot = tokens[at - 1]?.text === '.';
    if (!dot) return [{ name: token.text }];
    const earlier = chain(tokens, at - 2);
    return earlier && [...earlier, { name: token.text }];
  }
  if (token.text !== ']' && token.text !== ')') return [{ unknown: true }];
  const open = opening(tokens, at);
  if (token.text === ')') return [{ unknown: true }];
  const earlier = chain(tokens, open - 1);
  const inner = tokens.slice(open + 1, at);
  const plain = inner.length === 1 ? /^(["'])([^"'\\]*)\1$/.exec(inner[0]?.text ?? '') : null;
  return earlier && [...earlier, plain ? { name: plain[2] as string } : { item: true }];
}

/** Where the bracket opened that closes at `at`. */
function opening(tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let i = at; i >= 0; i -= 1) {
    const text = tokens[i]?.text ?? '';
    if (text === ')' || text === ']' || text === '}') depth += 1;
    if (text === '(' || text === '[' || text === '{') depth -= 1;
    if (depth === 0) return i;
  }
  return -1;
}

function boundIn(tokens: readonly Token[]): Map<string, readonly Leg[]> {
  const found = new Map<string, readonly Leg[]>();
  let depth = 0;
  for (let i = tokens.length - 1; i >= 0; i -= 1) {
    const { text } = tokens[i] as Token;
    if (text === ')' || text === ']' || text === '}') depth += 1;
    else if (text === '(' || text === '[' || text === '{') {
      if (depth > 0) depth -= 1;
      else if (text === '(' && MACROS.includes(tokens[i - 1]?.text ?? '') && tokens[i - 2]?.text === '.') {
        const [name, comma] = [tokens[i + 1], tokens[i + 2]];
        const list = chain(tokens, i - 3);
        if (name?.kind === 'name' && comma?.text === ',' && list && !found.has(name.text))
          found.set(name.text, [...list, { item: true }]);
      }
    }
  }
  return found;
}
