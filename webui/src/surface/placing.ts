/** Where nodes come to stand that are put somewhere by hand. */
import type { Box, Place } from '../layout/model';
import type { Point } from '../layout/path';
import type { Scene } from './paint';

/** Places are on a grid, so that what shall stand in a row does. */
export const SNAP = 8;
const LEAP = 40;

/** Those that move when all of these do: what lies in one of them goes along. */
export function outermost(scene: Scene, ids: readonly string[]): Box[] {
  const all = new Set(ids);
  const goesAlong = ({ parent }: Box): boolean => {
    for (let at = parent; at !== null; at = scene.byId.get(at)?.parent ?? null) if (all.has(at)) return true;
    return false;
  };
  return [...all].flatMap((id) => {
    const box = scene.byId.get(id);
    return box && !goesAlong(box) ? box : [];
  });
}

/** Where a box stands as the document says it. */
export function placeOf(scene: Scene, box: Box): Place {
  const origin = scene.layout.origins.get(box.parent ?? '') ?? { x: 0, y: 0 };
  return { x: box.x - origin.x, y: box.y - origin.y };
}

/** The way nearest to the one wanted that leads a box onto the grid; sides it hardly moved to it keeps. */
export function snapped(scene: Scene, box: Box, by: Point): Point {
  const at = placeOf(scene, box);
  const axis = (from: number, far: number): number =>
    Math.abs(far) < SNAP ? 0 : Math.round((from + far) / SNAP) * SNAP - from;
  return { x: axis(at.x, by.x), y: axis(at.y, by.y) };
}

/** What the document says when all of these have moved that far. */
export function placesOf(scene: Scene, ids: readonly string[], by: Point): Record<string, Place> {
  return Object.fromEntries(
    outermost(scene, ids).map((box) => {
      const { x, y } = placeOf(scene, box);
      return [box.id, { x: x + by.x, y: y + by.y }];
    }),
  );
}

const WAYS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** How far a key moves what is moved by keys; null: that key does not. */
export function stepOf({ key, shiftKey }: KeyboardEvent): Point | null {
  const way = WAYS[key];
  const far = shiftKey ? LEAP : SNAP;
  return way ? { x: way.x * far, y: way.y * far } : null;
}
