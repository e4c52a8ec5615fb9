/** What an expression field asks of whoever draws the form: names, values, and where these come from. */
import { createContext, use } from 'react';

export interface ScopeName {
  readonly name: string;
  readonly schema: unknown;
  readonly optional: boolean;
  readonly recorded: boolean;
  readonly example?: unknown;
}
export interface ScopeFunction {
  readonly name: string;
  readonly signature: string;
  readonly description: string;
  readonly example: string;
  readonly gives: string;
}
export interface Scope {
  readonly names: readonly ScopeName[];
  readonly functions: readonly ScopeFunction[];
}

export interface Fault {
  readonly message: string;
  readonly cure: string | null;
  readonly offset: number;
  readonly length: number;
}
export interface Segment {
  readonly region: string;
  readonly iteration: number;
}
export type Origin = { readonly execution_id: string; readonly path: readonly Segment[] } | 'sample' | null;
export interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly type: string | null;
  readonly truncated: boolean;
  readonly from: Origin;
  readonly error: Fault | null;
}

/** Why there is no answer: nobody is free to compute it; the platform does not know the draft as it is yet. */
export class NoAnswer extends Error {
  constructor(
    readonly why: 'busy' | 'unsaved',
    message: string,
  ) {
    super(message);
  }
}

/** Where values come from: an execution, the input that was given last, or nothing but the schemas. */
export interface Source {
  readonly id: string;
  readonly words: string;
}

export interface Evaluation {
  /** Null: not known yet. */
  scope(node: string | null, pointer: string): Promise<Scope | null>;
  /** Throws NoAnswer. */
  preview(node: string | null, pointer: string, text: string, signal: AbortSignal): Promise<Answer>;
  /** Resolves once the platform has the draft as it is. */
  settled(): Promise<void>;
  readonly sources: readonly Source[];
  readonly source: string;
  choose(source: string): void;
  /** Another passage of a loop. */
  pass(path: readonly Segment[]): void;
  readonly passage: readonly Segment[] | null;
  /** The one field that is an editor: at most one is. */
  readonly active: string | null;
  activate(field: string): void;
}

export const Evaluate = createContext<Evaluation | null>(null);

/** Where the fields of a form stand: below which node, at which place of it. */
export interface Standing {
  readonly node: string | null;
  readonly base: string;
}
export const Stand = createContext<Standing | null>(null);

/** How the field at a pointer of the form is evaluated; null: nobody can. */
export function useEvaluation(pointer: string) {
  const evaluation = use(Evaluate);
  const stand = use(Stand);
  if (!evaluation || !stand) return null;
  const place = stand.base + pointer;
  return { evaluation, node: stand.node, pointer: place, field: `${stand.node ?? ''} ${place}` };
}
