/** What lies where: boxes by the squares they touch, so that a window of a large graph is found without asking all. */
import type { Box } from './model';

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

const CELL = 600;

export function touches(one: Rect, other: Rect): boolean {
  return (
    one.x <= other.x + other.width &&
    other.x <= one.x + one.width &&
    one.y <= other.y + other.height &&
    other.y <= one.y + one.height
  );
}

function* cellsOf({ x, y, width, height }: Rect): Generator<string> {
  for (let column = Math.floor(x / CELL); column <= Math.floor((x + width) / CELL); column += 1) {
    for (let row = Math.floor(y / CELL); row <= Math.floor((y + height) / CELL); row += 1) {
      yield `${column}:${row}`;
    }
  }
}

/** Too large for squares: these are always asked. */
const LARGE = 40 * CELL;

export class Grid<Item extends Rect = Box> {
  private readonly cells = new Map<string, number[]>();
  private readonly large: number[] = [];

  constructor(readonly items: readonly Item[]) {
    for (const [at, item] of items.entries()) {
      if (item.width > LARGE || item.height > LARGE) this.large.push(at);
      else for (const cell of cellsOf(item)) this.put(cell, at);
    }
  }

  private put(cell: string, at: number): void {
    const here = this.cells.get(cell);
    if (here) here.push(at);
    else this.cells.set(cell, [at]);
  }

  /** Those that touch the rectangle, in the order they were given. */
  within(area: Rect): Item[] {
    if (area.width > LARGE || area.height > LARGE) return this.items.filter((item) => touches(item, area));
    const found = new Set(this.large);
    for (const cell of cellsOf(area)) for (const at of this.cells.get(cell) ?? []) found.add(at);
    return [...found]
      .sort((a, b) => a - b)
      .map((at) => this.items[at] as Item)
      .filter((item) => touches(item, area));
  }
}
