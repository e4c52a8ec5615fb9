/**
 * A draft with its past, as a value: what was done, what was undone, and which steps the platform does not have yet.
 *
 * `draft` is always `base` with the steps of `log` on it. The log is undo steps of what was saved, then new entries:
 * undoing an entry that is not sent takes its step away instead of adding another.
 */
import { applyAll, type Change } from './change';
import { same } from './json';
import type { Draft } from './model';
import { carriedOut, type Operation } from './operation';

/** One undo: a deed of a person. */
export interface Entry {
  readonly n: number;
  readonly operations: readonly Operation[];
  readonly inverse: readonly Change[];
  readonly group: string | null;
  readonly at: number;
}

export interface Step {
  readonly entry: number;
  readonly kind: 'do' | 'undo';
  readonly operations: readonly Operation[];
}

export interface History {
  /** What the platform has. */
  readonly base: Draft;
  readonly draft: Draft;
  readonly done: readonly Entry[];
  readonly undone: readonly Entry[];
  readonly log: readonly Step[];
  /** So many steps of the log are on their way. */
  readonly sent: number;
  readonly next: number;
}

/** Typing in one field is one deed while the pauses are shorter. */
export const GROUP_MS = 600;
const MOST_ENTRIES = 1_000;

export function begin(base: Draft): History {
  return { base, draft: base, done: [], undone: [], log: [], sent: 0, next: 1 };
}

/** All changes of several operations, each planned on what the one before left. */
export function performed(
  draft: Draft,
  operations: readonly Operation[],
): { draft: Draft; inverse: Change[] } {
  let now = draft;
  const inverse: Change[] = [];
  for (const operation of operations) {
    const done = carriedOut(now, operation);
    now = done.draft;
    for (const change of done.inverse) inverse.push(change);
  }
  return { draft: now, inverse: inverse.reverse() };
}

export interface How {
  /** Deeds of one group that follow closely are one undo: `text:<node>:<pointer>`. */
  readonly group?: string;
  readonly at?: number;
}

/** Do something; the same history if it changes nothing. */
export function perform(history: History, operations: readonly Operation[], how: How = {}): History {
  const { draft, inverse } = performed(history.draft, operations);
  if (inverse.length === 0) return history;
  const at = how.at ?? 0;
  const last = history.done.at(-1);
  const step = history.log.at(-1);
  const open = history.log.length > history.sent && step?.kind === 'do' && step.entry === last?.n;
  if (
    last &&
    open &&
    how.group &&
    last.group === how.group &&
    at - last.at < GROUP_MS &&
    history.undone.length === 0
  )
    return extended(history, last, { operations, inverse, at, draft });
  const entry: Entry = { n: history.next, operations, inverse, group: how.group ?? null, at };
  return {
    ...history,
    draft,
    done: [...history.done, entry].slice(-MOST_ENTRIES),
    undone: [],
    log: [...history.log, { entry: entry.n, kind: 'do', operations }],
    next: history.next + 1,
  };
}

function extended(
  history: History,
  last: Entry,
  more: { operations: readonly Operation[]; inverse: readonly Change[]; at: number; draft: Draft },
): History {
  const replaces = isOneSetOfTheSame(last.operations, more.operations);
  const entry: Entry = {
    ...last,
    at: more.at,
    operations: replaces ? more.operations : [...last.operations, ...more.operations],
    inverse: replaces ? last.inverse : [...more.inverse, ...last.inverse],
  };
  return {
    ...history,
    draft: more.draft,
    done: [...history.done.slice(0, -1), entry],
    log: [...history.log.slice(0, -1), { entry: entry.n, kind: 'do', operations: entry.operations }],
  };
}

/** Then the first inverse takes back both. */
function isOneSetOfTheSame(before: readonly Operation[], after: readonly Operation[]): boolean {
  const [one, other] = [before[0], after[0]];
  if (before.length !== 1 || after.length !== 1 || one?.op !== 'set' || other?.op !== 'set') return false;
  if (one.value === undefined || other.value === undefined) return false;
  return same([...one.path], [...other.path]) && JSON.stringify(one.target) === JSON.stringify(other.target);
}

export function undo(history: History): History {
  const entry = history.done.at(-1);
  if (!entry) return history;
  const { draft } = applyAll(history.draft, entry.inverse);
  return {
    ...history,
    draft,
    done: history.done.slice(0, -1),
    undone: [...history.undone, entry],
    log: stepped(history, {
      entry: entry.n,
      kind: 'undo',
      operations: [{ op: 'change', changes: entry.inverse }],
    }),
  };
}

export function redo(history: History): History {
  const undone = history.undone.at(-1);
  if (!undone) return history;
  const { draft, inverse } = performed(history.draft, undone.operations);
  return {
    ...history,
    draft,
    done: [...history.done, { ...undone, inverse, group: null }],
    undone: history.undone.slice(0, -1),
    log: stepped(history, { entry: undone.n, kind: 'do', operations: undone.operations }),
  };
}

/** A step and the one that takes it back are none, while neither is on its way. */
function stepped({ log, sent }: History, step: Step): readonly Step[] {
  const last = log.at(-1);
  const cancels = last && log.length > sent && last.entry === step.entry && last.kind !== step.kind;
  return cancels ? log.slice(0, -1) : [...log, step];
}

/** All steps go on their way. */
export function sending(history: History): History {
  return { ...history, sent: history.log.length };
}

/** They arrived: `saved` is what the platform has now. */
export function arrived(history: History, saved: Draft): History {
  return { ...history, base: saved, log: history.log.slice(history.sent), sent: 0 };
}

/** They did not. */
export function lost(history: History): History {
  const log = history.log.reduce<readonly Step[]>((steps, step) => {
    return stepped({ ...history, log: steps, sent: 0 }, step);
  }, []);
  return { ...history, log, sent: 0 };
}

export function isDirty(history: History): boolean {
  return history.log.length > 0;
}
