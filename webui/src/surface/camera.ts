/** Moves the picture without rendering: pan, zoom, pinch; whoever draws is told once a frame. */
import { fitted, nudged, revealing, sees, zoomed, type Size, type Viewport } from './viewport';
import type { Rect } from '../layout/grid';
import type { Point } from '../layout/path';

const SLACK = 4;
const WHEEL = 0.0016;

export class Camera {
  view: Viewport = { x: 0, y: 0, zoom: 1 };
  screen: Size = { width: 0, height: 0 };
  /** Where the graph begins on the page. */
  corner: Point = { x: 0, y: 0 };
  private kept: Rect | null = null;
  /** The last press became a drag: the click that follows it selects nothing. */
  private dragged = false;
  /** The view is no longer the one it was opened with, or a hand is at it: it must not slip away under that. */
  moved = false;
  /** Whether a press belongs to somebody else. */
  taken: ((event: PointerEvent) => boolean) | null = null;
  private readonly calls = new Set<() => void>();
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private frame = 0;

  subscribe = (call: () => void): (() => void) => {
    this.calls.add(call);
    return () => this.calls.delete(call);
  };

  /** The zoom in percent, for who shows it. */
  percent = (): number => Math.round(this.view.zoom * 100);

  /** Whether a click that follows belongs to a drag; asked once. */
  endDrag(): boolean {
    const was = this.dragged;
    this.dragged = false;
    return was;
  }

  set(view: Viewport): void {
    if (view === this.view) return;
    this.moved = true;
    this.view = view;
    this.changed();
  }

  /** Where the picture begins: until somebody moves it, another size of the screen begins anew. */
  open(view: Viewport): void {
    this.set(view);
    this.moved = false;
  }

  /**
   * The graph gets another size or place, as when problems are listed below it: what is seen stays where it is on the
   * page, under the hand that reaches for it, but what is to be kept does not fall out of sight.
   */
  resize(screen: Size, corner: Point): void {
    const before = this.screen;
    if (before.width > 0 && screen.width > 0) {
      const { x, y, zoom } = this.view;
      const seen = this.kept && sees(this.view, this.kept, before) ? this.kept : null;
      this.view = { zoom, x: x + this.corner.x - corner.x, y: y + this.corner.y - corner.y };
      if (seen) this.view = nudged(this.view, seen, screen);
    }
    this.screen = screen;
    this.corner = corner;
    // Before anything is painted: a frame later would be seen as a jerk.
    this.tell();
  }

  /** What has to stay in sight when there is less room; null: nothing. */
  keep(box: Rect | null): void {
    this.kept = box;
  }

  private tell(): void {
    for (const call of this.calls) call();
  }

  changed(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.tell();
    });
  }

  fit(content: Rect): void {
    this.set(fitted(content, this.screen));
  }

  reveal(box: Rect): void {
    this.set(revealing(this.view, box, this.screen));
  }

  zoom(factor: number, at = { x: this.screen.width / 2, y: this.screen.height / 2 }): void {
    this.set(zoomed(this.view, factor, at));
  }

  shift(x: number, y: number): void {
    this.set({ ...this.view, x: this.view.x + x, y: this.view.y + y });
  }

  /** Listen to wheel, mouse and fingers on an element; returns how to stop. */
  attach(element: HTMLElement): () => void {
    const place = (event: MouseEvent): { x: number; y: number } => {
      const { left, top } = element.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      if (
        event.ctrlKey ||
        event.metaKey ||
        (event.deltaX === 0 && Math.abs(event.deltaY) >= 100 && !event.shiftKey)
      ) {
        this.zoom(Math.exp(-event.deltaY * WHEEL * (event.ctrlKey ? 4 : 1)), place(event));
      } else {
        this.shift(-event.deltaX, -event.deltaY);
      }
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0 || this.taken?.(event)) return;
      this.dragged = this.fingers.size > 0;
      this.fingers.set(event.pointerId, place(event));
    };
    const move = (event: PointerEvent): void => {
      this.moved = true;
      const before = this.fingers.get(event.pointerId);
      if (!before) return;
      const now = place(event);
      if (!this.dragged && Math.hypot(now.x - before.x, now.y - before.y) < SLACK) return;
      if (!this.dragged) element.setPointerCapture(event.pointerId);
      this.dragged = true;
      this.follow(event.pointerId, before, now);
    };
    const up = (event: PointerEvent): void => {
      this.fingers.delete(event.pointerId);
    };
    const abort = new AbortController();
    const { signal } = abort;
    element.addEventListener('wheel', wheel, { passive: false, signal });
    element.addEventListener('pointerdown', down, { signal });
    element.addEventListener('pointermove', move, { signal });
    for (const name of ['pointerup', 'pointercancel'] as const) {
      element.addEventListener(name, up, { signal });
    }
    return () => abort.abort();
  }

  /** One finger moves the picture; a second one also changes its size. */
  private follow(id: number, before: { x: number; y: number }, now: { x: number; y: number }): void {
    const other = [...this.fingers].find(([one]) => one !== id)?.[1];
    this.fingers.set(id, now);
    if (!other) return this.shift(now.x - before.x, now.y - before.y);
    const apart = (one: { x: number; y: number }): number => Math.hypot(one.x - other.x, one.y - other.y);
    this.shift((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.zoom(apart(now) / Math.max(1, apart(before)), other);
  }
}
