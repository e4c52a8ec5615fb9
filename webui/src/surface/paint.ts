/** The canvas below the nodes: all lines, and the nodes themselves where they are too many or too small. */
import { Grid, type Rect } from '../layout/grid';
import type { Box, Layout, Line } from '../layout/model';
import { nearestOn, segmentsOf, type Point } from '../layout/path';
import { LOOKS } from '../theme/status';
import type { EdgeState, GraphStatuses } from './statuses';
import { areaOf, NAMES, type Size, type Viewport } from './viewport';

export interface Palette {
  bg: string;
  surface: string;
  border: string;
  line: string;
  text: string;
  muted: string;
  accent: string;
  font: string;
  status: Record<string, string>;
}

/** The theme's colours as the canvas needs them. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const hues = new Set(Object.values(LOOKS).map(({ hue }) => hue));
  return {
    bg: token('bg'),
    surface: token('surface'),
    border: token('border'),
    line: token('border-control'),
    text: token('text'),
    muted: token('text-muted'),
    accent: token('accent'),
    font: token('font'),
    status: Object.fromEntries([...hues].map((hue) => [hue, token(`status-${hue}`)])),
  };
}

type Drawn = Rect & { line: Line };

function reachOf(line: Line): Drawn {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < line.points.length; at += 2) {
    const [x, y] = [line.points[at] as number, line.points[at + 1] as number];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { line, x: left, y: top, width: right - left, height: bottom - top };
}

export interface Scene {
  layout: Layout;
  boxes: Grid<Box>;
  lines: Grid<Drawn>;
  byId: ReadonlyMap<string, Box>;
  labels: ReadonlyMap<string, string>;
}

export function sceneOf(layout: Layout, labels: ReadonlyMap<string, string>): Scene {
  return {
    layout,
    boxes: new Grid(layout.boxes),
    lines: new Grid(layout.lines.map(reachOf)),
    byId: new Map(layout.boxes.map((box) => [box.id, box])),
    labels,
  };
}

/** The innermost box at a place of the graph. */
export function boxAt(scene: Scene, x: number, y: number): Box | null {
  const here = scene.boxes.within({ x, y, width: 0, height: 0 });
  return here.reduce<Box | null>(
    (best, box) => (best === null || box.depth >= best.depth ? box : best),
    null,
  );
}

/** The line that passes nearest to a place of the graph, if it passes within `reach`. */
export function lineNear(scene: Scene, point: Point, reach: number): (Point & { line: Line }) | null {
  const around = { x: point.x - reach, y: point.y - reach, width: 2 * reach, height: 2 * reach };
  let best: (Point & { line: Line; far: number }) | null = null;
  for (const { line } of scene.lines.within(around)) {
    const found = nearestOn(line, point);
    if (found.far <= reach && (best === null || found.far < best.far)) best = { ...found, line };
  }
  return best;
}

export interface Shot {
  view: Viewport;
  screen: Size;
  /** Nodes are elements above the canvas. */
  detail: boolean;
  chosen: ReadonlySet<string>;
  statuses: GraphStatuses;
  palette: Palette;
}

function trace(pen: CanvasRenderingContext2D, line: Line, straight: boolean): void {
  pen.moveTo(line.points[0] as number, line.points[1] as number);
  for (const { to, pull } of segmentsOf(line)) {
    if (straight || !pull) pen.lineTo(to.x, to.y);
    else pen.bezierCurveTo(pull[0].x, pull[0].y, pull[1].x, pull[1].y, to.x, to.y);
  }
}

function head(pen: CanvasRenderingContext2D, { points }: Line): void {
  const [x, y] = [points.at(-2) as number, points.at(-1) as number];
  pen.moveTo(x, y);
  pen.lineTo(x - 8, y - 4);
  pen.lineTo(x - 8, y + 4);
  pen.closePath();
}

const DASHES: Record<EdgeState, number[]> = { open: [], taken: [], dead: [4, 4] };

