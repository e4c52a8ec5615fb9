import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOOKS, STATUSES } from '../execution/status';
import { contrast, difference, linear, seen, VISION } from './colour';

const css = readFileSync('src/theme/tokens.css', 'utf8');

function tokens(theme: 'light' | 'dark'): Record<string, string> {
  const start = theme === 'light' ? 0 : css.indexOf("[data-theme='dark']");
  const block = css.slice(start, css.indexOf('\n}', start));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, name, value]) => [name, value]),
  );
}

const HUES = ['running', 'succeeded', 'failed', 'waiting', 'retrying', 'skipped'];
const pairs = HUES.flatMap((one, at) => HUES.slice(at + 1).map((other) => [one, other] as const));

describe.each(['light', 'dark'] as const)('the status colours in the %s theme', (theme) => {
  const named = tokens(theme);
  const colour = (name: string): string => {
    const value = named[name];
    if (value === undefined) throw new Error(`no token --${name}`);
    return value;
  };

  it.each(Object.keys(VISION) as (keyof typeof VISION)[])('are told apart by %s vision', (vision) => {
    for (const [one, other] of pairs) {
      const apart = difference(
        seen(linear(colour(`status-${one}`)), vision),
        seen(linear(colour(`status-${other}`)), vision),
      );
      expect(apart, `${one} and ${other}`).toBeGreaterThanOrEqual(15);
    }
  });

  it('stand out from every surface', () => {
    for (const surface of ['bg', 'surface', 'raised']) {
      for (const { hue } of Object.values(LOOKS)) {
        expect(
          contrast(colour(`status-${hue}`), colour(surface)),
          `${hue} on ${surface}`,
        ).toBeGreaterThanOrEqual(3);
        expect(
          contrast(colour(`status-${hue}-text`), colour(surface)),
          `text of ${hue} on ${surface}`,
        ).toBeGreaterThanOrEqual(4.5);
      }
      expect(contrast(colour('text'), colour(surface))).toBeGreaterThanOrEqual(7);
      expect(contrast(colour('text-muted'), colour(surface))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colour('border-control'), colour(surface))).toBeGreaterThanOrEqual(3);
      expect(contrast(colour('focus'), colour(surface))).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(colour('accent-text'), colour('accent'))).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colour('danger-text'), colour('danger'))).toBeGreaterThanOrEqual(4.5);
  });
});

it('no two statuses share hue, glyph and edge', () => {
  const looks = STATUSES.map((status) => Object.values(LOOKS[status]).join(' '));
  expect(new Set(looks).size).toBe(STATUSES.length);
});
