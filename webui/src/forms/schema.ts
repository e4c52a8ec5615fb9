/** What a JSON Schema says about a form: PURE reading of what pydantic and people write. */
import { Validator, type Schema as CfSchema } from '@cfworker/json-schema';

export type Json = unknown;
export type JsonSchema = Record<string, unknown>;

const DEEPEST = 32;
/** Keywords a form of fields cannot follow; such a part is edited as JSON. */
const BEYOND = [
  'if',
  'dependentSchemas',
  'dependentRequired',
  'not',
  'patternProperties',
  'prefixItems',
  '$dynamicRef',
];

export function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text with an expression in it. */
export function isExpression(value: Json): value is string {
  return typeof value === 'string' && value.includes('{{');
}

/** Whether a schema lets its value be an expression, and whether it is one by nature. */
export function expressionUse({ 'x-ui': ui }: JsonSchema): 'never' | 'may' | 'always' {
  const { expression, widget } = asSchema(ui);
  if (expression === false) return 'never';
  return widget === 'expression' ? 'always' : 'may';
}

function asSchema(value: Json): JsonSchema {
  return isObject(value) ? value : {};
}

/** What a JSON pointer (or a fragment of one) leads to. */
export function pointed(root: Json, ref: string): Json {
  let found: Json = root;
  for (const part of ref.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    const name = decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~');
    found = isObject(found) ? found[name] : Array.isArray(found) ? found[Number(name)] : undefined;
  }
  return found;
}

/** The schema with `$ref` followed and `allOf` folded in; what cannot be folded stays and is edited as JSON. */
export function resolved(schema: Json, root: JsonSchema): JsonSchema {
  let found = asSchema(schema);
  for (let step = 0; step < DEEPEST; step += 1) {
    if (typeof found.$ref === 'string' && found.$ref.startsWith('#')) {
      const { $ref, ...beside } = found;
      found = { ...asSchema(pointed(root, $ref as string)), ...beside };
    } else if (Array.isArray(found.allOf)) {
      const { allOf, ...beside } = found;
      found = (allOf as Json[]).reduce<JsonSchema>((all, part) => folded(all, resolved(part, root)), beside);
    } else return found;
  }
  return {}; // a circle of references: anything goes, as JSON
}

function folded(one: JsonSchema, other: JsonSchema): JsonSchema {
  const required = [...((one.required as string[]) ?? []), ...((other.required as string[]) ?? [])];
  const properties = { ...asSchema(other.properties), ...asSchema(one.properties) };
  return {
    ...other,
    ...one,
    ...(required.length > 0 ? { required: [...new Set(required)] } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

export type Kind =
  'const' | 'enum' | 'union' | 'string' | 'number' | 'boolean' | 'object' | 'map' | 'array' | 'null' | 'json';

export interface Drawn {
  kind: Kind;
  schema: JsonSchema;
  /** It may be null, too. */
  nullable: boolean;
  /** Of a union. */
  alternatives: JsonSchema[];
}

const KINDS: Record<string, Kind> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  array: 'array',
  null: 'null',
};

function drawn(kind: Kind, schema: JsonSchema, nullable = false, alternatives: JsonSchema[] = []): Drawn {
  return { kind, schema, nullable, alternatives };
}

/** How a schema is drawn. Everything has an answer: what fits nothing is `json`. */
export function draw(given: Json, root: JsonSchema): Drawn {
  const schema = resolved(given, root);
  if (BEYOND.some((keyword) => keyword in schema)) return drawn('json', schema);
  if ('const' in schema) return drawn('const', schema);
  if (Array.isArray(schema.enum)) return drawn('enum', schema, schema.enum.includes(null));
  const options = (schema.oneOf ?? schema.anyOf) as Json[] | undefined;
  if (Array.isArray(options)) return union(schema, options, root);
  if (Array.isArray(schema.type)) {
    return union(
      schema,
      (schema.type as string[]).map((type) => ({ ...schema, type })),
      root,
    );
  }
  if (schema.type === 'object' || isObject(schema.properties)) return drawnObject(schema);
  if (typeof schema.type !== 'string') return drawn('json', schema);
  return drawn(KINDS[schema.type] ?? 'json', schema);
}

function drawnObject(schema: JsonSchema): Drawn {
  const named = Object.keys(asSchema(schema.properties)).length > 0;
  const more = schema.additionalProperties;
  if (named) return drawn('object', schema);
  return more === false ? drawn('object', schema) : drawn('map', schema);
}

function isNull(schema: JsonSchema): boolean {
  return schema.type === 'null' || schema.const === null;
}

function union(schema: JsonSchema, options: Json[], root: JsonSchema): Drawn {
  const { oneOf: _one, anyOf: _any, type: _type, ...beside } = schema;
  const all = options.map((option) => resolved(option, root));
  const rest = all.filter((option) => !isNull(option));
  const nullable = rest.length < all.length;
  // Constraints beside a choice count for each alternative.
  const [only] = rest;
  if (rest.length === 1 && only) {
    const inner = draw({ ...only, ...described(beside) }, root);
    return { ...inner, nullable: nullable || inner.nullable };
  }
  if (rest.length === 0) return drawn('null', schema);
  if (rest.every((option) => 'const' in option)) {
    return drawn('enum', { ...beside, enum: rest.map((option) => option.const) }, nullable);
  }
  return drawn('union', schema, nullable, rest);
}

/** The words of a schema without its constraints. */
function described(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).filter(([name]) =>
      ['title', 'description', 'default', 'examples', 'deprecated', 'x-ui'].includes(name),
    ),
  );
}

