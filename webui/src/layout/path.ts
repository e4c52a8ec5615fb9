/** The course of a line between two boxes, as it is drawn and as it is hit. */
import type { Line } from './model';

export interface Point {
  x: number;
  y: number;
}

/** From one point to the next: straight, or by two points that pull it. */
export interface Segment {
  from: Point;
  to: Point;
  pull: readonly [Point, Point] | null;
}

const LEAST_PULL = 24;
const PIECES = 12;

/** A curve that leaves to the right and arrives from the left. */
export function curve(from: Point, to: Point): Segment {
  const reach = Math.max(LEAST_PULL, Math.abs(to.x - from.x) / 2);
  return {
    from,
    to,
    pull: [
      { x: from.x + reach, y: from.y },
      { x: to.x - reach, y: to.y },
    ],
  };
}

export function segmentsOf({ points, around }: Pick<Line, 'points' | 'around'>): Segment[] {
  const found: Segment[] = [];
  for (let at = 2; at < points.length; at += 2) {
    const from = { x: points[at - 2] as number, y: points[at - 1] as number };
    const to = { x: points[at] as number, y: points[at + 1] as number };
    found.push(around || from.y === to.y ? { from, to, pull: null } : curve(from, to));
  }
  return found;
}

/** Where a segment is after a part (0 to 1) of it. */
function along({ from, to, pull }: Segment, part: number): Point {
  const rest = 1 - part;
  const mix = (a: number, b: number, c: number, d: number): number =>
    rest ** 3 * a + 3 * rest ** 2 * part * b + 3 * rest * part ** 2 * c + part ** 3 * d;
  const [one, other] = pull ?? [];
  if (!one || !other) return { x: from.x * rest + to.x * part, y: from.y * rest + to.y * part };
  return { x: mix(from.x, one.x, other.x, to.x), y: mix(from.y, one.y, other.y, to.y) };
}

/** The line as short straight pieces. */
export function flattened(line: Pick<Line, 'points' | 'around'>): Point[] {
  return segmentsOf(line).flatMap((segment, at) => {
    const pieces = segment.pull ? PIECES : 1;
    const points = Array.from({ length: pieces }, (_, piece) => along(segment, (piece + 1) / pieces));
    return at === 0 ? [segment.from, ...points] : points;
  });
}

/** The place of a line that is nearest to a point, and how far it is. */
export function nearestOn(line: Pick<Line, 'points' | 'around'>, point: Point): Point & { far: number } {
  const pieces = flattened(line);
  let best = { ...(pieces[0] as Point), far: Infinity };
  for (let at = 1; at < pieces.length; at += 1) {
    const [from, to] = [pieces[at - 1] as Point, pieces[at] as Point];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    const part = length === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
    const held = Math.min(1, Math.max(0, part));
    const x = from.x + dx * held;
    const y = from.y + dy * held;
    const far = Math.hypot(point.x - x, point.y - y);
    if (far < best.far) best = { x, y, far };
  }
  return best;
}

/** As the `d` of an SVG path, every point put through `place`. */
export function pathOf(segments: readonly Segment[], place: (point: Point) => Point): string {
  const told = (point: Point): string => {
    const { x, y } = place(point);
    return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  };
  const [first] = segments;
  if (!first) return '';
  const parts = segments.map(({ to, pull }) =>
    pull ? `C${told(pull[0])},${told(pull[1])},${told(to)}` : `L${told(to)}`,
  );
  return `M${told(first.from)}${parts.join('')}`;
}
