/**
 * A whole graph: every container from the innermost outward, then absolute places and the lines between them. What was
 * placed by hand leaves its place in the layers empty, so that nothing else moves because of it.
 */
import { detour, laneOf as laneAround } from './detour';
import type { Rect } from './grid';
import { arrange, pair, type Bend, type Item, type Placed } from './layers';
import {
  GAP,
  isContainerType,
  NODE,
  NOTE,
  PORT,
  type Box,
  type Graph,
  type GraphNode,
  type Layout,
  type Line,
  type Place,
} from './model';
import { nestingOf, type Link, type Nesting, type Scope } from './nesting';

interface Size {
  width: number;
  height: number;
}

/** What a scope knows when it is laid out: places within it, and where its lines may run. */
interface Inner extends Size {
  places: Map<string, Placed>;
  /** How far down each line that leads back runs. */
  lanes: ReadonlyMap<string, number>;
  bends: ReadonlyMap<string, readonly Bend[]>;
  /** Its places begin so far from its upper left corner, where some would lie outside of it. */
  shift: Place;
}

function portsOf(links: readonly Link[]): Map<string, string[]> {
  const ports = new Map<string, string[]>();
  for (const { from, port } of links) {
    const known = ports.get(from) ?? [];
    if (!known.includes(port)) known.push(port);
    ports.set(from, known);
  }
  return ports;
}

class Layouter {
  private readonly nesting: Nesting;
  private readonly ports: ReadonlyMap<string, string[]>;
  private readonly inner = new Map<string, Inner>();
  private readonly boxes = new Map<string, Box>();
  private readonly origins = new Map<string, Place>();
  private readonly positions: ReadonlyMap<string, Place>;

  constructor(private readonly graph: Graph) {
    this.nesting = nestingOf(graph);
    this.ports = portsOf(this.nesting.links);
    this.positions = graph.positions ?? new Map();
  }

  whole(): Layout {
    for (const holder of this.nesting.inward) {
      this.inner.set(holder, this.scope(this.nesting.scopes.get(holder) as Scope));
    }
    this.put('', 0, 0, 0);
    const { width, height } = this.inner.get('') as Inner;
    const boxes = this.graph.nodes.map(({ id }) => this.boxes.get(id) as Box);
    const lines = this.nesting.links.map((link) => this.line(link));
    return { boxes, lines, width, height, origins: this.origins };
  }

  private size({ id, type }: GraphNode): Size {
    const inner = this.inner.get(id);
    if (inner) {
      return {
        width: Math.max(NODE.width, inner.width + 2 * GAP.pad),
        height: inner.height + GAP.head + GAP.pad,
      };
    }
    if (type === 'note') return NOTE;
    const ports = this.ports.get(id)?.length ?? 0;
    return { width: NODE.width, height: Math.max(NODE.height, (ports + 1) * PORT) };
  }

  private scope({ children, links }: Scope): Inner {
    const linked = new Set(links.flat());
    const item = (node: GraphNode): Item => ({ id: node.id, ...this.size(node) });
    const woven = children.filter(({ id }) => linked.has(id)).map(item);
    const loose = children.filter(({ id }) => !linked.has(id)).map(item);
    const own = arrange(woven, links, { layer: GAP.layer, node: GAP.node });
    const lanes = own.back.size > 0 ? GAP.node + own.back.size * GAP.lane : 0;
    const height = own.height + lanes;
    const places = new Map(own.places);
    const below = shelve(loose, Math.max(own.width, NODE.width), height > 0 ? height + GAP.node : 0, places);
    const size = { width: Math.max(own.width, below.width), height: Math.max(height, below.height) };
    return {
      places,
      lanes: new Map([...own.back].map((key, at) => [key, own.height + GAP.lane * (at + 1)])),
      bends: own.bends,
      ...this.byHand(children, links, places, size),
    };
  }

