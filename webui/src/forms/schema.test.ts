import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alternativeOf, draw, initial, nameOf, problemsOf, resolved, type JsonSchema } from './schema';

const NONE: JsonSchema = {};

describe('a schema', () => {
  it('is followed through its references and folded from its parts', () => {
    const root = {
      $defs: {
        name: { type: 'string', maxLength: 3 },
        named: { properties: { a: { $ref: '#/$defs/name' } } },
      },
    };
    expect(resolved({ $ref: '#/$defs/name', title: 'Name' }, root)).toEqual({
      type: 'string',
      maxLength: 3,
      title: 'Name',
    });
    const both = { allOf: [{ $ref: '#/$defs/named' }, { required: ['a'] }], required: ['b'], type: 'object' };
    expect(resolved(both, root)).toMatchObject({
      required: ['b', 'a'],
      properties: { a: { $ref: '#/$defs/name' } },
    });
  });

  it('that goes round in a circle is edited as JSON', () => {
    const root = { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } };
    expect(draw({ $ref: '#/$defs/a' }, root).kind).toBe('json');
  });

  it.each([
    [{ type: 'string' }, 'string', false],
    [{ type: ['string', 'null'] }, 'string', true],
    [{ anyOf: [{ type: 'integer' }, { type: 'null' }], default: null }, 'number', true],
    [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, 'enum', false],
    [{ anyOf: [{ type: 'string' }, { type: 'array', items: {} }] }, 'union', false],
    [{ type: 'object', additionalProperties: { type: 'string' } }, 'map', false],
    [{ properties: { a: {} } }, 'object', false],
    [{ type: 'array', items: { type: 'string' } }, 'array', false],
    [{ type: 'array', prefixItems: [{}] }, 'json', false],
    [{ if: {}, then: {} }, 'json', false],
    [true, 'json', false],
  ])('is drawn: %j as %s', (schema, kind, nullable) => {
    expect(draw(schema, NONE)).toMatchObject({ kind, nullable });
  });

  it('starts with its defaults, constants and what must be there', () => {
    const schema = {
      type: 'object',
      required: ['kind', 'rows', 'name'],
      properties: {
        kind: { const: 'mail' },
        rows: { type: 'array', minItems: 2, items: { type: 'boolean' } },
        name: { type: 'string', examples: ['Ana'] },
        note: { type: 'string', default: '-' },
        other: { type: 'string' },
      },
    };
    expect(initial(schema, schema)).toEqual({ kind: 'mail', rows: [false, false], name: 'Ana', note: '-' });
  });

  it('tells which of its kinds a value is', () => {
    const mail = { title: 'Mail', properties: { via: { const: 'mail' }, to: { type: 'string' } } };
    const hook = { properties: { via: { const: 'hook' }, url: { type: 'string' } } };
    const schema = { oneOf: [mail, hook], discriminator: { propertyName: 'via' } };
    const drawn = draw(schema, schema);
    expect(alternativeOf(drawn, { via: 'hook', url: 3 }, schema)).toBe(1);
    expect(drawn.alternatives.map((one) => nameOf(one, schema))).toEqual([
      { text: 'Mail' },
      { text: 'hook' },
    ]);
  });

  it('says what is wrong at the place where it is, one that is missing where it should stand', () => {
    const schema = {
      type: 'object',
      required: ['a/b'],
      properties: { n: { type: 'integer', minimum: 3 }, 'a/b': { type: 'string' } },
    };
    const found = problemsOf(schema, { n: 1 }, schema);
    expect(found.map(({ pointer, keyword }) => [pointer, keyword]).sort()).toEqual([
      ['/a~1b', 'required'],
      ['/n', 'minimum'],
    ]);
  });

  it('of any JSON is drawn, and what it starts with can be judged', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.constantFrom('type', 'items', 'anyOf', 'properties', 'enum', 'x') }),
        (any) => {
          const { kind } = draw(any, any as JsonSchema);
          expect(kind).toBeTypeOf('string');
          expect(Array.isArray(problemsOf(any, initial(any, any as JsonSchema), any as JsonSchema))).toBe(
            true,
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
