/**
 * One scope in layers: what leads back is set aside, each node stands right of all that lead to it, neighbours
 * are ordered by the middle of what they are linked to, and each is moved as little as its neighbours allow.
 */

export interface Item {
  id: string;
  width: number;
  height: number;
}

export interface Placed {
  x: number;
  y: number;
}

/** Where a line runs straight through a layer. */
export interface Bend extends Placed {
  width: number;
}

export interface Arranged {
  places: ReadonlyMap<string, Placed>;
  /** `from\nto` of the links that lead back. */
  back: ReadonlySet<string>;
  /** By `from\nto`: where a link that passes layers crosses each of them. */
  bends: ReadonlyMap<string, readonly Bend[]>;
  width: number;
  height: number;
}

interface Gaps {
  layer: number;
  node: number;
}

export const pair = (from: string, to: string): string => `${from}\n${to}`;

/** Beyond this many crossings of layers a link's bends are not kept free: the picture is a carpet anyway. */
const BENDS_EACH = 4;
const BEND = 10;
const SWEEPS = 4;

class Places {
  readonly next: number[][];
  readonly before: number[][];
  readonly layer: number[];
  readonly back = new Set<string>();
  /** Sizes of all, the bends behind the items. */
  readonly height: number[];
  readonly width: number[];
  readonly bends = new Map<string, number[]>();
  rows: number[][] = [];

  constructor(
    readonly items: readonly Item[],
    links: readonly (readonly [string, string])[],
  ) {
    const at = new Map(items.map(({ id }, index) => [id, index]));
    this.next = items.map(() => []);
    this.before = items.map(() => []);
    this.layer = items.map(() => 0);
    this.height = items.map(({ height }) => height);
    this.width = items.map(({ width }) => width);
    const seen = new Set<string>();
    for (const [from, to] of links) {
      const [a, b] = [at.get(from), at.get(to)];
      if (a === undefined || b === undefined || seen.has(pair(from, to))) continue;
      seen.add(pair(from, to));
      this.next[a]?.push(b);
    }
    this.setBackAside();
    this.layerAll();
    this.bendAll();
    this.order();
  }

  private key(a: number, b: number): string {
    return pair((this.items[a] as Item).id, (this.items[b] as Item).id);
  }

  /** A walk in the document's order: a link to a node that is still open leads back. */
  private setBackAside(): void {
    const state = new Uint8Array(this.items.length); // 1 open, 2 done
    const entered = new Set(this.next.flat());
    const roots = [...this.items.keys()].sort(
      (a, b) => Number(entered.has(a)) - Number(entered.has(b)) || a - b,
    );
    for (const root of roots) {
      if (state[root]) continue;
      const path: [number, number][] = [[root, 0]];
      state[root] = 1;
      for (let top = path.at(-1); top; top = path.at(-1)) {
        const [node, at] = top;
        const to = this.next[node]?.[at];
        top[1] += 1;
        if (to === undefined) {
          state[node] = 2;
          path.pop();
        } else if (state[to] === 1) {
          this.back.add(this.key(node, to));
        } else if (!state[to]) {
          state[to] = 1;
          path.push([to, 0]);
        }
      }
    }
    for (const [from, targets] of this.next.entries()) {
      this.next[from] = targets.filter((to) => !this.back.has(this.key(from, to)));
      for (const to of this.next[from] ?? []) this.before[to]?.push(from);
    }
  }

  private layerAll(): void {
    const open = this.before.map((before) => before.length);
    const ready = open.flatMap((count, at) => (count === 0 ? [at] : []));
    for (let at = 0; at < ready.length; at += 1) {
      const node = ready[at] as number;
      for (const to of this.next[node] ?? []) {
        this.layer[to] = Math.max(this.layer[to] as number, (this.layer[node] as number) + 1);
        open[to] = (open[to] as number) - 1;
        if (open[to] === 0) ready.push(to);
      }
    }
  }

  /** A link that passes layers gets a place in each of them, so that it crosses no node. */
  private bendAll(): void {
    const long: [number, number][] = [];
    let total = 0;
    for (const [from, targets] of this.next.entries()) {
      for (const to of targets) {
        const span = (this.layer[to] as number) - (this.layer[from] as number);
        if (span > 1) long.push([from, to]);
        total += span - 1;
      }
    }
    if (total > BENDS_EACH * this.items.length + 200) return;
    for (const [from, to] of long) this.bend(from, to);
  }

  private bend(from: number, to: number): void {
    const chain: number[] = [];
    let last = from;
    this.next[from] = (this.next[from] as number[]).filter((one) => one !== to);
    this.before[to] = (this.before[to] as number[]).filter((one) => one !== from);
    for (let layer = (this.layer[from] as number) + 1; layer < (this.layer[to] as number); layer += 1) {
      const at = this.layer.length;
      this.layer.push(layer);
      this.height.push(BEND);
      this.width.push(0);
      this.next.push([]);
      this.before.push([last]);
      this.next[last]?.push(at);
      chain.push(at);
      last = at;
    }
    this.next[last]?.push(to);
    this.before[to]?.push(last);
    this.bends.set(this.key(from, to), chain);
  }

