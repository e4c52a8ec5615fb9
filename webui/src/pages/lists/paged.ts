/** Lists that are read page by page, each after the one before. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';

interface Page<Row> {
  results: Row[];
  next: string | null;
}

export interface Paged<Row> {
  /** Tells this list from others; another one shows the old rows until its own have come. */
  key: readonly unknown[];
  /** Read the page after the cursor; the first one without. */
  read: (after: { cursor?: string }, signal: AbortSignal) => Promise<Page<Row>>;
  /** Read it again so often. */
  everyMs?: number | false;
}

/** The pages, and all rows of those that were read. */
export function usePaged<Row>({ key, read, everyMs = false }: Paged<Row>) {
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => read(pageParam === null ? {} : { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: everyMs,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap(({ results }) => results), [pages.data]);
  return { pages, rows };
}
