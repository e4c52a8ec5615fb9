/** What of an execution is shown, as it stands in the address: read strictly, a wrong parameter is left out. */
import { STATUSES } from './status';

export const TABS = ['table', 'graph', 'timeline', 'events', 'iterations'] as const;
export type Tab = (typeof TABS)[number];
export const SIDES = ['output', 'input', 'error', 'attempts', 'details'] as const;
export type Side = (typeof SIDES)[number];

export interface View {
  tab?: Tab | undefined;
  /** Id of the selected step. */
  step?: string | undefined;
  side?: Side | undefined;
  /** Statuses, with commas. */
  status?: string | undefined;
  /** In names, places, workers and errors. */
  q?: string | undefined;
  /** Steps of this node only. */
  node?: string | undefined;
  /** The foreach, while or other container whose passages are shown: the id of its step. */
  of?: string | undefined;
  /** The timeline with its idle times. */
  idle?: true | undefined;
}

type Raw = Readonly<Record<string, unknown>>;

function text(value: unknown): string | undefined {
  const found = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function one<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((name) => name === value);
}

/** Without what is not set, so that it does not stand in the address. */
export function cleaned(view: View): View {
  return Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined && value !== ''));
}

export function viewOf(raw: Raw): View {
  const statuses = (text(raw['status']) ?? '').split(',').filter((name) => one(name, STATUSES));
  return cleaned({
    tab: one(raw['tab'], TABS),
    step: text(raw['step']),
    side: one(raw['side'], SIDES),
    status: statuses.join(','),
    q: text(raw['q']),
    node: text(raw['node']),
    of: text(raw['of']),
    idle: raw['idle'] === true ? true : undefined,
  });
}
