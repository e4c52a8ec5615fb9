/** An execution in the dock below the builder, as it stands in the address. */
import { cleaned, viewOf, type View } from './view';

export interface Dock {
  /** Id of the execution. */
  execution: string;
  view: View;
  /** How tall it is, in pixels. */
  size: number;
}

export const SIZES = { least: 180, usual: 320, most: 800 } as const;

/** What is another; an execution brings a view of its own, null closes the dock. */
export interface DockChange {
  execution?: string | null;
  view?: View;
  size?: number;
  /** The node of the step that was selected is selected too. */
  node?: string;
}

/** The parameters of an address that tell of a dock. */
export interface DockSearch {
  execution?: string | undefined;
  view?: View | undefined;
  dock?: number | undefined;
}

/** Read strictly: a wrong parameter is left out, and without an execution there is nothing to show. */
export function dockSearch(raw: Readonly<Record<string, unknown>>): DockSearch {
  const { execution, view, dock } = raw;
  if (typeof execution !== 'string' || !/^[0-9a-f-]{36}$/.test(execution)) return {};
  const isObject = typeof view === 'object' && view !== null && !Array.isArray(view);
  const shown = isObject ? viewOf(view as Readonly<Record<string, unknown>>) : {};
  return {
    execution,
    ...(Object.keys(shown).length > 0 ? { view: shown } : {}),
    ...(typeof dock === 'number' && dock >= SIZES.least && dock <= SIZES.most
      ? { dock: Math.round(dock) }
      : {}),
  };
}

export function dockOf({ execution, view, dock }: DockSearch): Dock | null {
  return execution === undefined ? null : { execution, view: view ?? {}, size: dock ?? SIZES.usual };
}

/** The parameters after a change. */
export function docked(before: DockSearch, change: DockChange): DockSearch {
  const { execution = before.execution, size = before.dock } = change;
  if (execution === null || execution === undefined) {
    return { execution: undefined, view: undefined, dock: undefined };
  }
  const view = cleaned(
    execution === before.execution ? { ...before.view, ...change.view } : { ...change.view },
  );
  return { execution, view: Object.keys(view).length > 0 ? view : undefined, dock: size };
}
