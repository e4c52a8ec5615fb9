import { describe, expect, it } from 'vitest';
import { before, expressionAt, expressionsOf, piecesOf } from './expression';

const at = (marked: string) => {
  const offset = marked.indexOf('|');
  return before(marked.replace('|', ''), offset);
};

describe('the expressions of a text', () => {
  it('ends at braces that belong to no map, and counts an open one', () => {
    const text = 'a {{ {"b": {}} }} c {{ d';
    expect(expressionsOf(text).map(({ source, closed }) => [source, closed])).toEqual([
      [' {"b": {}} ', true],
      [' d', false],
    ]);
    expect(expressionAt(text, 5)?.source).toBe(' {"b": {}} ');
    expect(expressionAt(text, 0)).toBeNull();
    expect(expressionAt(text, text.length)?.source).toBe(' d');
  });

  it('tells the parts apart, also where something is no token', () => {
    const text = '{{ size(inputs.a) > 1 ? "x" : # null }}';
    const parts = piecesOf(text).map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`);
    expect(parts).toContain('call size');
    expect(parts).toContain('name inputs');
    expect(parts).toContain('string "x"');
    expect(parts).toContain('word null');
    expect(parts.at(-1)).toBe('brace }}');
  });
});

describe('what stands before a place', () => {
  it('is a path with the name that is being written', () => {
    expect(at('steps.fetch.out|')).toMatchObject({
      legs: [{ name: 'steps' }, { name: 'fetch' }],
      word: 'out',
      from: 12,
    });
    expect(at('a["b c"].d[0].|')?.legs).toEqual([
      { name: 'a' },
      { name: 'b c' },
      { name: 'd' },
      { item: true },
    ]);
    expect(at('1 + inp|')).toMatchObject({ legs: null, word: 'inp' });
    expect(at('first(a).|')?.legs).toEqual([{ unknown: true }]);
  });

  it('is nothing within a text or a number', () => {
    expect(at('"inp|"')).toBeNull();
    expect(at("'it is |")).toBeNull();
    expect(at('12|')).toBeNull();
  });

  it('knows the names that comprehensions bind', () => {
    const found = at('inputs.orders.filter(o, o.lines.exists(l, l.|))');
    expect(found?.legs).toEqual([{ name: 'l' }]);
    expect(found?.bound.get('o')).toEqual([{ name: 'inputs' }, { name: 'orders' }, { item: true }]);
    expect(found?.bound.get('l')).toEqual([{ name: 'o' }, { name: 'lines' }, { item: true }]);
    expect(at('inputs.orders.filter(o, true) + |')?.bound.size).toBe(0);
  });
});
