import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hear, NOTHING_TOLD, shown, type Row, type Told } from './rows';

const row = (id: string, at: number, rev = 1): Row => ({ id, created_at: new Date(at).toISOString(), rev });

describe('a live list', () => {
  it('brings rows up to date in their places and lets new ones wait', () => {
    const read = [row('b', 2_000), row('a', 1_000)];
    const told = hear(NOTHING_TOLD as Told<Row>, [row('a', 1_000, 2), row('c', 3_000)]);
    const list = shown(read, told);
    expect(list.rows.map(({ id, rev }) => [id, rev])).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(list.fresh.map(({ id }) => id)).toEqual(['c']);
    expect(shown(read, told, new Set(['c'])).rows.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  it('takes no row for new that is older than what was read, and marks those that left', () => {
    const told = hear(NOTHING_TOLD as Told<Row>, [row('old', 0)], ['a']);
    const list = shown([row('b', 2_000), row('a', 1_000)], told);
    expect(list.fresh).toEqual([]);
    expect(list.rows.map(({ gone }) => gone)).toEqual([false, true]);
  });

  it('knows the newest of each row, however its news are ordered', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 1 }), (revs) => {
        let told = NOTHING_TOLD as Told<Row>;
        for (const rev of revs) told = hear(told, [row('a', 1_000, rev)]);
        expect(shown([row('a', 1_000, 0)], told).rows[0]?.rev).toBe(Math.max(...revs));
      }),
    );
  });
});
