import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cursorAt } from '../../../../document/cursor';
import type { JsonObject } from '../../../../document/json';
import type { JsonSchema } from '../../../../forms/schema';
import type { NodeType } from '../nodeTypes';
import sample from '../nodeTypes.sample.json';
import { expressionPlace, suggestionsAt, type Known } from './suggest';

const schema = JSON.parse(readFileSync('../docs/reference/document.schema.json', 'utf8')) as JsonSchema;
const types = new Map((sample as unknown as NodeType[]).map((type) => [type.name, type]));
const definition: JsonObject = {
  name: 'x',
  nodes: [
    { id: 'each', type: 'foreach', config: { items: [] } },
    { id: 'ask', type: 'approval', parent: 'each', config: { title: 'Ok?' } },
  ],
  edges: [{ from: 'ask.approved', to: 'each' }],
};
const known: Known = { schema, types, draft: { definition, editor: {} } };

function offered(marked: string): string[] {
  const offset = marked.indexOf('¦');
  const found = suggestionsAt(cursorAt(marked.replace('¦', ''), offset), known);
  return found?.options.map(({ label }) => label) ?? [];
}

describe('what the YAML may go on with', () => {
  it('is the members of the document and of a node that are not there', () => {
    expect(offered('name: x\nse¦')).toEqual([
      'schema',
      'description',
      'inputs',
      'variables',
      'output',
      'settings',
    ]);
    const members = offered('nodes:\n  - id: each\n    ¦');
    expect(members).toContain('timeout');
    expect(members).not.toContain('type');
  });

  it('is the members of a config by the type above it', () => {
    const members = offered('nodes:\n  - id: new\n    type: http_request\n    config:\n      ¦');
    expect(members).toEqual(expect.arrayContaining(['url', 'method', 'headers']));
    expect(offered('nodes:\n  - {id: each, type: foreach, config: {on_error: {¦')).toContain('max_percent');
  });

  it('is the values that are allowed', () => {
    expect(offered('nodes:\n  - id: new\n    type: ¦')).toEqual([...types.keys()]);
    expect(offered('nodes:\n  - type: http_request\n    config: {method: ¦')).toContain('POST');
    expect(offered('nodes:\n  - id: ask\n    parent: ¦')).toEqual(['each']);
    expect(offered('edges:\n  - from: ¦')).toEqual(expect.arrayContaining(['each', 'ask.rejected']));
    expect(offered('edges:\n  - {from: each, to: ¦')).toEqual(['each', 'ask']);
    expect(offered('nodes:\n  - type: wait\n    timeout: ¦')).toContain('30s');
  });

  it('is nothing in texts', () => {
    expect(offered('description: |\n  na¦')).toEqual([]);
  });
});

describe('the field of an expression', () => {
  const place = (marked: string) => {
    const offset = marked.indexOf('¦');
    return expressionPlace(marked.replace('¦', ''), offset, known.draft);
  };

  it('is told by node and pointer', () => {
    expect(place('nodes:\n  - id: each\n    config:\n      items: "{{ ¦')).toEqual({
      node: 'each',
      pointer: '/config/items',
    });
    expect(place('edges:\n  - {from: ask.approved, to: each, when: "{{ ¦')).toEqual({
      node: 'ask',
      pointer: '/edges/0/when',
    });
    expect(place('output: {total: "{{ ¦')).toEqual({ node: null, pointer: '/output/total' });
    expect(place('nodes:\n  - label: "{{ ¦')).toBeNull();
  });
});