/** The alternative a value is of: by the discriminator, else the first that takes it, else by its type. */
export function alternativeOf(union: Drawn, value: Json, root: JsonSchema): number {
  const by = (asSchema(union.schema.discriminator).propertyName ?? '') as string;
  if (by && isObject(value)) {
    const at = union.alternatives.findIndex(
      (option) => resolved(asSchema(option.properties)[by], root).const === value[by],
    );
    if (at >= 0) return at;
  }
  const takes = union.alternatives.findIndex((option) => problemsOf(option, value, root).length === 0);
  return takes >= 0
    ? takes
    : Math.max(
        0,
        union.alternatives.findIndex((option) => startsAs(option, root) === typeOf(value)),
      );
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return value === null ? 'null' : typeof value;
}

function startsAs(option: JsonSchema, root: JsonSchema): string {
  const { kind } = draw(option, root);
  return kind === 'map' ? 'object' : kind;
}

/** What an alternative is called: its title, its discriminating constant, else its kind (to be translated). */
export function nameOf(option: JsonSchema, root: JsonSchema): { text: string } | { kind: Kind } {
  if (typeof option.title === 'string') return { text: option.title };
  for (const property of Object.values(asSchema(option.properties))) {
    const { const: constant } = resolved(property, root);
    if (typeof constant === 'string') return { text: constant };
  }
  if (typeof option.pattern === 'string' && option.pattern.includes('\\{\\{')) return { text: '{{ }}' };
  return { kind: draw(option, root).kind };
}

/** What a form starts with: defaults, constants, the first example of what must be given; undefined for nothing. */
export function initial(given: Json, root: JsonSchema, required = true, depth = 0): Json {
  const { kind, schema, alternatives, nullable } = draw(given, root);
  if ('default' in schema) return withoutNothing(schema.default);
  if (kind === 'const') return schema.const;
  if (!required || depth > DEEPEST) return undefined;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  if (nullable) return null;
  if (kind === 'object') return initialObject(schema, root, depth);
  if (kind === 'map') return {};
  if (kind === 'array') {
    const least = Math.min(Number(schema.minItems ?? 0), 20);
    return Array.from({ length: least }, () => initial(schema.items, root, true, depth + 1) ?? null);
  }
  if (kind === 'union') return initial(alternatives[0], root, true, depth + 1);
  if (kind === 'boolean') return false;
  return kind === 'null' ? null : undefined;
}

/** What may be absent begins absent, rather than as nothing. */
function withoutNothing(given: Json): Json {
  if (!isObject(given)) return given;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
}

function initialObject(schema: JsonSchema, root: JsonSchema, depth: number): Json {
  const must = (schema.required as string[] | undefined) ?? [];
  const made: Record<string, Json> = {};
  for (const [name, property] of Object.entries(asSchema(schema.properties))) {
    const value = initial(property, root, must.includes(name), depth + 1);
    if (value !== undefined && (value !== null || must.includes(name))) made[name] = value;
  }
  return made;
}

export interface Found {
  pointer: string;
  keyword: string;
  message: string;
}

/** Keywords that only say that something below is wrong. */
const ABOVE = [
  'properties',
  'items',
  'additionalProperties',
  '$ref',
  'allOf',
  'prefixItems',
  'if',
  'then',
  'else',
];
const CHOICES = ['anyOf', 'oneOf'];

export function step(name: string | number): string {
  return `/${String(name).replace(/~/g, '~0').replace(/\//g, '~1')}`;
}

/** What is wrong with a value, by JSON pointer; one that is missing is told where it should stand. */
export function problemsOf(schema: Json, value: Json, root: JsonSchema): Found[] {
  const whole = { ...asSchema(schema), ...('$defs' in root ? { $defs: root.$defs } : {}) };
  let errors;
  try {
    const plain = value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
    errors = new Validator(whole as CfSchema, '2020-12', false).validate(plain).errors;
  } catch {
    return []; // a schema this validator cannot read: the server judges
  }
  const found: Found[] = [];
  for (const { keyword, instanceLocation, error } of errors) {
    if (ABOVE.includes(keyword)) continue;
    const pointer = instanceLocation.replace(/^#/, '');
    const missing = keyword === 'required' ? /"(.+)"/.exec(error)?.[1] : undefined;
    found.push({
      pointer: missing === undefined ? pointer : pointer + step(missing),
      keyword,
      message: error,
    });
  }
  // Below a choice every alternative complains; the choice itself speaks only when nothing else does.
  const told = found.filter(({ keyword }) => !CHOICES.includes(keyword));
  const silent = (pointer: string): boolean => !told.some((one) => one.pointer.startsWith(pointer));
  return found.filter(({ keyword, pointer }) => !CHOICES.includes(keyword) || silent(pointer));
}
