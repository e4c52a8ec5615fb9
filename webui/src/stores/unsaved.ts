/**
 * What of this page is not saved yet: whoever holds such work says here how to save it, or how to keep it on this
 * device where it cannot be. Asked before the page goes: a new version, signing out, running a draft.
 */
const holders = new Set<() => Promise<void>>();
const PATIENCE_MS = 3_000;

/** Returns how to let go. */
export function holdUnsaved(flush: () => Promise<void>): () => void {
  holders.add(flush);
  return () => holders.delete(flush);
}

/** Resolves when all is saved or kept, or has taken too long. */
export async function flushUnsaved(): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
  const all = Promise.allSettled([...holders].map((flush) => flush()));
  await Promise.race([all, patience]);
  clearTimeout(timer);
}
