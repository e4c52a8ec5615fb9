/**
 * A definition as YAML text. Text with comments keeps them while the definition changes below it: what is the same
 * stays as it is written, nodes and edges are found again by name.
 */
import {
  Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  visit,
  type Node as YamlNode,
  type Pair,
  type ToStringOptions,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isList, isObject, member, same, type Json, type JsonObject } from './json';
import { edgeKeys, isReadable, keyText, type EdgeJson } from './model';

const FORMAT = { lineWidth: 0 } as const;
const PLAIN = { aliasDuplicateObjects: false } as const;
/** Text to us, flags, dates or numbers to readers of YAML 1.1: quoted, as the platform does. */
const FOREIGN = /^(?:<<|=|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?[0-9][-+0-9_:.tTzZ ]*)$/;

export interface Unreadable {
  readonly message: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

export type Parsed = { readonly definition: JsonObject } | { readonly error: Unreadable };

function read(text: string): Document {
  return parseDocument(text, { schema: 'core', version: '1.2', prettyErrors: false, uniqueKeys: true });
}

/** The object a text holds, or why it holds none. */
export function fromYaml(text: string): Parsed {
  const document = read(text);
  const place = (offset: number): { line: number; column: number } => {
    const before = text.slice(0, offset).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
  const refused = (message: string, offset = 0): Parsed => ({ error: { message, ...place(offset) } });
  const [error] = document.errors;
  if (error) return refused(error.message, error.pos[0]);
  let alias: YamlNode | null = null;
  visit(document, {
    Alias: (_, node) => {
      alias = node;
      return visit.BREAK;
    },
  });
  if (alias) return refused('Aliases are not taken: write the value out.', (alias as YamlNode).range?.[0]);
  const value: unknown = document.toJS();
  return isObject(value) ? { definition: value } : refused('The text must hold one object.');
}

/** A value as nodes, quoted where another reader would not take it for text. */
function made<Made extends Document | YamlNode | Pair>(node: Made): Made {
  visit(node as YamlNode, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && FOREIGN.test(scalar.value)) scalar.type = Scalar.QUOTE_SINGLE;
    },
  });
  return node;
}

/** The text of a value; keys keep their order. */
export function toYaml(value: Json): string {
  return made(new Document(value, { schema: 'core', aliasDuplicateObjects: false })).toString(FORMAT);
}

/** The text changed so that it holds the definition; comments of what is left stay. */
export function withComments(text: string, definition: JsonObject): string {
  const document = read(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return toYaml(definition);
  if (same(document.toJS() as Json, definition)) return text;
  reconcile(document, document.contents, definition, isReadable(definition));
  const result = document.toString(styleOf(text));
  const back = fromYaml(result);
  return 'definition' in back && same(back.definition, definition) ? result : toYaml(definition);
}

/** How its writer sets braces and indents lists. */
function styleOf(text: string): ToStringOptions {
  const bare = text.replace(/\{\{[\s\S]*?\}\}|\[\]|\{\}/g, '');
  return {
    ...FORMAT,
    flowCollectionPadding: !/[:\-,[{] *[[{]["'\w]/.test(bare),
    indentSeq: !/^(\w[^\n]*):[ ]*(#[^\n]*)?\n- /m.test(text),
  };
}

type Inner = YamlNode | null;

/** The node that holds the value: the one there, changed, wherever it has the same form. */
function reconciled(document: Document, node: Inner, value: Json, named: Named = null): YamlNode {
  if (node && !isAlias(node) && same(node.toJS(document) as Json, value)) return node;
  if (isMap(node) && isObject(value)) {
    reconcile(document, node, value, false);
    return node;
  }
  if (isSeq(node) && isList(value)) {
    reconcileList(document, node as YAMLSeq<YamlNode>, value, named ?? placed);
    return node;
  }
  const fresh = made(document.createNode(value, PLAIN) as YamlNode);
  if (node && isScalar(node)) {
    fresh.comment = node.comment;
    fresh.commentBefore = node.commentBefore;
  }
  return fresh;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function reconcile(document: Document, map: YAMLMap, value: JsonObject, isRoot: boolean): void {
  map.items = map.items.filter((pair) => Object.hasOwn(value, keyOf(pair)));
  for (const [key, each] of Object.entries(value)) {
    const named = isRoot ? (key === 'nodes' ? byId : key === 'edges' ? byEnds : null) : null;
    const pair = map.items.find((one) => keyOf(one) === key);
    if (pair) pair.value = reconciled(document, pair.value as Inner, each, named);
    else map.items.push(made(document.createPair(key, each, PLAIN)));
  }
}

/** What tells the items of a list apart. */
type Named = ((items: readonly Json[]) => string[]) | null;
const placed = (items: readonly Json[]): string[] => items.map((_, i) => String(i));
const byId = (items: readonly Json[]): string[] => items.map((item, i) => String(member(item, 'id') ?? i));
const byEnds = (items: readonly Json[]): string[] =>
  items.every((item) => typeof member(item, 'from') === 'string' && typeof member(item, 'to') === 'string')
    ? edgeKeys(items as readonly EdgeJson[]).map(keyText)
    : placed(items);

function reconcileList(
  document: Document,
  list: YAMLSeq<YamlNode>,
  value: readonly Json[],
  named: NonNullable<Named>,
): void {
  const names = named(list.toJS(document) as Json[]);
  const had = new Map(list.items.map((item, i) => [names[i] as string, item]));
  const wanted = named(value);
  list.items = value.map((each, i) => {
    const old = had.get(wanted[i] as string) ?? null;
    return reconciled(document, old, each) as YamlNode;
  });
  if (list.items.length > 0 && had.size === 0) list.flow = false;
}

const MOST_KEPT = 16 * 1024 * 1024;

/**
 * The text beside a definition that changes. It remembers which text belonged to which definition, so that undoing
 * gives back the very text that was there, with the comments of what had been removed.
 */
export class SourceText {
  private readonly kept = new Map<string, string>();
  private size = 0;
  private current: { text: string; definition: JsonObject } | null = null;

  /** Begin with a text, or with none. */
  begin(text: string | null, definition: JsonObject): void {
    this.current = text === null ? null : { text, definition };
    if (text !== null) this.keep(definition, text);
  }

  /** The text of the definition; null while there never was any. */
  of(definition: JsonObject): string | null {
    if (!this.current) return null;
    if (this.current.definition === definition) return this.current.text;
    const text = this.kept.get(markOf(definition)) ?? withComments(this.current.text, definition);
    this.begin(text, definition);
    return text;
  }

  private keep(definition: JsonObject, text: string): void {
    const mark = markOf(definition);
    this.size += text.length - (this.kept.get(mark)?.length ?? 0);
    this.kept.set(mark, text);
    for (const [oldest, each] of this.kept) {
      if (this.size <= MOST_KEPT || oldest === mark) return;
      this.kept.delete(oldest);
      this.size -= each.length;
    }
  }
}

/** A short mark of a value, its order of keys included (cyrb53 and the length). */
function markOf(value: Json): string {
  const text = JSON.stringify(value);
  let [one, two] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return `${text.length}:${4294967296 * (2097151 & two) + (one >>> 0)}`;
}
