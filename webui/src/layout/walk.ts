/** From node to node by keys: along edges to the sides, between neighbours up and down, into containers and out. */
import type { Box, Layout } from './model';

export type Step = 'next' | 'before' | 'up' | 'down' | 'in' | 'out' | 'first' | 'last';

function push(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}

export class Walk {
  private readonly boxes: ReadonlyMap<string, Box>;
  private readonly after = new Map<string, string[]>();
  private readonly before = new Map<string, string[]>();
  private readonly children = new Map<string, string[]>();

  constructor(private readonly layout: Layout) {
    this.boxes = new Map(layout.boxes.map((box) => [box.id, box]));
    for (const { id, parent } of layout.boxes) push(this.children, parent ?? '', id);
    for (const { from, to, back } of layout.lines) {
      if (back || from === to) continue;
      push(this.after, from, to);
      push(this.before, to, from);
    }
  }

  /** Where a step from here leads; null where there is nothing. */
  from(id: string, step: Step): string | null {
    const box = this.boxes.get(id);
    if (!box || step === 'first' || step === 'last') {
      return this.layout.boxes.at(step === 'last' ? -1 : 0)?.id ?? null;
    }
    if (step === 'in') return this.children.get(id)?.[0] ?? null;
    if (step === 'out') return box.parent;
    if (step === 'next') return this.nearest(box, this.after.get(id)) ?? box.parent;
    if (step === 'before') return this.nearest(box, this.before.get(id)) ?? box.parent;
    return this.beside(box, step === 'down' ? 1 : -1);
  }

  private nearest(box: Box, ids: readonly string[] | undefined): string | null {
    const far = (id: string): number => Math.abs((this.boxes.get(id) as Box).y - box.y);
    return ids?.length ? ids.reduce((best, id) => (far(id) < far(best) ? id : best)) : null;
  }

  private beside(box: Box, sign: 1 | -1): string | null {
    let best: [number, string] | null = null;
    for (const id of this.children.get(box.parent ?? '') ?? []) {
      const other = this.boxes.get(id) as Box;
      const down = (other.y - box.y) * sign;
      if (down <= 0) continue;
      const cost = down + 3 * Math.abs(other.x - box.x);
      if (!best || cost < best[0]) best = [cost, id];
    }
    return best?.[1] ?? null;
  }
}

/** Where one begins to read: the first outside of all containers that leads on and is led to by none. */
export function entryOf({ boxes, lines }: Layout): Box | null {
  const forth = lines.filter(({ back, from, to }) => !back && from !== to);
  const [sources, targets] = [new Set(forth.map(({ from }) => from)), new Set(forth.map(({ to }) => to))];
  const outer = boxes.filter(({ parent }) => parent === null);
  return outer.find(({ id }) => sources.has(id) && !targets.has(id)) ?? outer[0] ?? null;
}
