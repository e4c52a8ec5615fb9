import { expect, it } from 'vitest';
import { docked, dockOf, dockSearch, SIZES } from './dock';

const ID = '01a21552-77a1-7eec-8c86-33de91e3adf3';
const OTHER = '01a21465-70de-7654-9b2f-3219dda29053';

it('is read from an address strictly', () => {
  const whole = { execution: ID, view: { tab: 'timeline', step: 's1' }, dock: 400 };
  expect(dockSearch({ ...whole, tab: 'builder' })).toEqual(whole);
  expect(dockSearch({ execution: ID, view: { tab: 'nothing' }, dock: 5 })).toEqual({ execution: ID });
  expect(dockSearch({ execution: ID, view: 'x', dock: '400' })).toEqual({ execution: ID });
  for (const execution of [undefined, 7, 'x', '<script>']) {
    expect(dockSearch({ ...whole, execution })).toEqual({});
  }
  expect(dockOf({})).toBeNull();
  expect(dockOf({ execution: ID })).toEqual({ execution: ID, view: {}, size: SIZES.usual });
});

it('changes what is shown and keeps the rest, begins anew with another execution, and is closed', () => {
  const before = { execution: ID, view: { tab: 'timeline', step: 's1' }, dock: 400 } as const;
  expect(docked(before, { view: { step: undefined, q: 'x' } })).toEqual({
    execution: ID,
    view: { tab: 'timeline', q: 'x' },
    dock: 400,
  });
  expect(docked(before, { size: 500 })).toEqual({ ...before, dock: 500 });
  expect(docked(before, { execution: OTHER })).toEqual({ execution: OTHER, view: undefined, dock: 400 });
  expect(docked(before, { execution: null })).toEqual({});
  expect(docked({}, { size: 500 })).toEqual({});
});
