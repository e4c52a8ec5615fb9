/** A live list of executions: rows that changed are brought up to date, new ones wait until they are asked for. */

export interface Row {
  id: string;
  created_at: string;
  rev: number;
}

/** What the stream told since the rows were read. */
export interface Told<R extends Row> {
  rows: ReadonlyMap<string, R>;
  removed: ReadonlySet<string>;
}

export const NOTHING_TOLD: Told<never> = { rows: new Map<string, never>(), removed: new Set() };

/** Add a frame. A row with a lower `rev` than the one known is old news. */
export function hear<R extends Row>(
  told: Told<R>,
  rows: readonly R[],
  removed: readonly string[] = [],
): Told<R> {
  const known = new Map(told.rows);
  const gone = new Set([...told.removed, ...removed]);
  for (const row of rows) {
    gone.delete(row.id);
    if ((known.get(row.id)?.rev ?? -1) <= row.rev) known.set(row.id, row);
  }
  return { rows: known, removed: gone };
}

function newer(one: Row, other: Row): number {
  const moments = Date.parse(other.created_at) - Date.parse(one.created_at);
  return moments || (one.id < other.id ? 1 : -1);
}

export interface Shown<R extends Row> {
  /** In their places; those the list holds no longer stay until it is read anew. */
  rows: (R & { gone: boolean })[];
  /** Newer rows that are not among them yet. */
  fresh: R[];
}

/** The rows that were read, newest first, with what was told of them. `admitted`: new ones let in. */
export function shown<R extends Row>(
  read: readonly R[],
  told: Told<R>,
  admitted: ReadonlySet<string> = new Set(),
): Shown<R> {
  const there = new Set(read.map((row) => row.id));
  const first = read[0];
  const others = [...told.rows.values()].filter(
    (row) =>
      !there.has(row.id) && !told.removed.has(row.id) && (first === undefined || newer(row, first) < 0),
  );
  others.sort(newer);
  const current = (row: R): R & { gone: boolean } => {
    const heard = told.rows.get(row.id);
    return { ...(heard && heard.rev >= row.rev ? heard : row), gone: told.removed.has(row.id) };
  };
  const entered = others.filter((row) => admitted.has(row.id));
  return {
    rows: [...entered, ...read].map(current),
    fresh: others.filter((row) => !admitted.has(row.id)),
  };
}
