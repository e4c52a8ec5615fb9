/** What the open page adds to the command palette: the nodes of its workflow, and what can be done on it. */
import { useEffect } from 'react';
import { create } from 'zustand';

export interface Command {
  label: string;
  /** As in the list of shortcuts. */
  keys?: string;
  run: () => void;
}

export interface Node {
  id: string;
  label: string;
}

interface Offered {
  nodes: Node[];
  open: ((id: string) => void) | null;
  commands: Command[];
}

export const usePalette = create<Offered>(() => ({ nodes: [], open: null, commands: [] }));

/** Offer a command while the component is shown. */
export function useCommand(command: Command): void {
  useEffect(() => {
    usePalette.setState(({ commands }) => ({ commands: [...commands, command] }));
    return () =>
      usePalette.setState(({ commands }) => ({ commands: commands.filter((one) => one !== command) }));
  }, [command]);
}
