/** How the filters of executions are written in addresses, and what they ask of the interface. */
import type { Filters } from './live';

export const PERIODS = ['1h', '24h', '7d', '30d'] as const;

const HOUR_MS = 3_600_000;
const UNITS: Record<string, number> = { h: HOUR_MS, d: 24 * HOUR_MS };

/** The moment an address names: `24h` ago, a day, or a time; a day begins at midnight where the person is. */
export function momentOf(text: string, now: number = Date.now()): string {
  const ago = /^(\d{1,4})([hd])$/.exec(text);
  if (ago) return new Date(now - Number(ago[1]) * (UNITS[ago[2] ?? 'h'] ?? HOUR_MS)).toISOString();
  const found = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00` : text);
  return Number.isNaN(found.getTime()) ? new Date(now - 24 * HOUR_MS).toISOString() : found.toISOString();
}

/** Which choice of the period this is: one of PERIODS, '' for any time, else `own`. */
export function agoOf(from: string | undefined, to: string | undefined): string {
  if (from === undefined && to === undefined) return '';
  return to === undefined && (PERIODS as readonly string[]).includes(from ?? '') ? (from as string) : 'own';
}

const NAMED: Record<string, keyof Filters> = {
  by: 'started_by',
  error: 'error',
  key: 'workflow_key',
  tag: 'tags',
  id: 'id',
};

/** What was typed: `by:ana`, `error:timeout`, `key:…`, `tag:…`; the beginning of an id; any other word is a tag. */
export function wordsOf(text: string): Filters {
  const found: Filters = {};
  const tags: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const [, prefix = '', rest = ''] = /^([a-z]+):(.+)$/.exec(word) ?? [];
    const name = NAMED[prefix];
    if (name === 'tags') tags.push(rest);
    else if (name === 'started_by') found[name] = rest.includes(':') ? rest : `user:${rest}`;
    else if (name) found[name] = rest;
    else if (/^[0-9a-f-]{6,}$/i.test(word)) found.id = word;
    else tags.push(word);
  }
  return tags.length > 0 ? { ...found, tags: tags.join(',') } : found;
}
