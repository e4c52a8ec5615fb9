/**
 * What was done to a draft and is not saved yet, kept on this device: found at the next start and offered.
 *
 * A record holds the draft the platform had and the steps since; replaying them gives the draft as it was. Records of
 * a format this build does not know are left alone, never guessed at.
 */
import { begin, perform, type History, type Step } from './history';
import { isList, isObject, type Json } from './json';
import type { Draft } from './model';
import { rebase, type Conflict, type Rebased } from './rebase';

export const FORMAT = 1;

export interface JournalRecord {
  readonly format: typeof FORMAT;
  readonly workflow: string;
  /** Who wrote it: one open page. */
  readonly page: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The rev of `base`. */
  readonly rev: number;
  readonly base: Draft;
  readonly steps: readonly Step[];
  /** Not decided yet. */
  readonly conflicts: readonly Conflict[];
}

export function recordOf(
  history: History,
  about: { workflow: string; page: string; at: number; rev: number; conflicts?: readonly Conflict[] },
): JournalRecord {
  const { conflicts = [], ...rest } = about;
  return { format: FORMAT, ...rest, base: history.base, steps: history.log, conflicts };
}

/** The record a value holds; null for anything else. */
export function asRecord(value: unknown): JournalRecord | null {
  if (!isObject(value) || value.format !== FORMAT || typeof value.rev !== 'number') return null;
  if (typeof value.workflow !== 'string' || typeof value.page !== 'string' || typeof value.at !== 'number')
    return null;
  const base = value.base as Json | undefined;
  if (!isObject(base) || !isObject(base.definition) || !isObject(base.editor)) return null;
  const steps = value.steps as Json | undefined;
  const isStep = (step: Json): boolean =>
    isObject(step) && typeof step.entry === 'number' && isList(step.operations);
  if (!isList(steps) || !steps.every(isStep) || !isList(value.conflicts)) return null;
  return value as unknown as JournalRecord;
}

/** The history the record tells: its draft is the one that was on the screen, each step one undo. */
export function replayed(record: JournalRecord): History {
  return record.steps.reduce((history, step) => perform(history, step.operations), begin(record.base));
}

/** The same on what the platform has now. */
export function recovered(record: JournalRecord, now: Draft): Rebased {
  const { history, conflicts } = rebase(replayed(record), now);
  return { history, conflicts: [...record.conflicts, ...conflicts] };
}
