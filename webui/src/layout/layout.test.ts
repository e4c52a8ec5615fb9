import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grid, touches } from './grid';
import { layoutOf } from './layout';
import { graphOf, structureKey, type Box, type Graph, type Line } from './model';

const TYPES = ['transform', 'condition', 'note', 'foreach', 'while'];

/** Any graph: containers in containers, edges anywhere, also back, to itself and across containers. */
const graphs: fc.Arbitrary<Graph> = fc
  .array(fc.record({ type: fc.constantFrom(...TYPES), parent: fc.option(fc.nat(12)) }), {
    minLength: 1,
    maxLength: 40,
  })
  .chain((drawn) => {
    const nodes = drawn.map(({ type, parent }, at) => ({
      id: `n${at}`,
      type,
      parent: parent === null ? undefined : `n${parent}`,
    }));
    const id = fc.nat(nodes.length - 1);
    const port = fc.constantFrom('', '.true', '.false', '.default');
    return fc
      .array(fc.tuple(id, port, id), { maxLength: 80 })
      .map((ends) => ({ nodes, edges: ends.map(([a, out, b]) => ({ from: `n${a}${out}`, to: `n${b}` })) }));
  });

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const holds = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** `size` steps in chains with forks, every tenth a container of five. */
export function large(size: number): Graph {
  const nodes: { id: string; type: string; parent?: string }[] = [];
  const edges: { from: string; to: string }[] = [];
  for (let at = 0; nodes.length < size; at += 1) {
    nodes.push({ id: `s${at}`, type: at % 10 === 9 ? 'foreach' : 'transform' });
    if (at % 10 === 9) {
      for (let inner = 0; inner < 5; inner += 1) {
        nodes.push({ id: `s${at}i${inner}`, type: 'transform', parent: `s${at}` });
        if (inner > 0) edges.push({ from: `s${at}i${inner - 1}`, to: `s${at}i${inner}` });
      }
    }
    if (at > 0) edges.push({ from: `s${Math.floor((at - 1) / 1.2)}`, to: `s${at}` });
    if (at % 7 === 3) edges.push({ from: `s${at - 3}`, to: `s${at}` });
  }
  return { nodes, edges };
}

