import { describe, expect, it } from 'vitest';
import { choicesAt } from './complete';
import type { Scope } from './context';

const row = (name: string, schema: object, more: object = {}) => ({
  ...{ name, schema, optional: false, recorded: false, example: null },
  ...more,
});
const SCOPE: Scope = {
  names: [
    row('inputs', {
      type: 'object',
      properties: {
        orders: {
          type: 'array',
          items: {
            type: 'object',
            properties: { id: { type: 'string', description: 'Its number.' }, 'odd name': {} },
          },
        },
      },
    }),
    row('vars.limit', { type: 'integer' }, { example: 5 }),
    row('steps.fetch.output', { anyOf: [{ type: 'object', properties: { body: {} } }, { type: 'null' }] }),
    row('steps.fetch.error', {}, { optional: true }),
  ],
  functions: [
    {
      name: 'size',
      signature: 'size(list) → int',
      description: 'How many.',
      example: 'size([])',
      gives: '0',
    },
    { name: 'map', signature: 'list.map(e, value) → list', description: 'Each.', example: '', gives: '' },
    { name: 'matches', signature: 'text.matches(p) → bool', description: 'Found.', example: '', gives: '' },
  ],
};

function offered(marked: string, asked = true): string[] | undefined {
  const offset = marked.indexOf('|');
  return choicesAt(marked.replace('|', ''), offset, SCOPE, asked)?.options.map(({ label }) => label);
}

describe('what is offered', () => {
  it('is every name, every function, and the names of comprehensions', () => {
    expect(offered('{{ in| }}')).toEqual(
      expect.arrayContaining(['inputs', 'vars.limit', 'steps.fetch.output', 'size', 'true']),
    );
    expect(offered('{{ in| }}')).not.toContain('map');
    expect(offered('{{ inputs.orders.map(o, |) }}')).toContain('o');
  });

  it('is what lies below a path, by names and by schemas', () => {
    expect(offered('{{ steps.| }}')).toEqual(['fetch']);
    expect(offered('{{ steps.fetch.| }}')).toEqual(['output', 'error']);
    expect(offered('{{ steps.fetch.output.b| }}')).toContain('body');
    expect(offered('{{ inputs.orders.filter(o, o.| ) }}')).toEqual(['id', 'odd name', 'map']);
  });

  it('is the methods that suit the type', () => {
    expect(offered('{{ inputs.orders.| }}')).toEqual(['map']);
    expect(offered('{{ inputs.orders[0].id.| }}')).toEqual(['matches']);
    expect(offered('{{ steps.fetch.error.| }}')).toEqual(['map', 'matches']);
  });

  it('is whole expressions outside of braces, when asked for', () => {
    expect(offered('a |', false)).toBeUndefined();
    const found = choicesAt('a ', 2, SCOPE, true);
    expect(found?.options[0]?.written).toEqual(['{{ inputs }}', '']);
    expect(offered('{{ | }}', false)).toBeUndefined();
    expect(offered('{{ "a|" }}')).toBeUndefined();
  });

  it('tells what is known', () => {
    const options = choicesAt('{{ inputs.orders[0]. }}', 20, SCOPE, true)?.options ?? [];
    expect(options[0]).toMatchObject({ label: 'id', detail: 'string', about: { text: 'Its number.' } });
    expect(options[1]?.written).toEqual(['["odd name"]', '']);
    const names = choicesAt('{{ v }}', 4, SCOPE, false)?.options ?? [];
    expect(names.find(({ label }) => label === 'vars.limit')?.about.example).toBe('5');
    expect(names.find(({ label }) => label === 'steps.fetch.error')?.about.optional).toBe(true);
  });
});
