/** The way of a line whose end lies left of where it begins: out, past both, and in from the left. */
import type { Rect } from './grid';
import { GAP } from './model';
import type { Point } from './path';

const REACH = GAP.layer / 3;
/** Lines of several outputs run beside one another. */
const STEP = 6;

/** How far down it runs: between the two if there is room, else below both. */
export function laneOf(source: Rect, target: Rect, nth = 0): number {
  const [upper, lower] = source.y <= target.y ? [source, target] : [target, source];
  const end = upper.y + upper.height;
  if (lower.y - end >= 2 * GAP.lane) return (end + lower.y) / 2;
  return Math.max(end, lower.y + lower.height) + REACH + nth * STEP;
}

/** x, y, x, y …, with both ends. */
export function detour(source: Rect, target: Rect, [out, into]: readonly [Point, Point], nth = 0): number[] {
  const [right, left] = [out.x + REACH + nth * STEP, into.x - REACH - nth * STEP];
  const lane = laneOf(source, target, nth);
  return [...[out.x, out.y, right, out.y, right, lane], ...[left, lane, left, into.y, into.x, into.y]];
}
