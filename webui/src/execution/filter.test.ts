import { describe, expect, it } from 'vitest';
import { causesOf, chainOf, listed } from './filter';
import type { Step } from './model';
import { planOf } from './plan';
import { viewOf } from './view';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString();
const step = (id: string, more: Partial<Step> = {}): Step => ({
  id,
  node_id: 'charge',
  path: [],
  run: 1,
  superseded: false,
  attempt: 1,
  status: 'succeeded',
  rev: 1,
  port: null,
  error: null,
  handled_by: null,
  reason: null,
  worker: null,
  ready_at: at(0),
  started_at: null,
  finished_at: null,
  due_at: null,
  ...more,
});

const plan = planOf({
  name: 'orders',
  nodes: [
    { id: 'each', type: 'foreach', label: 'Every order', region: 'root' },
    { id: 'charge', type: 'http_request', label: 'Charge the card', region: 'each' },
    { id: 'notify', type: 'transform', label: 'Tell the customer', region: 'each' },
    { id: 'report', type: 'transform', label: 'Report', region: 'root' },
    { id: 'apology', type: 'transform', label: 'Apologise', region: 'each' },
    { id: 'aside', type: 'transform', label: 'Aside', region: 'root' },
  ],
  edges: [
    { from: 'charge', port: 'out', to: 'notify', kind: 'forward' },
    { from: 'charge', port: 'error', to: 'apology', kind: 'forward' },
    { from: 'each', port: 'out', to: 'report', kind: 'forward' },
  ],
});

describe('the list of steps', () => {
  it('has them in the order in which they began, a container before what is inside', () => {
    const steps = [
      step('c', { ready_at: at(2) }),
      step('a', { node_id: 'each', ready_at: at(9), started_at: at(1) }),
      step('b', { ready_at: at(1), path: [{ region: 'each', iteration: 0 }] }),
      step('d', { node_id: 'notify', status: 'skipped', ready_at: null, finished_at: at(3) }),
      step('e', { node_id: 'report', ready_at: null }),
    ];
    expect(listed(steps, {}, plan)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('passes what fits status, node and every word, in labels, places and errors', () => {
    const steps = [
      step('a', { status: 'failed', error: { class: 'declined', message: 'Card 402' } }),
      step('b', { status: 'failed', node_id: 'notify', path: [{ region: 'each', iteration: 412 }] }),
      step('c'),
    ];
    expect(listed(steps, { status: 'failed,running' }, plan)).toEqual(['a', 'b']);
    expect(listed(steps, { q: 'CARD declined' }, plan)).toEqual(['a']);
    expect(listed(steps, { q: 'every order[412]' }, plan)).toEqual(['b']);
    expect(listed(steps, { node: 'charge', q: 'charge' }, plan)).toEqual(['a', 'c']);
    expect(listed(steps, { q: 'nothing' }, plan)).toEqual([]);
  });
});

describe('causes', () => {
  const declined = { class: 'declined', message: '402', node: 'charge' };
  const outer = { class: 'foreach_failed', message: '2 failed', node: 'each', cause: declined };

  it('are read from the outside in', () => {
    expect(chainOf(outer).map((one) => one.class)).toEqual(['foreach_failed', 'declined']);
    expect(chainOf('text')).toEqual([]);
    expect(chainOf(null)).toEqual([]);
  });

  it('are told apart from what they took with them', () => {
    const inEach = (iteration: number) => ({ path: [{ region: 'each', iteration }] });
    const found = causesOf(
      [
        step('late', { status: 'failed', error: declined, finished_at: at(5), ...inEach(1) }),
        step('first', { status: 'failed', error: declined, finished_at: at(2), ...inEach(0) }),
        step('mild', {
          status: 'failed',
          error: { class: 'mild' },
          handled_by: 'apology',
          finished_at: at(6),
        }),
        step('each', { node_id: 'each', status: 'failed', error: outer, finished_at: at(7) }),
        step('gone', { node_id: 'notify', status: 'skipped', ...inEach(0) }),
        step('over', { node_id: 'report', status: 'skipped' }),
        step('other', { node_id: 'aside', status: 'skipped' }),
        step('sorry', { node_id: 'apology', status: 'skipped' }),
        step('old', { status: 'failed', error: { class: 'old' }, superseded: true }),
      ],
      plan,
    );
    expect(found.roots.map(({ class: name, steps }) => [name, steps.map(({ id }) => id)])).toEqual([
      ['declined', ['first', 'late']],
      ['mild', ['mild']],
    ]);
    expect(found).toMatchObject({ containers: 1, lost: 2, handled: 1 });
  });
});

describe('the address', () => {
  it('is read strictly: what is wrong is left out', () => {
    expect(
      viewOf({ tab: 'table', status: 'failed,nonsense', q: 12, step: ['x'], side: 'input', idle: 'yes' }),
    ).toEqual({ tab: 'table', status: 'failed', q: '12', side: 'input' });
    expect(viewOf({ tab: 'secret' })).toEqual({});
  });
});
