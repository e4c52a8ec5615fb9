/**
 * The drafts that are open on this page: one store for each. It outlives its builder while something of it is not
 * saved, so that leaving the builder loses nothing and coming back finds it.
 */
import { useSession } from '../api/session';
import { DraftStore, type DraftTransport } from './DraftStore';
import { deviceJournals } from './journals';

interface Held {
  readonly of: readonly [owner: string, workflowId: string, transport: DraftTransport | undefined];
  readonly store: DraftStore;
  readonly started: Promise<DraftStore>;
  users: number;
}

export interface Hold {
  /** Rejects with the ApiError when there is no draft to be had. */
  readonly started: Promise<DraftStore>;
  release(): void;
}

const open = new Set<Held>();

/** The store of a workflow's draft, started. Tests bring a transport of their own. */
export function holdDraft(workflowId: string, transport?: DraftTransport): Hold {
  const of = [String(useSession.getState().me?.user?.id ?? ''), workflowId, transport] as const;
  const held = [...open].find((each) => each.of.every((part, at) => part === of[at])) ?? begin(of);
  if (held.users === 0) void held.started.then((store) => store.pull()).catch(() => undefined);
  held.users += 1;
  let holding = true;
  return {
    started: held.started,
    release: () => {
      if (!holding) return;
      holding = false;
      held.users -= 1;
      if (held.users === 0) void leave(held);
    },
  };
}

function begin(of: Held['of']): Held {
  const [owner, workflowId, transport] = of;
  const journals = typeof indexedDB === 'undefined' ? null : deviceJournals(owner);
  const store = new DraftStore(workflowId, transport, journals);
  const started = store.start().then(
    () => store,
    (reason: unknown) => {
      open.delete(held);
      throw reason;
    },
  );
  const held: Held = { of, store, started, users: 0 };
  open.add(held);
  return held;
}

/** Save it, now or when that can be done; then it is closed, unless somebody came back. */
async function leave(held: Held): Promise<void> {
  const { store } = held;
  try {
    await held.started;
  } catch {
    return;
  }
  await store.flush();
  const isOver = (): boolean => {
    if (held.users > 0) return true; // whoever came back leaves again
    if (!store.isKept()) return false;
    open.delete(held);
    store.stop();
    return true;
  };
  if (isOver()) return;
  const stop = store.subscribe(() => {
    if (isOver()) stop();
  });
}
