import { expect, it } from 'vitest';
import { uniqueId } from './unique';

it('makes names that are UUIDs, and no two alike', () => {
  const made = Array.from({ length: 200 }, uniqueId);
  for (const id of made)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(200);
});
