import { describe, expect, it } from 'vitest';
import { holding, placeIn } from './values';

describe('a place in a value', () => {
  it('is written as expressions write it', () => {
    const place = ['orders', 3, 'ship to', 'zip'].reduce<string>(placeIn, 'steps.load.output');
    expect(place).toBe('steps.load.output.orders[3]["ship to"].zip');
    expect(placeIn('', 'a')).toBe('a');
    expect(placeIn('', 0)).toBe('[0]');
    expect(placeIn('', '1st')).toBe('["1st"]');
  });
});

describe('words in a value', () => {
  const value = {
    orders: [
      { id: 'O-9', paid: true, total: 12.5 },
      { id: 'O-10', note: null },
    ],
  };

  it('are found in names and in what stands at them, whatever their capitals', () => {
    expect(['o-10', 'PAID', 'true', '12.5', 'null'].map((words) => holding(words)(value))).toEqual(
      Array(5).fill(true),
    );
    expect(holding('o-11')(value)).toBe(false);
    expect(holding('orders')(value.orders)).toBe(false);
    expect(holding('orders')(value.orders, 'orders')).toBe(true);
  });

  it('are not found in the numbers of a list', () => {
    expect(holding('1')(['a', 'b'])).toBe(false);
  });
});
