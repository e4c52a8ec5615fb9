import { describe, expect, it } from 'vitest';
import { cursorAt, knownAt } from './cursor';
import { Places } from './places';

/** The place of the mark `|` in a text. */
function at(marked: string) {
  const offset = marked.indexOf('¦');
  return cursorAt(marked.replace('¦', ''), offset);
}

describe('where a place of a text lies', () => {
  it('is in blocks of members and items', () => {
    expect(at('name: x\nno¦')).toMatchObject({ path: [], key: null, word: 'no' });
    expect(at('nodes:\n  - id: a\n    ty¦')).toMatchObject({ path: ['nodes', 0], key: null, word: 'ty' });
    expect(at('nodes:\n- id: a\n- id: b\n  type: ¦')).toMatchObject({
      path: ['nodes', 1],
      key: 'type',
      word: '',
    });
    expect(at('nodes:\n  - id: a\n    config:\n      ¦\n')).toMatchObject({
      path: ['nodes', 0, 'config'],
      key: null,
    });
    expect(at('nodes:\n  - ¦')).toMatchObject({ path: ['nodes', 0], key: null });
    expect(at('nodes:\n  - id: a\nedges:\n  - from: a\n    to: ¦')).toMatchObject({
      path: ['edges', 0],
      key: 'to',
    });
    expect(at('settings:\n  timeout: 1h\nna¦')).toMatchObject({ path: [], key: null, word: 'na' });
  });

  it('is in brackets, over several lines too', () => {
    expect(at('nodes:\n  - {id: a, type: tr¦')).toMatchObject({
      path: ['nodes', 0],
      key: 'type',
      word: 'tr',
    });
    expect(at('nodes:\n  - {id: a,\n     config: {out¦')).toMatchObject({
      path: ['nodes', 0, 'config'],
      key: null,
      word: 'out',
    });
    expect(at('edges:\n  - {from: a, to: b}\n  - {from: ¦}')).toMatchObject({
      path: ['edges', 1],
      key: 'from',
    });
    expect(at('a: [x, {b: ¦')).toMatchObject({ path: ['a', 1], key: 'b' });
  });

  it('is in quotes, and in no member within texts and comments', () => {
    expect(at('a:\n  b: "{{ inp¦ }}"')).toMatchObject({ path: ['a'], key: 'b', word: '{{ inp', quote: '"' });
    expect(at('a: {b: "x: y, ¦')).toMatchObject({ path: ['a'], key: 'b', word: 'x: y, ', quote: '"' });
    expect(at('a: |\n  text: ¦').verbatim).toBe(true);
    expect(at('a: |\n  text\nb: ¦')).toMatchObject({ path: [], key: 'b', verbatim: false });
    expect(at('# a: ¦').verbatim).toBe(true);
  });

  it('knows what was said above', () => {
    const found = at('nodes:\n  - id: a\n    type: transform\n    config:\n      ¦');
    expect(knownAt(found, ['nodes', 0])).toMatchObject({ id: 'a', type: 'transform' });
    expect(knownAt(at('nodes:\n  - {id: a, type: "wait", ¦'), ['nodes', 0])).toEqual({
      id: 'a',
      type: 'wait',
    });
  });
});

describe('where a value stands in a text', () => {
  const text =
    'name: x # so\nnodes:\n  - id: a\n    config: {output: 1}\n  # between\n  - {id: b}\nedges:\n  - {from: a, to: b}\n';
  const places = new Places(text);
  const said = (pointer: string) => {
    const span = places.at(pointer);
    return span && text.slice(span.from, span.to);
  };

  it('is found by its pointer, else where it would lie', () => {
    expect(said('/nodes/0/config/output')).toBe('1');
    expect(said('/nodes/0/config/gone/deep')).toBe('{output: 1}');
    expect(said('/edges/0/to')).toBe('b');
    expect(said('/gone')).toBeNull();
  });

  it('tells the node of a line, and the part', () => {
    expect(places.nodeAt(text.indexOf('output'))).toBe('a');
    expect(places.nodeAt(text.indexOf('{id: b'))).toBe('b');
    expect(places.nodeAt(text.indexOf('from'))).toBeNull();
    expect(places.partAt(text.indexOf('from'))).toBe('edges');
    expect(places.node('b')).toEqual({ from: text.indexOf('  - {id: b'), to: text.indexOf('}\nedges') + 1 });
  });

  it('is told of a broken text as far as it can be read', () => {
    const broken = new Places('nodes:\n  - id: a\n  - id: b\n    config: {out\n');
    expect(broken.node('a')).not.toBeNull();
    expect(broken.nodeAt(8 + 12)).toBe('b');
  });
});
