/** What the run dialog is open for; one dialog serves every page. */
import { create } from 'zustand';

export interface Asked {
  workflowId: string;
  name: string;
  /** What to offer first; the newest published version unless the draft is asked for. */
  version?: 'draft' | undefined;
  /** What to do with what was started; else its page is opened. */
  started?: ((executionId: string) => void) | undefined;
}

interface Open {
  asked: Asked | null;
  ask: (asked: Asked) => void;
  close: () => void;
}

export const useRunDialog = create<Open>((set) => ({
  asked: null,
  ask: (asked) => set({ asked }),
  close: () => set({ asked: null }),
}));
