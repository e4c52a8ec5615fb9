/** Keyboard shortcuts: who listens registers them; the `?` sheet lists what is registered. */
import { useEffect } from 'react';
import { create } from 'zustand';

export interface Shortcut {
  /** As shown: `Ctrl+K`, `G W` (one after the other), `?`. `Ctrl` is Cmd on a Mac. */
  keys: string;
  label: string;
  scope: string;
  /** Without it the key is told of only: what has the focus answers to it. */
  run?: () => void;
}

interface Registered {
  shortcuts: Shortcut[];
}

export const useShortcuts = create<Registered>(() => ({ shortcuts: [] }));

const KEPT = 'fermata:single-keys';

/** Whether keys without Ctrl do something wherever the focus is; who speaks to the computer may not want that. */
export const useSingleKeys = create<{ on: boolean; setOn: (on: boolean) => void }>((set) => ({
  on: localStorage.getItem(KEPT) !== 'off',
  setOn: (on) => {
    localStorage.setItem(KEPT, on ? 'on' : 'off');
    set({ on });
  },
}));

const SEQUENCE_MS = 1000;
let before: { key: string; at: number } | null = null;

/** Whether keys typed here are text. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** The name of a key press, as shortcuts are written. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const shifted = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key));
  return [(event.ctrlKey || event.metaKey) && 'Ctrl', event.altKey && 'Alt', shifted && 'Shift', key]
    .filter(Boolean)
    .join('+');
}

/** The window's one listener. Plain keys are left alone while text is typed. */
export function handle(event: KeyboardEvent): void {
  if (event.defaultPrevented) return;
  const name = nameOf(event);
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (
    plain &&
    (!useSingleKeys.getState().on || isTyping(event.target) || document.querySelector('[role=dialog]'))
  )
    return;
  const now = Date.now();
  const sequence = before && now - before.at < SEQUENCE_MS ? `${before.key} ${name}` : null;
  const shortcuts = useShortcuts.getState().shortcuts.filter(({ run }) => run !== undefined);
  const found =
    shortcuts.findLast(({ keys }) => keys === sequence) ?? shortcuts.findLast(({ keys }) => keys === name);
  before = found || !plain ? null : { key: name, at: now };
  if (!found) return;
  event.preventDefault();
  found.run?.();
}

/** Listen for these while the component is shown; later ones go first. */
export function useKeys(shortcuts: Shortcut[]): void {
  useEffect(() => {
    useShortcuts.setState((state) => ({ shortcuts: [...state.shortcuts, ...shortcuts] }));
    return () =>
      useShortcuts.setState((state) => ({
        shortcuts: state.shortcuts.filter((one) => !shortcuts.includes(one)),
      }));
  }, [shortcuts]);
}
