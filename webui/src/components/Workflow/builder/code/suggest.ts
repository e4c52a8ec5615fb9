/** What can be written at a place of the YAML, by the JSON Schema of documents and the draft itself. */
import { cursorAt, knownAt, type Cursor } from '../../../../document/cursor';
import { at, isObject, member, type Json, type JsonObject, type Path } from '../../../../document/json';
import { edgesOf, endOf, nodesOf, type Draft } from '../../../../document/model';
import { resolved, type JsonSchema } from '../../../../forms/schema';
import { portsOf, type NodeTypes } from '../nodeTypes';

export interface Suggestion {
  readonly label: string;
  readonly written: string;
  readonly detail: string;
  readonly text: string;
  readonly kind: 'key' | 'value';
}

export interface Suggestions {
  readonly from: number;
  readonly options: readonly Suggestion[];
}

export interface Known {
  readonly schema: JsonSchema;
  readonly draft: Draft;
  readonly types: NodeTypes;
}

/** The names of members, or the values of one, at a place; null where any text may stand. */
export function suggestionsAt(cursor: Cursor, known: Known): Suggestions | null {
  if (cursor.verbatim) return null;
  const options = cursor.key === null ? keysAt(cursor, known) : valuesAt(cursor, cursor.key, known);
  return options.length > 0 ? { from: cursor.from, options } : null;
}

function keysAt(cursor: Cursor, known: Known): Suggestion[] {
  const there = at(known.draft.definition, cursor.path);
  const taken = new Set([
    ...(isObject(there) ? Object.keys(there) : []),
    ...Object.keys(knownAt(cursor, cursor.path)),
  ]);
  const found = new Map<string, JsonSchema>();
  for (const { schema, root } of schemasAt(cursor, known))
    for (const [name, each] of Object.entries(isObject(schema.properties) ? schema.properties : {}))
      if (!found.has(name)) found.set(name, resolved(each, root));
  return [...found].flatMap(([name, schema]): Suggestion[] =>
    taken.has(name) && name !== cursor.word.trim()
      ? []
      : [
          {
            label: name,
            written: `${name}: `,
            detail: typeWords(schema),
            text: wordsOf(schema),
            kind: 'key',
          },
        ],
  );
}

function valuesAt(cursor: Cursor, key: string, known: Known): Suggestion[] {
  const { draft, types } = known;
  const value = (label: string, text = '', detail = ''): Suggestion => ({
    ...{ label, written: label, text, detail, kind: 'value' },
  });
  const [part, , ...deeper] = cursor.path;
  if (deeper.length === 0 && part === 'nodes' && key === 'type')
    return [...types.values()].map(({ name, title, description }) => value(name, description, title));
  const own = (): string => String(knownAt(cursor, cursor.path).id ?? '');
  if (deeper.length === 0 && part === 'nodes' && key === 'parent')
    return nodesOf(draft)
      .filter((node) => types.get(String(node.type))?.container && node.id !== own())
      .map(({ id }) => value(id));
  if (deeper.length === 0 && part === 'edges' && key === 'to')
    return nodesOf(draft).map(({ id }) => value(id));
  if (deeper.length === 0 && part === 'edges' && key === 'from')
    return nodesOf(draft).flatMap((node) =>
      portsOf(types, node).map((port) => value(port === 'out' ? node.id : `${node.id}.${port}`)),
    );
  const schemas = schemasAt({ ...cursor, path: [...cursor.path, key], key: null }, known);
  return schemas.flatMap(({ schema }) => [
    ...constants(schema).map((each) => value(written(each), wordsOf(schema))),
    ...(Array.isArray(schema.examples) ? (schema.examples as Json[]) : [])
      .filter((each) => typeof each !== 'object')
      .map((each) => value(written(each), wordsOf(schema))),
  ]);
}

function constants(schema: JsonSchema): Json[] {
  if (Array.isArray(schema.enum)) return schema.enum as Json[];
  if ('const' in schema) return [schema.const as Json];
  return schema.type === 'boolean' ? [true, false] : [];
}

function written(value: Json): string {
  const text = String(value);
  return typeof value === 'string' && /^[\w./-]+$/.test(text) ? text : JSON.stringify(value);
}

/** A schema with what its references lead into: a part with an id of its own begins anew. */
interface Ruled {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
}

/** What the schema says of a place: every alternative. */
function schemasAt(cursor: Cursor, { schema, draft }: Known): Ruled[] {
  let found = alternatives(schema, schema);
  cursor.path.forEach((key, depth) => {
    const path = cursor.path.slice(0, depth + 1);
    found = found.flatMap((each) => alternatives(stepped(each.schema, key), each.root));
    if (path.length === 2 && path[0] === 'nodes') found = ofType(found, typeAt(cursor, draft, path));
  });
  return found;
}

function stepped(schema: JsonSchema, key: string | number): Json | undefined {
  if (typeof key === 'number') return schema.items as Json;
  const properties = isObject(schema.properties) ? schema.properties : {};
  return (member(properties, key) ?? schema.additionalProperties) as Json | undefined;
}

function alternatives(given: Json | JsonSchema | undefined, outer: JsonSchema): Ruled[] {
  if (!isObject(given)) return [];
  const schema = resolved(given, outer);
  const root = '$id' in schema ? schema : outer;
  const inner = [schema.oneOf, schema.anyOf].flatMap((each) => (Array.isArray(each) ? (each as Json[]) : []));
  return inner.length > 0 ? inner.flatMap((each) => alternatives(each, root)) : [{ schema, root }];
}

function typeAt(cursor: Cursor, draft: Draft, path: Path): string {
  return knownAt(cursor, path).type ?? String(at(draft.definition, [...path, 'type']) ?? '');
}

function ofType(schemas: Ruled[], type: string): Ruled[] {
  const typed = schemas.filter(({ schema }) => {
    const properties = isObject(schema.properties) ? schema.properties : {};
    return member(member(properties as JsonObject, 'type'), 'const') === type;
  });
  return typed.length > 0 ? typed : schemas.slice(0, 1);
}

function typeWords(schema: JsonSchema): string {
  if (Array.isArray(schema.enum)) return (schema.enum as Json[]).map(String).join(' | ');
  return [schema.type].flat().filter(Boolean).join(' | ');
}

function wordsOf(schema: JsonSchema): string {
  const { description, title } = schema;
  return typeof description === 'string' ? description : typeof title === 'string' ? title : '';
}

export interface ExpressionPlace {
  readonly node: string | null;
  readonly pointer: string;
}

/** Which field of the draft an expression at a place belongs to; null: none that is evaluated. */
export function expressionPlace(text: string, offset: number, draft: Draft): ExpressionPlace | null {
  const { path, key, verbatim } = cursorAt(text, offset);
  if (verbatim) return null;
  const [part, index, ...rest] = key === null ? path : [...path, key];
  const pointer = (keys: readonly unknown[]): string => keys.map((each) => `/${String(each)}`).join('');
  if (part === 'output' && index !== undefined)
    return { node: null, pointer: pointer([part, index, ...rest]) };
  if (typeof index !== 'number') return null;
  if (part === 'nodes' && rest[0] === 'config')
    return { node: nodesOf(draft)[index]?.id ?? null, pointer: pointer(rest) };
  const edge = part === 'edges' ? edgesOf(draft)[index] : undefined;
  if (edge && rest[0] === 'when')
    return { node: endOf(edge.from).node, pointer: pointer([part, index, 'when']) };
  return null;
}
