/**
 * Parts of the page that are loaded when they are first shown. Without a connection they wait for it; what the server
 * no longer has is of another version, and only a new page helps: that error is called OUTDATED.
 */
import i18next from 'i18next';
import { lazy } from 'react';

/** The name of the error when a part of the page is no longer on the server. */
export const OUTDATED = 'OutdatedError';

/** Told to the window then. */
export const OUTDATED_EVENT = 'fermata:outdated';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** As React's `lazy`, for what may come late. */
export const lazily: typeof lazy = (load) => lazy(() => loaded(load));

/** What an import gives, tried until the server is reached. */
export async function loaded<T>(load: () => Promise<T>): Promise<T> {
  let wasThere = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return await load();
    } catch (cause) {
      const isThere = await answers();
      // It may have come back since: only what it refuses while it is there is gone.
      if (isThere && wasThere) throw outdated(cause);
      wasThere = isThere;
      if (!isThere) await connection(pause);
      await restyle();
    }
  }
}

/** Whether the server is there at all. */
export async function answers(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).status < 500;
  } catch {
    return false;
  }
}

function outdated(cause: unknown): Error {
  const error = new Error(i18next.t('update.text'), { cause });
  error.name = OUTDATED;
  dispatchEvent(new Event(OUTDATED_EVENT));
  return error;
}

/** Some time, or less when the network comes back. */
function connection(pause: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, pause);
    addEventListener('online', done);
  });
}

/** Vite asks for a part's styles once only: those that did not come are asked for again. */
async function restyle(): Promise<void> {
  const links = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')];
  await Promise.all(
    links
      .filter(({ sheet }) => sheet === null)
      .map((link) => {
        const next = link.cloneNode() as HTMLLinkElement;
        return new Promise<void>((resolve) => {
          next.onload = next.onerror = () => resolve();
          link.replaceWith(next);
        });
      }),
  );
}
