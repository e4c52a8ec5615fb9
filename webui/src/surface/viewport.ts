/** The part of a graph that is seen: where its origin lies on the screen, and how large it is drawn. */
import type { Rect } from '../layout/grid';

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

export const LEAST = 0.005;
export const MOST = 2;
const MARGIN = 32;
/** From the edge, of what has to be kept in sight. */
const KEPT = 8;
/** Below this nodes are blocks on the canvas. */
export const DETAIL = 0.45;
/** Below this blocks have no names and lines are straight. */
export const NAMES = 0.2;
/** Smaller than this all of it is no picture to begin with; what begins with a part is this large. */
const READABLE = 0.8;
const BEGINNING = 0.9;
/** So many nodes may be elements. */
export const WINDOW = 250;

const within = (zoom: number): number => Math.min(MOST, Math.max(LEAST, zoom));

/** All of it, but not larger than it is. */
export function fitted(content: Rect, screen: Size): Viewport {
  const zoom = within(
    Math.min(
      1,
      (screen.width - 2 * MARGIN) / Math.max(1, content.width),
      (screen.height - 2 * MARGIN) / Math.max(1, content.height),
    ),
  );
  return {
    zoom,
    x: (screen.width - content.width * zoom) / 2 - content.x * zoom,
    y: (screen.height - content.height * zoom) / 2 - content.y * zoom,
  };
}

/**
 * At first: all of it if it is easily read then, else the place where it begins, as large as is easily read. Without
 * such a place all of it anyway.
 */
export function opening(content: Rect, screen: Size, start: Rect | null): Viewport {
  const whole = fitted(content, screen);
  if (whole.zoom >= READABLE || start === null) return whole;
  const zoom = BEGINNING;
  const spare = (screen.height - content.height * zoom) / 2;
  const top = MARGIN - content.y * zoom;
  const middle = screen.height / 2 - (start.y + start.height / 2) * zoom;
  const y =
    spare >= MARGIN ? spare - content.y * zoom : Math.min(top, Math.max(middle, MARGIN - start.y * zoom));
  return { zoom, x: MARGIN - start.x * zoom, y };
}

/** Larger or smaller, with what lies under a point of the screen staying there. */
export function zoomed(view: Viewport, factor: number, at: { x: number; y: number }): Viewport {
  const zoom = within(view.zoom * factor);
  const ratio = zoom / view.zoom;
  return { zoom, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

export function areaOf(view: Viewport, screen: Size, around = 0): Rect {
  return {
    x: (-view.x - around) / view.zoom,
    y: (-view.y - around) / view.zoom,
    width: (screen.width + 2 * around) / view.zoom,
    height: (screen.height + 2 * around) / view.zoom,
  };
}

/** Where a box lies on the screen. */
function edgesOf(view: Viewport, box: Rect) {
  const left = box.x * view.zoom + view.x;
  const top = box.y * view.zoom + view.y;
  return { left, top, right: left + box.width * view.zoom, bottom: top + box.height * view.zoom };
}

/** Whether all of a box is seen, so far from the edges. */
export function sees(view: Viewport, box: Rect, screen: Size, margin = 0): boolean {
  const { left, top, right, bottom } = edgesOf(view, box);
  return (
    left >= margin && top >= margin && right <= screen.width - margin && bottom <= screen.height - margin
  );
}

/** Moved by no more than it takes to see a box; of one that is larger than the screen its beginning. */
export function nudged(view: Viewport, box: Rect, screen: Size): Viewport {
  const { left, top, right, bottom } = edgesOf(view, box);
  const x = Math.max(KEPT - left, Math.min(0, screen.width - KEPT - right));
  const y = Math.max(KEPT - top, Math.min(0, screen.height - KEPT - bottom));
  return {
    ...view,
    x: view.x + (right > screen.width || left < 0 ? x : 0),
    y: view.y + (bottom > screen.height || top < 0 ? y : 0),
  };
}

/** Moved so that a box is seen whole, if it is not. */
export function revealing(view: Viewport, box: Rect, screen: Size): Viewport {
  if (sees(view, box, screen, MARGIN)) return view;
  const [width, height] = [box.width * view.zoom, box.height * view.zoom];
  return {
    ...view,
    x: Math.max(MARGIN, (screen.width - width) / 2) - box.x * view.zoom,
    y: Math.max(MARGIN, (screen.height - height) / 2) - box.y * view.zoom,
  };
}