function paintLines(pen: CanvasRenderingContext2D, scene: Scene, shot: Shot): void {
  const { view, palette, statuses, chosen } = shot;
  const seen = scene.lines.within(areaOf(view, shot.screen, 40)).map(({ line }) => line);
  const groups: Record<EdgeState | 'chosen', Line[]> = { dead: [], open: [], taken: [], chosen: [] };
  for (const line of seen) {
    const own = chosen.has(line.from) || chosen.has(line.to);
    groups[own ? 'chosen' : statuses.edge(line.from, line.port, line.to)].push(line);
  }
  const colours = {
    dead: palette.border,
    open: palette.line,
    taken: palette.status['succeeded'] ?? palette.line,
    chosen: palette.accent,
  };
  for (const [state, lines] of Object.entries(groups) as [EdgeState | 'chosen', Line[]][]) {
    if (lines.length === 0) continue;
    pen.strokeStyle = pen.fillStyle = colours[state];
    pen.lineWidth = (state === 'open' || state === 'dead' ? 1.25 : 2) / Math.min(1, view.zoom * 1.5);
    pen.setLineDash(state === 'chosen' ? [] : DASHES[state]);
    pen.beginPath();
    for (const line of lines) trace(pen, line, view.zoom < NAMES);
    pen.stroke();
    if (view.zoom < NAMES) continue;
    pen.setLineDash([]);
    pen.beginPath();
    for (const line of lines) head(pen, line);
    pen.fill();
  }
  pen.setLineDash([]);
  if (shot.detail) paintPorts(pen, seen, shot);
}

function paintPorts(pen: CanvasRenderingContext2D, lines: readonly Line[], { palette }: Shot): void {
  pen.font = `11px ${palette.font}`;
  pen.textBaseline = 'middle';
  pen.lineJoin = 'round';
  pen.lineWidth = 4;
  for (const { port, points } of lines) {
    if (!port) continue;
    const [x, y] = [(points[0] as number) + 6, points[1] as number];
    pen.strokeStyle = palette.bg; // its own ground, so that no line runs through the word
    pen.strokeText(port, x, y, 60);
    pen.fillStyle = palette.muted;
    pen.fillText(port, x, y, 60);
  }
}

function paintBox(pen: CanvasRenderingContext2D, box: Box, scene: Scene, shot: Shot): void {
  const { palette, statuses, chosen, view } = shot;
  const status = statuses.status(box.id);
  const colour = status === null ? palette.line : (palette.status[LOOKS[status].hue] ?? palette.line);
  const thin = 1 / view.zoom;
  pen.fillStyle = box.container ? palette.bg : palette.surface;
  pen.fillRect(box.x, box.y, box.width, box.height);
  if (!box.container) {
    pen.fillStyle = colour;
    pen.fillRect(box.x, box.y, status === null ? 4 * thin : view.zoom < NAMES ? box.width : 32, box.height);
  }
  pen.strokeStyle = chosen.has(box.id) ? palette.accent : colour;
  pen.lineWidth = chosen.has(box.id) ? 3 * thin : thin;
  pen.strokeRect(box.x, box.y, box.width, box.height);
  if (view.zoom < NAMES) return;
  const size = Math.min(24, 10 / view.zoom);
  pen.font = `${size}px ${palette.font}`;
  pen.textBaseline = 'middle';
  const middle = box.container ? box.y + 26 : box.y + box.height / 2;
  if (status !== null && !box.container) {
    pen.fillStyle = palette.bg;
    pen.fillText(LOOKS[status].glyph, box.x + 6, middle, 24);
  }
  pen.fillStyle = palette.text;
  pen.fillText(scene.labels.get(box.id) ?? box.id, box.x + 40, middle, Math.max(10, box.width - 48));
}

/** Everything the canvas shows, at once. */
export function paint(canvas: HTMLCanvasElement, scene: Scene, shot: Shot): void {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const { view, screen } = shot;
  const dense = devicePixelRatio || 1;
  const [width, height] = [Math.round(screen.width * dense), Math.round(screen.height * dense)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.setTransform(view.zoom * dense, 0, 0, view.zoom * dense, view.x * dense, view.y * dense);
  if (!shot.detail) {
    const boxes = scene.boxes.within(areaOf(view, screen));
    for (const box of boxes) if (box.container) paintBox(pen, box, scene, shot);
    paintLines(pen, scene, shot);
    for (const box of boxes) if (!box.container) paintBox(pen, box, scene, shot);
  } else {
    paintLines(pen, scene, shot);
  }
}
