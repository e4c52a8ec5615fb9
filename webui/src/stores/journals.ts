/**
 * Unsaved deeds kept on this device, one record per open page and draft; a page that is gone leaves its record to be
 * offered. Each person's records are their own.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { uniqueId } from '../api/unique';
import { asRecord, type JournalRecord } from '../document/journal';

export interface Journals {
  put(record: JournalRecord): Promise<void>;
  drop(record: { workflow: string; page: string }): Promise<void>;
  /** What pages that are gone have left of a draft, newest first. */
  left(workflow: string): Promise<JournalRecord[]>;
}

type Key = [owner: string, workflow: string, page: string];

interface Schema extends DBSchema {
  journal: { key: Key; value: JournalRecord };
}

/** This page's name; a lock by that name is held while the page lives. */
export const PAGE = uniqueId();
const lockOf = (page: string): string => `fermata:page:${page}`;

let holding = false;
function holdLock(): void {
  if (holding) return;
  holding = true;
  if (navigator.locks) void navigator.locks.request(lockOf(PAGE), () => new Promise(() => undefined));
  else answerCalls();
}

/** The pages that live. */
async function living(): Promise<Set<string>> {
  if (!navigator.locks) return called();
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map((lock) => lock.name ?? ''));
}

// Where the page came by plain http there are no locks: pages are called, and those that live answer.
const CALL = 'fermata:pages';
const ANSWER_MS = 250;

function answerCalls(): void {
  const channel = new BroadcastChannel(CALL);
  channel.onmessage = ({ data }) => {
    if (data === 'who') channel.postMessage(lockOf(PAGE));
  };
}

async function called(): Promise<Set<string>> {
  const channel = new BroadcastChannel(CALL);
  const found = new Set<string>();
  channel.onmessage = ({ data }) => found.add(String(data));
  channel.postMessage('who');
  await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
  channel.close();
  return found;
}

/** The records of one person in the browser's database. */
export function deviceJournals(owner: string): Journals {
  let opened: Promise<IDBPDatabase<Schema>> | null = null;
  const database = (): Promise<IDBPDatabase<Schema>> => {
    holdLock();
    opened ??= openDB<Schema>('fermata', 1, { upgrade: (db) => void db.createObjectStore('journal') });
    return opened;
  };
  return {
    async put(record) {
      await (await database()).put('journal', record, [owner, record.workflow, record.page]);
    },
    async drop({ workflow, page }) {
      await (await database()).delete('journal', [owner, workflow, page]);
    },
    async left(workflow) {
      const range = IDBKeyRange.bound([owner, workflow, ''], [owner, workflow, '\uffff']);
      const [records, pages] = await Promise.all([(await database()).getAll('journal', range), living()]);
      return records
        .flatMap((each) => asRecord(each) ?? [])
        .filter(({ page }) => page !== PAGE && !pages.has(lockOf(page)))
        .sort((one, other) => other.at - one.at);
    },
  };
}
