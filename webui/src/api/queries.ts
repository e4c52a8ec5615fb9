/** The cache of what was read, and how long it counts as fresh. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './client';

const FRESH_MS = 5_000;
const TRIES = 2;

/** A refused request is not sent again; one that met no answer is. */
function again(failures: number, error: Error): boolean {
  const final = error instanceof ApiError && error.status >= 400 && error.status < 500;
  return !final && failures < TRIES;
}

/** `report` hears of writes that failed and that no caller handles. */
export function createQueryClient(report: (error: Error) => void): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: again, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
    queryCache: new QueryCache(),
    mutationCache: new MutationCache({
      onError: (error, _variables, _context, mutation) => {
        if (!mutation.options.onError) report(error);
      },
    }),
  });
}
