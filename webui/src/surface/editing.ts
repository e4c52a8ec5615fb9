/** What a graph asks of whoever lets it be edited. The surface knows boxes and lines, not what may lead where. */
import type { KeyboardEvent, ReactNode } from 'react';
import type { Line } from '../layout/model';

/** One output of a node. */
export interface Source {
  readonly id: string;
  readonly port: string;
}

/** A line by its ends. */
export type Ends = Pick<Line, 'from' | 'port' | 'to'>;

export interface GraphEditing {
  /** The last one leads: it is what the inspector shows. */
  readonly chosen: readonly string[];
  choose(ids: readonly string[]): void;
  readonly marks: ReadonlyMap<string, 'error' | 'warning'>;
  portsOf(id: string): readonly string[];
  /** Why this output cannot lead to a node; null where it can. */
  whyNot(from: Source): (to: string) => string | null;
  connect(from: Source, to: string): void;
  /** Say why something was not done. */
  refuse(why: string): void;
  /** Ask what comes after this output. */
  addAfter(from: Source): void;
  /** Ask what comes, connected to nothing. */
  add(): void;
  /** Ask what comes between. */
  insert(line: Ends): void;
  disconnect(line: Ends): void;
  /** The menu of a node, with its button; `onClose` puts the focus where it was. */
  menuOf(id: string, onClose: () => void): ReactNode;
  /** A key on a node; true: it meant something. */
  onKey(event: KeyboardEvent, id: string): boolean;
}

export function sameEnds(one: Ends | null, other: Ends | null): boolean {
  if (!one || !other) return one === other;
  return one.from === other.from && one.port === other.port && one.to === other.to;
}
