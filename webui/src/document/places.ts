/** Where the values of a definition stand in its YAML text. */
import { isMap, isPair, isScalar, isSeq, parseDocument, type Node as YamlNode, type Pair } from 'yaml';
import { isId } from './model';

/** Offsets in the text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

type Key = string | number;

/** Of a text as it stands, also of one with errors, as far as it can be read. */
export class Places {
  private readonly root: unknown;
  private readonly spans: readonly (Span & { readonly id: string })[];

  constructor(text: string) {
    const document = parseDocument(text, { schema: 'core', version: '1.2', prettyErrors: false });
    this.root = document.contents;
    this.spans = itemsOf(below(this.root, 'nodes')).flatMap((item) => {
      const id = below(item, 'id');
      const span = spanOf(item);
      if (!span || !isScalar(id) || !isId(String(id.value))) return [];
      // With the dash before it.
      const start = text.lastIndexOf('\n', span.from - 1) + 1;
      const from = /^[\s-]*$/.test(text.slice(start, span.from)) ? start : span.from;
      return [{ from, to: span.to, id: String(id.value) }];
    });
  }

  /** The value at a JSON pointer, else the nearest one it would lie in. */
  at(pointer: string): Span | null {
    let found: unknown = this.root;
    let span: Span | null = null;
    for (const part of pointer.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const pair = isMap(found) ? (found.items as Pair[]).find((each) => keyOf(each) === key) : null;
      const next = pair ? pair.value : below(found, key);
      if (next === undefined) return span;
      span = spanOf(next) ?? spanOf(pair?.key) ?? span;
      found = next;
    }
    return span;
  }

  /** The lines of a node. */
  node(id: string): Span | null {
    const found = this.spans.find((each) => each.id === id);
    return found ? { from: found.from, to: found.to } : null;
  }

  /** The node whose lines an offset is in. */
  nodeAt(offset: number): string | null {
    return this.spans.findLast(({ from, to }) => offset >= from && offset <= to)?.id ?? null;
  }

  /** The member of the document an offset is in: `edges`, `inputs`. */
  partAt(offset: number): string | null {
    if (!isMap(this.root)) return null;
    const pairs = this.root.items as Pair[];
    return keyOf(pairs.findLast((each) => (spanOf(each.key)?.from ?? Infinity) <= offset) ?? null);
  }
}

function keyOf(pair: Pair | null): string | null {
  if (!pair) return null;
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function itemsOf(value: unknown): readonly unknown[] {
  return isSeq(value) ? value.items : [];
}

function below(value: unknown, key: Key): unknown {
  if (isSeq(value)) return value.items[Number(key)];
  if (!isMap(value)) return undefined;
  return (value.items as Pair[]).find((pair) => keyOf(pair) === String(key))?.value;
}

function spanOf(value: unknown): Span | null {
  const range = isPair(value) ? null : (value as YamlNode | null | undefined)?.range;
  return range ? { from: range[0], to: range[1] } : null;
}
