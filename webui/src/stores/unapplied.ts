/** Text of a draft that could not be read yet, kept on this device until it can be. */
import { isObject, type JsonObject } from '../document/json';

const PREFIX = 'fermata:code:';

export interface Unapplied {
  readonly text: string;
  /** What it was made of. */
  readonly base: JsonObject;
}

export function keepUnapplied(workflowId: string, unapplied: Unapplied | null): void {
  try {
    if (unapplied) localStorage.setItem(PREFIX + workflowId, JSON.stringify(unapplied));
    else localStorage.removeItem(PREFIX + workflowId);
  } catch {
    // The store is full or closed: then it lives as long as the page.
  }
}

export function unappliedOf(workflowId: string): Unapplied | null {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PREFIX + workflowId) ?? 'null');
    if (!isObject(found) || typeof found.text !== 'string' || !isObject(found.base)) return null;
    return { text: found.text, base: found.base };
  } catch {
    return null;
  }
}