  /** Those that were placed by hand go to their places; the scope grows around them and their lines. */
  private byHand(
    children: Scope['children'],
    links: Scope['links'],
    places: Map<string, Placed>,
    size: Size,
  ): Size & { shift: Place } {
    const placed = new Map<string, Rect>();
    const nodes = new Map(children.map((child) => [child.id, child]));
    const rect = (id: string): Rect => ({
      ...(places.get(id) as Placed),
      ...this.size(nodes.get(id) as GraphNode),
    });
    let [left, top, right, bottom] = [0, 0, size.width, size.height];
    for (const { id } of children) {
      const place = this.positions.get(id);
      if (!place) continue;
      places.set(id, place);
      const { x, y, width, height } = rect(id);
      placed.set(id, rect(id));
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + width), Math.max(bottom, y + height)];
    }
    for (const [from, to] of placed.size > 0 ? links : []) {
      if (from === to || (!placed.has(from) && !placed.has(to))) continue;
      const [source, target] = [rect(from), rect(to)];
      if (leadsLeft(source, target)) bottom = Math.max(bottom, laneAround(source, target));
    }
    return { width: right - left, height: bottom - top, shift: { x: 0 - left, y: 0 - top } };
  }

  private put(holder: string, x: number, y: number, depth: number): void {
    const open: [string, number, number, number][] = [[holder, x, y, depth]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [id, left, top, deep] = next;
      const { shift, places } = this.inner.get(id) as Inner;
      const origin = { x: left + shift.x, y: top + shift.y };
      this.origins.set(id, origin);
      for (const child of this.nesting.scopes.get(id)?.children ?? []) {
        const place = places.get(child.id) as Placed;
        const box: Box = {
          id: child.id,
          x: origin.x + place.x,
          y: origin.y + place.y,
          ...this.size(child),
          parent: id === '' ? null : id,
          depth: deep,
          container: isContainerType(child.type) || this.inner.has(child.id),
          placed: this.positions.has(child.id),
        };
        this.boxes.set(child.id, box);
        if (this.inner.has(child.id)) open.push([child.id, box.x + GAP.pad, box.y + GAP.head, deep + 1]);
      }
    }
  }

  private exit(box: Box, { from, port }: Link): number {
    const ports = this.ports.get(from) as string[];
    const step = Math.min(box.height, NODE.height * 2) / (ports.length + 1);
    const first = box.height / 2 - (step * (ports.length - 1)) / 2;
    return box.y + first + step * ports.indexOf(port);
  }

  private line(link: Link): Line {
    const { from, port, to } = link;
    const [source, target] = [this.boxes.get(from) as Box, this.boxes.get(to) as Box];
    const start = [source.x + source.width, this.exit(source, link)] as const;
    const end = [target.x, target.y + target.height / 2] as const;
    const parent = source.parent ?? '';
    const inner = this.inner.get(parent) as Inner;
    const key = pair(from, to);
    const straight = { from, port, to, back: false, around: false };
    if (source.parent !== target.parent) return { ...straight, points: [...start, ...end] };
    if (from !== to && (source.placed || target.placed))
      return { ...straight, back: inner.lanes.has(key), ...this.freely(link, source, target, [start, end]) };
    const lane = this.laneOf(source, link, inner);
    if (lane !== null) {
      const reach = GAP.layer / 3;
      const points = [...start, start[0] + reach, start[1], start[0] + reach, lane];
      points.push(end[0] - reach, lane, end[0] - reach, end[1], ...end);
      return { ...straight, back: true, around: true, points };
    }
    return { ...straight, points: [...start, ...this.bendsOf(parent, inner, key), ...end] };
  }

  /** To or from what was placed by hand: without the bends of the layers. */
  private freely(
    { from, port }: Link,
    source: Box,
    target: Box,
    [[x, y], [endX, endY]]: readonly [Pair, Pair],
  ): Pick<Line, 'around' | 'points'> {
    if (!leadsLeft(source, target)) return { around: false, points: [x, y, endX, endY] };
    const ends = [
      { x, y },
      { x: endX, y: endY },
    ] as const;
    const nth = (this.ports.get(from) as string[]).indexOf(port);
    return { around: true, points: detour(source, target, ends, nth) };
  }

  private origin(parent: string): Place {
    return this.origins.get(parent) as Place;
  }

  /** Below everything that is linked, one lane for each line that leads back; below itself for one to itself. */
  private laneOf(source: Box, { from, to }: Link, inner: Inner): number | null {
    if (from === to) return source.y + source.height + GAP.lane / 2;
    const lane = inner.lanes.get(pair(from, to));
    return lane === undefined ? null : this.origin(source.parent ?? '').y + lane;
  }

  private bendsOf(parent: string, inner: Inner, key: string): number[] {
    const { x, y } = this.origin(parent);
    return (inner.bends.get(key) ?? []).flatMap((bend) => [
      x + bend.x,
      y + bend.y,
      x + bend.x + bend.width,
      y + bend.y,
    ]);
  }
}

type Pair = readonly [x: number, y: number];

function leadsLeft(source: Rect, target: Rect): boolean {
  return target.x < source.x + source.width;
}

/** What has no links stands below the rest, in rows. */
function shelve(items: readonly Item[], width: number, top: number, places: Map<string, Placed>): Size {
  const area = items.reduce((sum, item) => sum + (item.width + GAP.node) * (item.height + GAP.node), 0);
  const most = Math.max(width, Math.sqrt(area * 1.6));
  let [x, y, row, right] = [0, top, 0, 0];
  for (const item of items) {
    if (x > 0 && x + item.width > most) {
      x = 0;
      y += row + GAP.node;
      row = 0;
    }
    places.set(item.id, { x, y: Math.round(y) });
    right = Math.max(right, x + item.width);
    row = Math.max(row, item.height);
    x += item.width + GAP.node;
  }
  return { width: right, height: items.length > 0 ? y + row : 0 };
}

/** The same graph always gets the same layout. */
export function layoutOf(graph: Graph): Layout {
  return new Layouter(graph).whole();
}
