import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grid, touches, type Rect } from './grid';
import { layoutOf } from './layout';
import {
  graphOf,
  sameGraph,
  structureKey,
  type Box,
  type Graph,
  type GraphEdge,
  type GraphNode,
  type Layout,
  type Line,
  type Place,
} from './model';

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

const holds = (outer: Rect, inner: Box): boolean =>
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
        const page = { x: 0, y: 0, width, height };
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

const whole = fc.integer({ min: -3_000, max: 3_000 });
/** Any graph, and places for some of its nodes. */
const placed = graphs.chain((graph) =>
  fc
    .dictionary(fc.constantFrom(...graph.nodes.map(({ id }) => id)), fc.record({ x: whole, y: whole }))
    .map((positions): Graph => ({ ...graph, positions: new Map(Object.entries(positions)) })),
);
const byId = ({ boxes }: Layout) => new Map(boxes.map((box) => [box.id, box]));
const from = ({ origins }: Layout, { x, y, parent }: Box) => {
  const origin = origins.get(parent ?? '') as Place;
  return { x: x - origin.x, y: y - origin.y };
};

describe('Placed by hand', () => {
  it('nodes stand where they were put, counted from the inside of their container', () => {
    fc.assert(
      fc.property(placed, (graph) => {
        const layout = layoutOf(graph);
        const positions = graph.positions as ReadonlyMap<string, Place>;
        for (const box of layout.boxes) {
          expect(box.placed).toBe(positions.has(box.id));
          if (box.placed) expect(from(layout, box)).toEqual(positions.get(box.id));
        }
      }),
    );
  });

  it('nothing lies outside of its container or left or above of the whole', () => {
    fc.assert(
      fc.property(placed, (graph) => {
        const layout = layoutOf(graph);
        const page = { x: 0, y: 0, width: layout.width, height: layout.height };
        const boxes = byId(layout);
        for (const box of layout.boxes)
          expect(holds(box.parent === null ? page : (boxes.get(box.parent) as Box), box)).toBe(true);
      }),
    );
  });

  it('one leaves everything that stands beside it where it was', () => {
    fc.assert(
      fc.property(graphs, fc.nat(), whole, whole, (graph, nth, x, y) => {
        const { id } = graph.nodes[nth % graph.nodes.length] as GraphNode;
        const [before, after] = [
          layoutOf(graph),
          layoutOf({ ...graph, positions: new Map([[id, { x, y }]]) }),
        ];
        const level = byId(before).get(id)?.parent ?? null;
        for (const box of before.boxes)
          if (box.parent === level && box.id !== id)
            expect(from(after, byId(after).get(box.id) as Box)).toEqual(from(before, box));
      }),
    );
  });

  it('lines run from side to side, without the bends of layers, and through neither end', () => {
    fc.assert(
      fc.property(placed, (graph) => {
        const layout = layoutOf(graph);
        const boxes = byId(layout);
        for (const { from: id, to, points, around } of layout.lines) {
          const [source, target] = [boxes.get(id) as Box, boxes.get(to) as Box];
          expect([points[0], points.at(-2), points.at(-1)]).toEqual([
            source.x + source.width,
            target.x,
            target.y + target.height / 2,
          ]);
          if (source.parent !== target.parent || !(source.placed || target.placed) || id === to) continue;
          expect(around).toBe(target.x < source.x + source.width);
          expect(points).toHaveLength(around ? 12 : 4);
          const lane = points[5] as number;
          if (around && !overlap(source, target))
            for (const { y, height } of [source, target]) expect(lane > y && lane < y + height).toBe(false);
        }
      }),
    );
  });

  it('what leads back leads back wherever its ends are put', () => {
    const loop = {
      nodes: [
        { id: 'a', type: 'wait' },
        { id: 'b', type: 'wait' },
      ],
      edges: [] as GraphEdge[],
    };
    loop.edges.push({ from: 'a', to: 'b' }, { from: 'b', to: 'a' });
    const { lines } = layoutOf({ ...loop, positions: new Map([['b', { x: -400, y: 0 }]]) });
    expect(lines.map(({ back, around }) => [back, around])).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  it('is passed over where it is no place', () => {
    const nodes = ['a', 'b', 'constructor', 'c', 'd'].map((id) => ({ id, type: 'wait' }));
    const places = [{ x: 1, y: NaN }, { x: '1', y: 2 }, [1, 2], { x: 1e12, y: 0 }, { x: 1.4, y: -2 }];
    const positions = {
      gone: { x: 1, y: 1 },
      ...Object.fromEntries(nodes.map(({ id }, at) => [id, places[at]])),
    };
    expect([...(graphOf({ nodes }, { positions }).positions ?? [])]).toEqual([['d', { x: 1, y: -2 }]]);
    fc.assert(
      fc.property(fc.anything(), (positions) => {
        expect(layoutOf(graphOf({ nodes }, { positions })).boxes).toHaveLength(5);
        expect(layoutOf(graphOf({ nodes }, positions)).boxes).toHaveLength(5);
      }),
    );
  });

  it('is another structure, and not the same graph', () => {
    const at = (x: number) =>
      graphOf({ nodes: [{ id: 'a', type: 'wait' }] }, { positions: { a: { x, y: 0 } } });
    expect(structureKey(at(1))).not.toBe(structureKey(at(2)));
    expect([sameGraph(at(1), at(2)), sameGraph(at(1), at(1))]).toEqual([false, true]);
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
