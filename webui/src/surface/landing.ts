/** Where something that is carried would come down on a graph. */
import { touches } from '../layout/grid';
import type { Box } from '../layout/model';
import type { Point } from '../layout/path';
import type { Beside, Carried, Landing } from './editing';
import { boxAt, lineNear, type Scene } from './paint';
import { snapped } from './placing';

/** Neighbours that stand this near above or below are in one column. */
const COLUMN = 60;

/** Or it stays on its level, so far from where it stood. */
export type Drop = Landing | { readonly at: 'place'; readonly by: Point };

/** The node one took hold of, and where. */
export interface Grip {
  readonly id: string;
  readonly from: Point;
}

/** Where it comes down at a place; null where nothing would change. */
export function landingAt(
  scene: Scene,
  what: Carried,
  to: Point,
  reach: number,
  grip: Grip | null,
): Drop | null {
  const carried = 'ids' in what ? new Set(what.ids) : new Set<string>();
  const isCarried = (id: string | null): boolean => {
    for (let at = id; at !== null; at = scene.byId.get(at)?.parent ?? null) if (carried.has(at)) return true;
    return false;
  };
  const here = boxAt(scene, to.x, to.y);
  const box = here && isCarried(here.id) ? outside(scene, here, isCarried) : here;
  const several = 'ids' in what && what.ids.length > 1;
  const line = several || (box && !box.container) ? null : lineNear(scene, to, reach)?.line;
  if (line && !isCarried(line.from) && !isCarried(line.to)) {
    const { from, port, to: target } = line;
    return { at: 'line', ends: { from, port, to: target } };
  }
  if (box && !box.container && !('ids' in what)) return { at: 'node', id: box.id };
  const parent = box === null ? null : box.container ? box.id : box.parent;
  const held = grip && scene.byId.get(grip.id);
  if (held && held.parent === parent && (box === null || box.container)) {
    const by = snapped(scene, held, { x: to.x - grip.from.x, y: to.y - grip.from.y });
    return by.x === 0 && by.y === 0 ? null : { at: 'place', by };
  }
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