describe('A layout', () => {
  it('lets no two neighbours overlap', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { boxes } = layoutOf(graph);
        for (const [at, one] of boxes.entries()) {
          for (const other of boxes.slice(at + 1)) {
            if (one.parent === other.parent) expect(overlap(one, other)).toBe(false);
          }
        }
      }),
    );
  });

  it('keeps everything inside its container, and all of it inside the whole', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { boxes, width, height } = layoutOf(graph);
        const page = { id: '', x: 0, y: 0, width, height, parent: null, depth: 0, container: true };
        const byId = new Map(boxes.map((box) => [box.id, box]));
        expect(boxes.map(({ id }) => id)).toEqual(graph.nodes.map(({ id }) => id));
        for (const box of boxes) {
          expect(holds(box.parent === null ? page : (byId.get(box.parent) as Box), box)).toBe(true);
        }
      }),
    );
  });

  it('is the same for the same graph', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(layoutOf(structuredClone(graph))).toEqual(layoutOf(graph));
      }),
    );
  });

  it('leads a line from the right side of one end to the left side of the other for every edge', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { boxes, lines } = layoutOf(graph);
        const byId = new Map(boxes.map((box) => [box.id, box]));
        expect(lines).toHaveLength(graph.edges.length);
        for (const { from, to, points } of lines) {
          const [source, target] = [byId.get(from) as Box, byId.get(to) as Box];
          expect(points.every(Number.isFinite)).toBe(true);
          expect(points[0]).toBe(source.x + source.width);
          expect(points[1]).toBeGreaterThan(source.y);
          expect(points[1]).toBeLessThan(source.y + source.height);
          expect(points.at(-2)).toBe(target.x);
          expect(points.at(-1)).toBe(target.y + target.height / 2);
        }
      }),
    );
  });

  it('goes from left to right but for what leads back', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { boxes, lines } = layoutOf(graph);
        const byId = new Map(boxes.map((box) => [box.id, box]));
        for (const { from, to, back } of lines) {
          const [source, target] = [byId.get(from) as Box, byId.get(to) as Box];
          if (source.parent !== target.parent) continue;
          expect(back).toBe(source.x + source.width > target.x);
        }
      }),
    );
  });

  it('lays a loop out with the one edge back that closes it', () => {
    const graph = {
      nodes: ['a', 'b', 'c'].map((id) => ({ id, type: 'transform' })),
      edges: [
        { from: 'a', to: 'b' },
        { from: 'b.again', to: 'a' },
        { from: 'b.done', to: 'c' },
      ],
    };
    const { lines } = layoutOf(graph);
    expect(lines.map(({ back }) => back)).toEqual([false, true, false]);
    const lowest = Math.max(...layoutOf(graph).boxes.map(({ y, height }) => y + height));
    expect(Math.max(...(lines[1]?.points.filter((_, at) => at % 2 === 1) ?? []))).toBeGreaterThan(lowest);
  });

  it('leads an edge over several layers past the nodes between', () => {
    const { boxes, lines } = layoutOf({
      nodes: ['a', 'b', 'c', 'd'].map((id) => ({ id, type: 'transform' })),
      edges: ['ab', 'bc', 'cd', 'ad'].map(([from, to]) => ({ from: from as string, to: to as string })),
    });
    const { points } = lines[3] as Line;
    for (const box of boxes.slice(1, 3)) {
      for (let at = 0; at < points.length; at += 2) {
        const [x, y] = [points[at] as number, points[at + 1] as number];
        expect(touches(box, { x, y, width: 0, height: 0 })).toBe(false);
      }
    }
  });

  it('takes 5,000 steps within its time', () => {
    const graph = large(5_000);
    layoutOf(large(500)); // warm
    const times = [0, 1, 2].map(() => {
      const start = performance.now();
      layoutOf(graph);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(2_000);
  });

  it('takes long chains and wide forks', () => {
    const ids = Array.from({ length: 3_000 }, (_, at) => ({ id: `n${at}`, type: 'transform' }));
    const chain = layoutOf({
      nodes: ids,
      edges: ids.slice(1).map(({ id }, at) => ({ from: `n${at}`, to: id })),
    });
    expect(new Set(chain.boxes.map(({ y }) => y)).size).toBe(1);
    const fork = layoutOf({ nodes: ids, edges: ids.slice(1).map(({ id }) => ({ from: 'n0', to: id })) });
    expect(new Set(fork.boxes.map(({ x }) => x)).size).toBe(2);
  });
});

describe('A graph of a document', () => {
  it('is read from anything', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        const graph = graphOf(anything);
        expect(layoutOf(graph).boxes).toHaveLength(graph.nodes.length);
      }),
    );
  });

  it('leaves out what cannot be drawn', () => {
    const graph = graphOf({
      nodes: [{ id: 'a', type: 'wait' }, { id: 'a' }, { type: 'wait' }, null],
      edges: [{ from: 'a', to: 'nowhere' }, { from: 'a' }],
    });
    expect(graph.nodes).toHaveLength(1);
    expect(layoutOf(graph).lines).toEqual([]);
  });

  it('is the same structure under other labels, and another with another edge', () => {
    const one = graphOf({ nodes: [{ id: 'a', type: 'wait', label: 'A' }], edges: [] });
    expect(structureKey(graphOf({ nodes: [{ id: 'a', type: 'wait', label: 'B' }] }))).toBe(structureKey(one));
    expect(structureKey({ ...one, edges: [{ from: 'a', to: 'a' }] })).not.toBe(structureKey(one));
  });
});

describe('A grid', () => {
  it('finds what a look at every box finds', () => {
    const grid = new Grid(layoutOf(large(800)).boxes);
    const side = fc.integer({ min: -2_000, max: 40_000 });
    const length = fc.integer({ min: 1, max: 30_000 });
    fc.assert(
      fc.property(side, side, length, length, (x, y, width, height) => {
        const area = { x, y, width, height };
        expect(grid.within(area)).toEqual(grid.items.filter((item) => touches(item, area)));
      }),
    );
  });
});
