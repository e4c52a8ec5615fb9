import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agoOf, momentOf, wordsOf } from './lists/filters';
import { approvalsSearch, executionsSearch, workflowsSearch } from './search';

describe('an address', () => {
  it('is read strictly: what is not known is left out, and what was read reads the same again', () => {
    expect(workflowsSearch({ q: 7, show: 'failing', sort: 'rank', x: 1 })).toEqual({
      q: '7',
      show: 'failing',
    });
    expect(executionsSearch({ status: 'failed,nope,running' })).toEqual({ status: 'failed,running' });
    expect(approvalsSearch({ all: 'yes', state: 'any' })).toEqual({ state: 'any' });
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('q', 'status', 'from', 'show', 'id', 'all'), fc.anything()),
        (raw) => {
          for (const read of [workflowsSearch, executionsSearch, approvalsSearch]) {
            const once = read(raw);
            expect(read({ ...once })).toEqual(once);
          }
        },
      ),
    );
  });

  it('names periods by how long ago they began', () => {
    const now = Date.UTC(2026, 0, 10);
    expect(momentOf('24h', now)).toBe('2026-01-09T00:00:00.000Z');
    expect(agoOf('7d', undefined)).toBe('7d');
    expect(agoOf('2026-01-01', undefined)).toBe('own');
    expect(agoOf(undefined, undefined)).toBe('');
  });

  it('takes words for ids, tags and what they name', () => {
    expect(wordsOf('0194ab12 nightly by:ana error:Timeout tag:eu')).toEqual({
      id: '0194ab12',
      tags: 'nightly,eu',
      started_by: 'user:ana',
      error: 'Timeout',
    });
  });
});