  private order(): void {
    const count = this.layer.reduce((most, layer) => Math.max(most, layer + 1), 0);
    this.rows = Array.from({ length: count }, () => []);
    for (const [at, layer] of this.layer.entries()) this.rows[layer]?.push(at);
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      const down = sweep % 2 === 0;
      const rows = down ? this.rows : [...this.rows].reverse();
      const rank = this.ranks();
      for (const row of rows) this.sortRow(row, down ? this.before : this.next, rank);
    }
  }

  private ranks(): Float64Array {
    const rank = new Float64Array(this.layer.length);
    for (const row of this.rows) for (const [at, node] of row.entries()) rank[node] = at;
    return rank;
  }

  private sortRow(row: number[], linked: readonly number[][], rank: Float64Array): void {
    const middle = new Map(
      row.map((node) => {
        const others = linked[node] as number[];
        const sum = others.reduce((total, one) => total + (rank[one] as number), 0);
        return [node, others.length > 0 ? sum / others.length : (rank[node] as number)];
      }),
    );
    row.sort((a, b) => (middle.get(a) as number) - (middle.get(b) as number) || a - b);
    for (const [at, node] of row.entries()) rank[node] = at;
  }

  /** The centre of each: as near to the middle of its links as its neighbours allow. */
  centres(gap: number): Float64Array {
    const y = new Float64Array(this.layer.length);
    for (const row of this.rows)
      this.settle(
        row,
        row.map(() => 0),
        y,
        gap,
      );
    for (const linked of [this.before, this.next, this.before]) {
      const rows = linked === this.next ? [...this.rows].reverse() : this.rows;
      for (const row of rows) {
        const wanted = row.map((node) => {
          const others = linked[node] as number[];
          if (others.length === 0) return y[node] as number;
          return others.reduce((total, one) => total + (y[one] as number), 0) / others.length;
        });
        this.settle(row, wanted, y, gap);
      }
    }
    return y;
  }

  /** Neighbours that would overlap become a block, which stands where its members want it on average. */
  private settle(row: readonly number[], wanted: readonly number[], y: Float64Array, gap: number): void {
    const offsets: number[] = [];
    let offset = 0;
    for (const [at, node] of row.entries()) {
      const half = (this.height[node] as number) / 2;
      if (at > 0) offset += (this.height[row[at - 1] as number] as number) / 2 + gap + half;
      offsets.push(offset);
    }
    const blocks: { sum: number; count: number }[] = [];
    for (const [at, want] of wanted.entries()) {
      let block = { sum: want - (offsets[at] as number), count: 1 };
      for (
        let last = blocks.at(-1);
        last && last.sum / last.count > block.sum / block.count;
        last = blocks.at(-1)
      ) {
        blocks.pop();
        block = { sum: last.sum + block.sum, count: last.count + block.count };
      }
      blocks.push(block);
    }
    let at = 0;
    for (const { sum, count } of blocks) {
      for (let end = at + count; at < end; at += 1)
        y[row[at] as number] = sum / count + (offsets[at] as number);
    }
  }
}

/** The places of items that are linked. */
export function arrange(
  items: readonly Item[],
  links: readonly (readonly [string, string])[],
  gaps: Gaps,
): Arranged {
  const all = new Places(items, links);
  const y = all.centres(gaps.node);
  const top = items.reduce(
    (least, { height }, at) => Math.min(least, (y[at] as number) - height / 2),
    Infinity,
  );
  const lefts: number[] = [];
  const widths: number[] = [];
  let width = 0;
  for (const row of all.rows) {
    lefts.push(width);
    const widest = Math.max(0, ...row.map((node) => all.width[node] as number));
    widths.push(widest);
    width += widest + gaps.layer;
  }
  const origin = Math.min(top, ...bendTops(all, y));
  const place = (at: number): Placed => ({
    x: lefts[all.layer[at] as number] as number,
    y: Math.round((y[at] as number) - (all.height[at] as number) / 2 - origin),
  });
  const bends = new Map<string, Bend[]>();
  for (const [key, chain] of all.bends) {
    bends.set(
      key,
      chain.map((at) => ({
        x: place(at).x,
        y: place(at).y + BEND / 2,
        width: widths[all.layer[at] as number] as number,
      })),
    );
  }
  const places = new Map(items.map(({ id }, at) => [id, place(at)]));
  const bottom = y.reduce((most, centre, at) => Math.max(most, centre + (all.height[at] as number) / 2), 0);
  return {
    places,
    back: all.back,
    bends,
    width: Math.max(0, width - gaps.layer),
    height: items.length > 0 ? Math.ceil(bottom - origin) : 0,
  };
}

function bendTops(all: Places, y: Float64Array): number[] {
  let least = Infinity;
  for (const chain of all.bends.values()) {
    for (const at of chain) least = Math.min(least, (y[at] as number) - BEND / 2);
  }
  return [least];
}
