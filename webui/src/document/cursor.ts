/** Where in a YAML document a place lies, read line by line, so that text which does not parse yet is understood. */
import type { Path } from './json';

export interface Cursor {
  /** The object or list the place lies in. */
  readonly path: Path;
  /** What is written there: a key, or the value of one. */
  readonly key: string | null;
  /** What was typed of it, and where that begins. */
  readonly word: string;
  readonly from: number;
  /** Values of members above the place, by the path of their object: `/nodes/0` → {id, type}. */
  readonly known: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** It lies in text that is taken as it is: a comment, a block. */
  readonly verbatim: boolean;
  readonly quote: '"' | "'" | null;
}

interface Level {
  indent: number;
  kind: 'map' | 'list' | 'flow';
  /** The key of a map that is being filled, or the index in a list. */
  at: string | number | null;
}

class Reader {
  levels: Level[] = [];
  readonly known = new Map<string, Record<string, string>>();
  /** Lines deeper than this belong to a block of text. */
  block: number | null = null;
  flow: { open: string; key: string | null; index: number }[] = [];
  quote: '"' | "'" | null = null;
  word = '';
  from = 0;
  comment = false;

  constructor(private readonly text: string) {}

  get path(): Path {
    const outer = this.levels.map(({ at }) => at).filter((at): at is string | number => at !== null);
    const inner = this.flow.map(({ open, key, index }) => (open === '[' ? index : key));
    return [...outer, ...inner.filter((at): at is string | number => at !== null)];
  }

  read(end: number): void {
    let start = 0;
    while (start <= end) {
      const newline = this.text.indexOf('\n', start);
      const stop = newline < 0 ? this.text.length : newline;
      this.line(start, Math.min(stop, end), stop > end || newline < 0 || end <= stop);
      start = stop + 1;
    }
  }

  /** One line, or its part before the place. */
  private line(start: number, stop: number, last: boolean): void {
    const line = this.text.slice(start, stop);
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    const blank = line.trim() === '';
    this.comment = false;
    this.word = '';
    this.from = stop;
    if (this.block !== null) {
      if (indent > this.block || (blank && !last)) return;
      this.block = null;
    }
    if (this.flow.length > 0 || this.quote) return this.inside(start, stop);
    if (blank && !last) return;
    this.outdent(indent, /^ *-( |$)/.test(line));
    this.entry(start, start + indent, stop);
  }

  private outdent(indent: number, item: boolean): void {
    const ends = (level: Level | undefined): boolean =>
      level !== undefined &&
      (level.indent > indent || (level.indent === indent && level.kind === 'list' && !item));
    while (ends(this.levels.at(-1))) this.levels.pop();
    // `- ` at the indent of its key.
    const top = this.levels.at(-1);
    if (top && top.kind === 'map' && top.indent === indent && !item) top.at = null;
  }

  private entry(start: number, offset: number, stop: number): void {
    const rest = this.text.slice(offset, stop);
    const indent = offset - start;
    if (/^-( |$)/.test(rest)) {
      const top = this.levels.at(-1);
      if (top?.kind === 'list' && top.indent === indent) top.at = Number(top.at) + 1;
      else this.levels.push({ indent, kind: 'list', at: 0 });
      const gap = /^- */.exec(rest)?.[0].length ?? 1;
      return this.entry(start, offset + gap, stop);
    }
    if (rest.startsWith('#')) {
      this.comment = true;
      return;
    }
    const found = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#:{}[\],"'][^#:]*?)) *:(?: |$)/.exec(rest);
    this.levelAt(indent);
    if (!found) {
      this.word = rest;
      this.from = offset;
      this.scalar(offset, stop);
      return;
    }
    const key = found[1] ?? found[2] ?? found[3] ?? '';
    const top = this.levels.at(-1);
    if (top) top.at = key;
    this.value(offset + found[0].length, stop, indent);
  }

  private levelAt(indent: number): void {
    const top = this.levels.at(-1);
    if (!top || top.indent < indent || top.kind === 'list')
      this.levels.push({ indent, kind: 'map', at: null });
  }

  private value(offset: number, stop: number, indent: number): void {
    const rest = this.text.slice(offset, stop);
    if (/^[|>][+\-0-9]* *(#.*)?$/.test(rest)) this.block = indent;
    this.word = rest.trimStart();
    this.from = stop - this.word.length;
    this.scalar(this.from, stop);
    if (this.flow.length === 0 && !this.quote) this.keep(this.word);
  }

  private scalar(offset: number, stop: number): void {
    if (/^[[{"']/.test(this.text.slice(offset, stop))) this.inside(offset, stop);
    else if (/(^| )#/.test(this.word)) this.comment = true;
  }

  /** Brackets and quotes, perhaps of a line before. */
  private inside(offset: number, stop: number): void {
    this.from = offset;
    for (let at = offset; at < stop; at += 1) {
      const letter = this.text[at] as string;
      if (this.quote) {
        if (letter === '\\' && this.quote === '"') at += 1;
        else if (letter === this.quote) this.quote = null;
        continue;
      }
      const frame = this.flow.at(-1);
      if ((letter === '"' || letter === "'") && this.text.slice(this.from, at).trim() === '') {
        this.quote = letter;
        this.from = at;
      } else if (letter === '[' || letter === '{') {
        this.flow.push({ open: letter, key: null, index: 0 });
        this.from = at + 1;
      } else if (letter === ']' || letter === '}') {
        this.ends(at);
        this.flow.pop();
        this.from = at + 1;
        if (this.flow.length === 0) break;
      } else if (letter === ',' && frame) {
        this.ends(at);
        frame.index += 1;
        frame.key = null;
        this.from = at + 1;
      } else if (
        letter === ':' &&
        frame?.open === '{' &&
        frame.key === null &&
        /[\s,}]|^$/.test(this.text[at + 1] ?? '')
      ) {
        frame.key = unquoted(this.text.slice(this.from, at));
        this.from = at + 1;
      }
    }
    const typed = this.text.slice(this.from, stop);
    this.word = this.quote ? typed : typed.trimStart();
    this.from = stop - this.word.length;
  }

  /** A member of a flow mapping is over. */
  private ends(at: number): void {
    const frame = this.flow.at(-1);
    if (frame?.open === '{' && frame.key !== null) this.keep(this.text.slice(this.from, at));
  }

  private keep(value: string): void {
    const path = this.path;
    const key = path.at(-1);
    if (typeof key !== 'string') return;
    const place = JSON.stringify(path.slice(0, -1));
    this.known.set(place, { ...this.known.get(place), [key]: unquoted(value) });
  }
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** Where a place of a text lies. */
export function cursorAt(text: string, offset: number): Cursor {
  const reader = new Reader(text);
  reader.read(offset);
  const { flow, levels, word, from, quote } = reader;
  const frame = flow.at(-1);
  const full = reader.path;
  const map = frame ? frame.open === '{' : levels.at(-1)?.kind === 'map';
  const key = frame ? frame.key : (levels.at(-1)?.at ?? null);
  const named = map && typeof key === 'string';
  return {
    path: named ? full.slice(0, -1) : full,
    key: named ? key : null,
    word: quote ? word.slice(1) : word,
    from: quote ? from + 1 : from,
    known: reader.known,
    verbatim: reader.block !== null || reader.comment,
    quote,
  };
}

/** What is known of the members above the place at a path. */
export function knownAt(cursor: Cursor, path: Path): Readonly<Record<string, string>> {
  return cursor.known.get(JSON.stringify(path)) ?? {};
}
