import { afterEach, expect, it, vi } from 'vitest';
import { askLayout } from './ask';
import { layoutOf } from './layout';

const graphOf = (id: string) => ({ nodes: [{ id, type: 'transform' }], edges: [] });

afterEach(() => vi.unstubAllGlobals());

it('answers the same structure from what is kept', async () => {
  const first = askLayout(graphOf('kept'));
  expect(askLayout(graphOf('kept'))).toBe(first);
  expect(await first).toEqual(layoutOf(graphOf('kept')));
});

it('forgets the structure that was asked longest ago', () => {
  const first = askLayout(graphOf('old'));
  for (let at = 0; at < 8; at += 1) void askLayout(graphOf(`other${at}`));
  expect(askLayout(graphOf('old'))).not.toBe(first);
});

it('lays out on the page when the worker cannot be started', async () => {
  vi.stubGlobal('Worker', () => {
    throw new Error('refused');
  });
  expect(await askLayout(graphOf('refused'))).toEqual(layoutOf(graphOf('refused')));
});
