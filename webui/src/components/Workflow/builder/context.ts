/** What the parts of the builder share. */
import { createContext, use } from 'react';
import type { Draft } from '../../../document/model';
import type { Operation } from '../../../document/operation';
import type { DraftState, DraftStore } from '../../../stores/DraftStore';
import type { Carrier } from '../../../surface/carrier';
import type { Where } from './deeds';
import type { NodeTypes } from './nodeTypes';
import type { Judged, Problem } from './validation';

/** A dialog that asks for more. */
export type Asking =
  | { readonly what: 'add'; readonly where: Where }
  | { readonly what: 'connect' | 'disconnect' | 'insert' | 'onto' | 'rename'; readonly id: string }
  | { readonly what: 'move'; readonly ids: readonly string[] }
  | { readonly what: 'paste'; readonly into: string | null };

export interface Builder {
  readonly store: DraftStore;
  readonly state: DraftState;
  readonly draft: Draft;
  readonly types: NodeTypes;
  readonly judged: Judged;
  readonly selected: string | null;
  /** All that is chosen; the last one is `selected`. */
  readonly chosen: readonly string[];
  choose(ids: readonly string[]): void;
  /** Grows when the selected one is to be gone to, though it was selected before. */
  readonly called: number;
  /** Null: the workflow itself. */
  select(id: string | null): void;
  /** Do it as one undo, select what is named, and tell in words what happened. */
  act(operations: readonly Operation[], told: string, select?: string | readonly string[] | null): void;
  ask(asking: Asking): void;
  /** From the palette onto the graph. */
  readonly carrier: Carrier;
  goTo(problem: Problem): void;
}

export const BuilderContext = createContext<Builder | null>(null);

export function useBuilder(): Builder {
  const builder = use(BuilderContext);
  if (!builder) throw new Error('A part of the builder stands outside of it.');
  return builder;
}
