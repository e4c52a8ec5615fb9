import { describe, expect, it } from 'vitest';
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
