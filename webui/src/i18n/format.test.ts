import { expect, it } from 'vitest';
import { locally, moment } from './format';

it('tells the times of a sentence in the time zone of whoever reads it', () => {
  const [one, other] = ['2026-11-27T18:53:50Z', '2026-11-27T18:54:50.25Z'];
  expect(locally(`It waits until ${one}; it expires at ${other}.`)).toBe(
    `It waits until ${moment(one)}; it expires at ${moment(other)}.`,
  );
});

it('leaves what only looks like a time', () => {
  expect(locally('It waits for the signal 2026-11-27.')).toBe('It waits for the signal 2026-11-27.');
});
