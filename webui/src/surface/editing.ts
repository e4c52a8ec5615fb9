/** What a graph asks of whoever lets it be edited. The surface knows boxes and lines, not what may lead where. */
import type { KeyboardEvent, ReactNode } from 'react';
import type { Line, Place } from '../layout/model';
import type { Carrier } from './carrier';

/** One output of a node. */
export interface Source {
  readonly id: string;
  readonly port: string;
}

/** A line by its ends. */
export type Ends = Pick<Line, 'from' | 'port' | 'to'>;

/** What is carried over the graph: nodes of it, or something new from beside it. */
export type Carried = { readonly ids: readonly string[] } | { readonly kind: string; readonly title: string };

/** Where it comes down: into a line, after a node, or on a level, there perhaps beside another. */
export type Landing =
  | { readonly at: 'line'; readonly ends: Ends }
  | { readonly at: 'node'; readonly id: string }
  | { readonly at: 'level'; readonly parent: string | null; readonly beside: Beside | null };

export interface Beside {
  readonly id: string;
  readonly side: 'before' | 'after';
}

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
  /** Why it cannot come down there; null where it can. */
  whyNotLand(what: Carried, landing: Landing): string | null;
  land(what: Carried, landing: Landing): void;
  /** They come to stand there, each counted from where the inside of its container begins. */
  place(positions: Readonly<Record<string, Place>>): void;
  /** What was placed by hand is placed automatically again: what is chosen, or all. */
  readonly tidy: { readonly why: string | null; run(): void };
  /** Where things come from that are carried onto the graph. */
  readonly carrier: Carrier;
  /** The menu of a node, with its button; `onClose` puts the focus where it was. */
  menuOf(id: string, onClose: () => void): ReactNode;
  /** A key on a node; true: it meant something. */
  onKey(event: KeyboardEvent, id: string): boolean;
}

export function sameEnds(one: Ends | null, other: Ends | null): boolean {
  if (!one || !other) return one === other;
  return one.from === other.from && one.port === other.port && one.to === other.to;
}
