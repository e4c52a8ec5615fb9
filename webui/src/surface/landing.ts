/** Where something that is carried would come down on a graph. */
import { touches } from '../layout/grid';
import type { Box } from '../layout/model';
import type { Point } from '../layout/path';
import type { Beside, Carried, Landing } from './editing';
import { boxAt, lineNear, type Scene } from './paint';

/** Neighbours that stand this near above or below are in one column. */
const COLUMN = 60;

/** The landing at a place; null where nothing would change. */
export function landingAt(scene: Scene, what: Carried, to: Point, reach: number): Landing | null {
  const carried = 'ids' in what ? new Set(what.ids) : new Set<string>();
  const isCarried = (id: string | null): boolean => {
    for (let at = id; at !== null; at = scene.byId.get(at)?.parent ?? null) if (carried.has(at)) return true;
    return false;
  };
  const here = boxAt(scene, to.x, to.y);
  const box = here && isCarried(here.id) ? outside(scene, here, isCarried) : here;
  const line = box && !box.container ? null : lineNear(scene, to, reach)?.line;
  if (line && !isCarried(line.from) && !isCarried(line.to)) {
    const { from, port, to: target } = line;
    return { at: 'line', ends: { from, port, to: target } };
  }
  if (box && !box.container && !('ids' in what)) return { at: 'node', id: box.id };
  const parent = box === null ? null : box.container ? box.id : box.parent;
  const beside = besideOf(scene, parent, to, isCarried);
  const stays = 'ids' in what && what.ids.every((id) => scene.byId.get(id)?.parent === parent);
  return stays && beside === null ? null : { at: 'level', parent, beside };
}

/** What a carried box lies in, outside of all that is carried. */
function outside(scene: Scene, box: Box, isCarried: (id: string) => boolean): Box | null {
  let at: Box | null = box;
  while (at && isCarried(at.id)) at = scene.byId.get(at.parent ?? '') ?? null;
  return at;
}

/** The nearest in the same column of a level, and on which side of it. */
function besideOf(
  scene: Scene,
  parent: string | null,
  { x, y }: Point,
  isCarried: (id: string) => boolean,
): Beside | null {
  let best: { box: Box; far: number } | null = null;
  for (const box of scene.boxes.within({ x: x - COLUMN, y: y - 1_000, width: 2 * COLUMN, height: 2_000 })) {
    if (box.parent !== parent || isCarried(box.id)) continue;
    const far = Math.abs(box.y + box.height / 2 - y) - box.height / 2;
    if (best === null || far < best.far) best = { box, far };
  }
  if (!best || best.far > best.box.height) return null;
  return { id: best.box.id, side: y < best.box.y + best.box.height / 2 ? 'before' : 'after' };
}

/** What a frame chooses: what it touches, containers only whole. */
export function shareOf(scene: Scene, from: Point, to: Point): string[] {
  const frame = {
    x: Math.min(from.x, to.x),
    y: Math.min(from.y, to.y),
    width: Math.abs(from.x - to.x),
    height: Math.abs(from.y - to.y),
  };
  return scene.boxes
    .within(frame)
    .filter((box) => touches(box, frame) && (!box.container || encloses(frame, box)))
    .map(({ id }) => id);
}

function encloses(frame: { x: number; y: number; width: number; height: number }, box: Box): boolean {
  return (
    frame.x <= box.x &&
    frame.y <= box.y &&
    frame.x + frame.width >= box.x + box.width &&
    frame.y + frame.height >= box.y + box.height
  );
}
