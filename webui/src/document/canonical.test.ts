import { expect, it } from 'vitest';
import { canonicalJson, type Json } from './json';

// Written by the platform's own `canonical_json` for the same values.
const ROWS: [Json, string][] = [
  [
    { b: 1, a: [true, null, 'x\n"\u0001/'], '\u00fc': 0.1, '\ud83d\ude00': 1, '\ufffd': 2, '10': 1, '9': 2 },
    '{"10":1,"9":2,"a":[true,null,"x\\n\\"\\u0001/"],"b":1,"\u00fc":0.1,"\ufffd":2,"\ud83d\ude00":1}',
  ],
  [1e-7, '1e-07'],
  [1e-5, '1e-05'],
  [0.0001, '0.0001'],
  [123456.789, '123456.789'],
  [1e22, '1e+22'],
  [9007199254740992, '9007199254740992'],
  [1.5e300, '1.5e+300'],
  [-2.5e-9, '-2.5e-09'],
  [[], '[]'],
  [{}, '{}'],
  ['\u00e9\u007f', '"\u00e9\u007f"'],
  [-0.5, '-0.5'],
];

it('writes JSON as the platform does', () => {
  for (const [value, text] of ROWS) expect(canonicalJson(value)).toBe(text);
});

it('has no text for what JSON cannot say', () => {
  expect(() => canonicalJson(Number.NaN)).toThrow(RangeError);
});
