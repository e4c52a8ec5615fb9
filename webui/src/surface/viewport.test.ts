import { describe, expect, it } from 'vitest';
import { Camera } from './camera';
import { opening } from './viewport';

const SCREEN = { width: 1_000, height: 600 };
const node = (x: number, y: number) => ({ x, y, width: 200, height: 56 });
const onScreen = (view: ReturnType<typeof opening>, { x, y }: { x: number; y: number }) => ({
  x: view.x + x * view.zoom,
  y: view.y + y * view.zoom,
});

describe('A graph opens', () => {
  it('whole where that is easily read', () => {
    const view = opening({ x: 0, y: 0, width: 1_100, height: 200 }, SCREEN, node(0, 0));
    expect(view.zoom).toBeGreaterThan(0.8);
    expect(onScreen(view, { x: 1_100, y: 200 }).x).toBeLessThan(1_000);
  });

  it('at its beginning, large enough, where it is too wide, and in the middle of the height', () => {
    const view = opening({ x: 0, y: 0, width: 6_000, height: 200 }, SCREEN, node(0, 72));
    expect(view.zoom).toBe(0.9);
    expect(onScreen(view, { x: 0, y: 100 })).toEqual({ x: 32, y: 300 });
  });

  it('at the step it begins with where it is too high, and never above its upper edge', () => {
    const content = { x: 0, y: -40, width: 6_000, height: 5_000 };
    const low = node(0, 2_500);
    expect(onScreen(opening(content, SCREEN, low), { x: 0, y: 2_528 }).y).toBeCloseTo(300);
    expect(onScreen(opening(content, SCREEN, node(0, 0)), { x: 0, y: -40 }).y).toBeCloseTo(32);
    const tall = { ...low, height: 2_000 };
    expect(onScreen(opening(content, SCREEN, tall), tall).y).toBeCloseTo(32);
  });

  it('whole without a beginning', () => {
    expect(opening({ x: 0, y: 0, width: 50_000, height: 4_000 }, SCREEN, null).zoom).toBeLessThan(0.02);
  });
});

describe('A graph that gets another size', () => {
  const HERE = { x: 240, y: 180 };
  const cameraAt = (kept: ReturnType<typeof node> | null) => {
    const camera = new Camera();
    camera.resize(SCREEN, HERE);
    camera.open({ x: 50, y: 40, zoom: 0.5 });
    camera.keep(kept);
    return camera;
  };

  it('leaves what is seen where it is on the page', () => {
    const camera = cameraAt(null);
    camera.resize({ width: 1_000, height: 560 }, HERE);
    expect(camera.view).toEqual({ x: 50, y: 40, zoom: 0.5 });
    camera.resize({ width: 900, height: 520 }, { x: 340, y: 220 });
    expect(camera.view).toEqual({ x: -50, y: 0, zoom: 0.5 });
  });

  it('tells whoever draws at once, not a frame later', () => {
    const camera = cameraAt(null);
    const views: number[] = [];
    camera.subscribe(() => views.push(camera.view.x));
    camera.resize({ width: 900, height: 600 }, { x: 340, y: 180 });
    expect(views).toEqual([-50]);
  });

  it('keeps the step one stands on in sight, moved by no more than that takes', () => {
    const low = node(100, 1_000);
    const camera = cameraAt(low);
    camera.resize({ width: 1_000, height: 580 }, HERE);
    expect(camera.view.y, 'it is seen yet').toBe(40);
    camera.resize({ width: 1_000, height: 400 }, HERE);
    expect(onScreen(camera.view, { x: 100, y: 1_056 })).toEqual({ x: 100, y: 392 });
    camera.resize({ width: 140, height: 400 }, HERE);
    expect(onScreen(camera.view, low).x).toBe(32);
    camera.resize({ width: 60, height: 400 }, HERE);
    expect(onScreen(camera.view, low).x, 'its beginning, where there is no room for all of it').toBe(8);
  });

  it('keeps it in sight too where the graph begins elsewhere', () => {
    const camera = cameraAt(node(1_500, 400));
    camera.resize({ width: 700, height: 600 }, { x: 40, y: 180 });
    expect(onScreen(camera.view, { x: 1_700, y: 400 })).toEqual({ x: 692, y: 240 });
    const beside = cameraAt(node(0, 0));
    beside.resize({ width: 800, height: 600 }, { x: 440, y: 180 });
    expect(onScreen(beside.view, { x: 0, y: 0 })).toEqual({ x: 8, y: 40 });
  });

  it('does not bring back what was not seen', () => {
    const camera = cameraAt(node(3_000, 0));
    camera.resize({ width: 800, height: 400 }, HERE);
    expect(camera.view).toEqual({ x: 50, y: 40, zoom: 0.5 });
  });
});
