/** What stands in the addresses of lists: read strictly, so that a wrong parameter is left out, not fatal. */
import { STATUSES } from '../execution/status';

type Raw = Record<string, unknown>;

function text(value: unknown): string | undefined {
  const found = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function one<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((name) => name === value);
}

/** Several statuses with commas; unknown ones are dropped. */
function statuses(value: unknown): string | undefined {
  const named = (text(value) ?? '')
    .split(',')
    .filter((name) => (STATUSES as readonly string[]).includes(name));
  return text(named.join(','));
}

function defined<T extends object>(found: T): T {
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)) as T;
}

export const SORTS = ['-updated_at', 'name', '-created_at', 'created_at'] as const;

export interface WorkflowsSearch {
  q?: string;
  show?: 'published' | 'drafts' | 'changed' | 'failing' | 'archived';
  sort?: (typeof SORTS)[number];
}

export const SHOWS = ['published', 'drafts', 'changed', 'failing', 'archived'] as const;

export function workflowsSearch(raw: Raw): WorkflowsSearch {
  return defined({
    q: text(raw.q),
    show: one(raw.show, SHOWS),
    sort: one(raw.sort, SORTS),
  }) as WorkflowsSearch;
}

export interface ExecutionsSearch {
  workflow?: string;
  status?: string;
  from?: string;
  to?: string;
  q?: string;
}

export function executionsSearch(raw: Raw): ExecutionsSearch {
  return defined({
    workflow: text(raw.workflow),
    status: statuses(raw.status),
    from: text(raw.from),
    to: text(raw.to),
    q: text(raw.q),
  }) as ExecutionsSearch;
}

export const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired', 'cancelled', 'any'] as const;

export interface ApprovalsSearch {
  all?: true;
  state?: (typeof APPROVAL_STATES)[number];
  q?: string;
  id?: string;
}

export function approvalsSearch(raw: Raw): ApprovalsSearch {
  return defined({
    all: raw.all === true ? true : undefined,
    state: one(raw.state, APPROVAL_STATES),
    q: text(raw.q),
    id: text(raw.id),
  }) as ApprovalsSearch;
}
