/** What can be written at a place of an expression: names with what is known of them, functions with what they do. */
import { before, expressionAt, type Before, type Leg } from '../../document/expression';
import { isObject, type Json, type JsonSchema } from '../schema';
import type { Scope, ScopeFunction } from './context';

export interface Choice {
  readonly label: string;
  readonly kind: 'step' | 'name' | 'member' | 'call' | 'word';
  /** Written instead of the label, `before` the cursor and after it. */
  readonly written: readonly [string, string];
  /** Beside the label: a type. */
  readonly detail: string;
  readonly about: About;
  readonly rank: number;
}

/** What is told of a choice: a sentence, an example and what it gives. */
export interface About {
  readonly text?: string | undefined;
  readonly signature?: string | undefined;
  readonly example?: string | undefined;
  readonly gives?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly recorded?: boolean | undefined;
}

export interface Choices {
  readonly from: number;
  /** The dot before a name that can only be written in brackets goes. */
  readonly options: readonly Choice[];
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LONGEST = 60;

/** The choices at a place; outside of braces whole expressions, if they are asked for. */
export function choicesAt(text: string, offset: number, scope: Scope, asked: boolean): Choices | null {
  const inside = expressionAt(text, offset);
  if (!inside) {
    if (!asked) return null;
    const options = wholeNames(scope).map((each): Choice => {
      return { ...each, written: [`{{ ${each.label} }}`, ''] };
    });
    return { from: offset, options };
  }
  const place = before(inside.source, offset - inside.start);
  if (!place || (!asked && place.word === '' && place.legs === null)) return null;
  return { from: inside.start + place.from, options: inExpression(place, scope) };
}

function inExpression(place: Before, scope: Scope): Choice[] {
  const { legs, bound } = place;
  if (legs) return membersOf(resolved(legs, bound), scope);
  const names = [...bound.keys()].map((name) =>
    choice('name', name, schemaOf(resolved([{ name }], bound), scope), 3),
  );
  return [
    ...names,
    ...wholeNames(scope),
    ...scope.functions.flatMap((each) => (receiverOf(each) ? [] : [called(each, each.signature)])),
    ...['true', 'false', 'null'].map((word) => choice('word', word, {}, -1)),
  ];
}

function resolved(legs: readonly Leg[], bound: Before['bound'], depth = 0): readonly Leg[] {
  const [first, ...rest] = legs;
  const list = first && 'name' in first && depth < 8 ? bound.get(first.name) : undefined;
  if (!list) return legs;
  const outer = new Map([...bound].filter(([, other]) => other !== list));
  return [...resolved(list, outer, depth + 1), ...rest];
}

function wholeNames({ names }: Scope): Choice[] {
  return names.map(({ name, schema, example, optional, recorded }): Choice => {
    const known = choice(name.startsWith('steps.') ? 'step' : 'name', name, asSchema(schema), 2);
    return { ...known, about: { ...known.about, example: shown(example), optional, recorded } };
  });
}

/** What comes after the dot. */
function membersOf(legs: readonly Leg[], scope: Scope): Choice[] {
  const path = legs.map((leg) => ('name' in leg ? leg.name : ''));
  const below = scope.names
    .map(({ name }) => name.split('.'))
    .filter((parts) => parts.length > path.length && path.every((part, i) => part === parts[i]))
    .map((parts) => parts[path.length] as string);
  if (below.length > 0 && legs.every((leg) => 'name' in leg)) {
    return [...new Set(below)].map((part) => {
      const { schema, example } = rowOf([...path, part], scope) ?? {};
      const known = choice('member', part, asSchema(schema), 1);
      return { ...known, about: { ...known.about, example: shown(example) } };
    });
  }
  const schema = schemaOf(legs, scope);
  const properties = Object.entries(propertiesOf(schema)).map(([name, each]) =>
    choice('member', name, asSchema(each), 1),
  );
  const methods = scope.functions.filter((each) => suits(receiverOf(each), schema));
  return [...properties, ...methods.map((each) => called(each, each.signature.replace(/^\w+\./, '')))];
}

function rowOf(path: readonly string[], scope: Scope) {
  return scope.names.find(({ name }) => name === path.join('.'));
}

/** The schema of what a path leads to, as far as it is known. */
function schemaOf(legs: readonly Leg[], scope: Scope): JsonSchema {
  const path = legs.map((leg) => ('name' in leg ? leg.name : ''));
  for (let length = Math.min(3, path.length); length > 0; length -= 1) {
    const row = rowOf(path.slice(0, length), scope);
    if (row) return legs.slice(length).reduce<JsonSchema>(below, asSchema(row.schema));
  }
  return {};
}

function below(schema: JsonSchema, leg: Leg): JsonSchema {
  if ('unknown' in leg) return {};
  const next = 'item' in leg ? partOf(schema, 'items') : propertiesOf(schema)[leg.name];
  return asSchema(next);
}

function asSchema(value: Json): JsonSchema {
  return isObject(value) ? value : {};
}

function propertiesOf(schema: JsonSchema): Record<string, Json> {
  const own = isObject(schema.properties) ? schema.properties : {};
  return Object.assign({}, ...alternatives(schema).map(propertiesOf), own) as Record<string, Json>;
}

function partOf(schema: JsonSchema, part: string): Json {
  return (
    schema[part] ??
    alternatives(schema)
      .map((each) => each[part])
      .find(Boolean)
  );
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema.anyOf, schema.oneOf].flatMap((each) =>
    Array.isArray(each) ? (each as Json[]).filter(isObject) : [],
  );
}

/** `list` of `list.map(…)`; null for a function. */
function receiverOf({ signature }: ScopeFunction): string | null {
  return /^(\w+)\.\w+\(/.exec(signature)?.[1] ?? null;
}

const RECEIVES: Readonly<Record<string, readonly string[]>> = {
  text: ['string'],
  list: ['array', 'object'],
  timestamp: [],
};

function suits(receiver: string | null, schema: JsonSchema): boolean {
  if (receiver === null) return false;
  const types = typesOf(schema);
  return types.length === 0 || types.some((type) => RECEIVES[receiver]?.includes(type));
}

function typesOf(schema: JsonSchema): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type as string[];
  return alternatives(schema).flatMap(typesOf);
}

function choice(kind: Choice['kind'], label: string, schema: JsonSchema, rank: number): Choice {
  const { description, title } = schema;
  const text = [description, title].find((each) => typeof each === 'string') as string | undefined;
  // Every part of a path that is no name goes into brackets; the editor takes the dot away.
  const plain = label.split('.').every((part) => NAME.test(part));
  const written = plain ? label : `[${JSON.stringify(label)}]`;
  const detail = [...new Set(typesOf(schema))].join(' | ');
  const example = Array.isArray(schema.examples) ? shown(schema.examples[0]) : undefined;
  return { label, kind, written: [written, ''], detail, about: { text, example }, rank };
}

function called(each: ScopeFunction, signature: string): Choice {
  const { name, description: text, example, gives } = each;
  const none = signature.includes('()');
  const written: Choice['written'] = none ? [`${name}()`, ''] : [`${name}(`, ')'];
  const detail = signature.slice(name.length);
  return {
    ...{ label: name, kind: 'call', written, rank: 0 },
    detail: detail.length > 40 ? `${detail.slice(0, 39)}…` : detail,
    about: { text, signature: each.signature, example, gives },
  };
}

function shown(value: Json): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
