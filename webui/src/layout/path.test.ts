import fc from 'fast-check';
import { expect, it } from 'vitest';
import { curve, flattened, nearestOn, pathOf, segmentsOf } from './path';

const number = fc.integer({ min: -2_000, max: 2_000 });
const lines = fc
  .array(fc.tuple(number, number), { minLength: 2, maxLength: 6 })
  .map((points) => ({ around: false, points: points.flat() }));

it('finds every place of a line on the line', () => {
  fc.assert(
    fc.property(lines, fc.nat(), (line, pick) => {
      const pieces = flattened(line);
      const on = pieces[pick % pieces.length] as { x: number; y: number };
      expect(nearestOn(line, on).far).toBeLessThan(1e-6);
    }),
  );
});

it('is no farther from a line than from its ends', () => {
  fc.assert(
    fc.property(lines, number, number, (line, x, y) => {
      const [a, b] = [line.points[0] as number, line.points[1] as number];
      expect(nearestOn(line, { x, y }).far).toBeLessThanOrEqual(Math.hypot(x - a, y - b) + 1e-6);
    }),
  );
});

it('draws lines that run around straight, others as curves', () => {
  const points = [0, 0, 100, 50];
  expect(segmentsOf({ points, around: true })[0]?.pull).toBeNull();
  expect(segmentsOf({ points, around: false })).toEqual([curve({ x: 0, y: 0 }, { x: 100, y: 50 })]);
  const twice = ({ x, y }: { x: number; y: number }) => ({ x: 2 * x, y: 2 * y });
  expect(pathOf(segmentsOf({ points, around: false }), twice)).toBe('M0 0C100 0,100 100,200 100');
});
