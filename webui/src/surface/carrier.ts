/** Carries something from beside the graph onto it: who offers it and the graph that takes it know only this. */
import type { Point } from '../layout/path';
import type { Carried } from './editing';

export interface Taker {
  /** It is over this place of the page. */
  carry(what: Carried, at: Point): void;
  drop(): void;
  cancel(): void;
  /** Let nodes of it be moved by keys. */
  place(ids: readonly string[]): void;
}

const SLACK = 4;

export class Carrier {
  private taker: Taker | null = null;
  private carried = false;

  /** Be the one that takes; returns how to stop. */
  serve(taker: Taker): () => void {
    this.taker = taker;
    return () => {
      this.taker = null;
    };
  }

  /** Let nodes of the graph be moved by keys. */
  place(ids: readonly string[]): void {
    this.taker?.place(ids);
  }

  /** Whether the click that follows belongs to a carrying; asked once. */
  endCarry(): boolean {
    const was = this.carried;
    this.carried = false;
    return was;
  }

  /** A press on what is offered: carried as soon as it moves. */
  begin(press: PointerEvent, what: Carried): void {
    if (press.button !== 0) return;
    this.carried = false;
    const abort = new AbortController();
    const { signal } = abort;
    const end = (event: Event, deed: 'drop' | 'cancel'): void => {
      abort.abort();
      if (!this.carried) return;
      event.preventDefault();
      event.stopPropagation();
      this.taker?.[deed]();
      // The click of a carrying comes at once; a later one is a click.
      setTimeout(() => (this.carried = false));
    };
    const move = (event: PointerEvent): void => {
      if (event.pointerId !== press.pointerId) return;
      const far = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
      if (!this.carried && far < SLACK) return;
      this.carried = true;
      this.taker?.carry(what, { x: event.clientX, y: event.clientY });
    };
    const key = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') end(event, 'cancel');
    };
    window.addEventListener('pointermove', move, { signal });
    window.addEventListener('pointerup', (event) => end(event, 'drop'), { signal });
    window.addEventListener('pointercancel', (event) => end(event, 'cancel'), { signal });
    window.addEventListener('keydown', key, { signal, capture: true });
  }
}
