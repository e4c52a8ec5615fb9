/** What the open page adds to the command palette: the nodes of its workflow. */
import { create } from 'zustand';

interface Offered {
  nodes: { id: string; label: string }[];
  open: ((id: string) => void) | null;
}

export const usePalette = create<Offered>(() => ({ nodes: [], open: null }));
