/**
 * What a pointer does on a graph that is edited: hovers, draws a wire from an output, carries nodes, spans a frame that
 * chooses. Nothing here renders; who draws is told, and what came of it goes to `GraphEditing`.
 */
import { GAP, NODE, type Box } from '../layout/model';
import type { Point } from '../layout/path';
import type { Camera } from './camera';
import { sameEnds, type Carried, type Ends, type GraphEditing, type Source } from './editing';
import { landingAt, shareOf, type Drop, type Grip } from './landing';
import { boxAt, lineNear, type Scene } from './paint';
import { outermost, placesOf, snapped, stepOf } from './placing';

export interface Wire {
  readonly kind: 'wire';
  readonly from: Source;
  /** Where its loose end is, in the graph. */
  readonly to: Point;
  readonly over: string | null;
  readonly why: string | null;
}

export interface Carry {
  readonly kind: 'carry';
  readonly what: Carried;
  readonly to: Point;
  /** Null: nothing would change. */
  readonly landing: Drop | null;
  readonly why: string | null;
  /** It is moved by keys, or has come down and is about to be laid out. */
  readonly by: 'pointer' | 'keys' | 'rest';
}

export interface Frame {
  readonly kind: 'frame';
  readonly from: Point;
  readonly to: Point;
}

export type Drag = Wire | Carry | Frame;

export interface Gesture {
  readonly node: string | null;
  /** The line under the pointer and where it was met. */
  readonly line: (Point & { readonly ends: Ends }) | null;
  /** The line that was clicked. */
  readonly picked: (Point & { readonly ends: Ends }) | null;
  readonly drag: Drag | null;
}

const SLACK = 4;
const LINE_REACH = 8;
/** What is carried is larger than a pointer. */
const LAND_REACH = 16;
/** What is hovered stays a moment, so that one can get to the buttons beside it. */
const GRACE_MS = 300;
/** If it is never laid out anew: somebody else has put it there before. */
const MOST_REST_MS = 2_000;
const EDGE = 36;
const EDGE_SPEED = 14;

interface Held {
  pointer: number;
  start: Point;
  last: Point;
  begin: () => void;
  started: boolean;
  /** How near an edge it began, until it was away from there. */
  began: Point;
}

/** Told how it goes with what is moved by keys. */
export type Told = (how: 'begun' | 'moved' | 'left', by: Point, ids: readonly string[]) => void;

export class Gestures {
  private shown: Gesture = { node: null, line: null, picked: null, drag: null };
  private readonly calls = new Set<() => void>();
  private held: Held | null = null;
  private dragged = false;
  private left = false;
  private whyNot: ((to: string) => string | null) | null = null;
  private grace: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;
  private scene: Scene | null = null;
  private editing: GraphEditing | null = null;
  private element: HTMLElement | null = null;
  private grip: Grip | null = null;
  private told: Told = () => undefined;

  constructor(private readonly camera: Camera) {}

  subscribe = (call: () => void): (() => void) => {
    this.calls.add(call);
    return () => this.calls.delete(call);
  };

  state = (): Gesture => this.shown;

  /** What it works on from now on. */
  on(scene: Scene, editing: GraphEditing | null): void {
    const { drag } = this.shown;
    // What has come down is where it came down, or will never be.
    if (scene !== this.scene && drag?.kind === 'carry' && drag.by !== 'pointer') this.release();
    this.scene = scene;
    this.editing = editing;
  }

  tell(told: Told): void {
    this.told = told;
  }

  private show(part: Partial<Gesture>): void {
    this.shown = { ...this.shown, ...part };
    for (const call of this.calls) call();
  }

  /** Whether a click that follows belongs to a drag; asked once. */
  endDrag(): boolean {
    const was = this.dragged;
    this.dragged = false;
    return was;
  }

  pick(line: Gesture['picked']): void {
    if (line !== this.shown.picked) this.show({ picked: line });
  }

  /** A wire that is led by keys. */
  lead(wire: Wire | null): void {
    this.show({ drag: wire });
  }

  /** The line at a place of the screen. */
  lineAt(event: Pick<MouseEvent, 'clientX' | 'clientY'>): Gesture['line'] {
    if (!this.scene) return null;
    const found = lineNear(this.scene, this.spot(event), LINE_REACH / this.camera.view.zoom);
    if (!found) return null;
    const { from, port, to } = found.line;
    return { x: found.x, y: found.y, ends: { from, port, to } };
  }

  attach(element: HTMLElement): () => void {
    this.element = element;
    this.camera.taken = this.take;
    const abort = new AbortController();
    const { signal } = abort;
    const served = this.editing?.carrier.serve(this);
    element.addEventListener('pointermove', this.move, { signal });
    element.addEventListener('pointerup', this.up, { signal });
    element.addEventListener('pointercancel', this.cancel, { signal });
    element.addEventListener('pointerleave', () => this.fade(), { signal });
    window.addEventListener('keydown', this.key, { signal, capture: true });
    window.addEventListener('pointerdown', this.leave, { signal, capture: true });
    return () => {
      abort.abort();
      served?.();
      this.camera.taken = null;
      clearTimeout(this.grace);
      this.cancel();
    };
  }

  private spot(event: Pick<MouseEvent, 'clientX' | 'clientY'> | Point): Point {
    const at = 'clientX' in event ? { x: event.clientX, y: event.clientY } : event;
    const { left, top } = (this.element as HTMLElement).getBoundingClientRect();
    const { x, y, zoom } = this.camera.view;
    return { x: (at.x - left - x) / zoom, y: (at.y - top - y) / zoom };
  }

  /** A press that is not the camera's. */
  private take = (event: PointerEvent): boolean => {
    this.dragged = false;
    const target = event.target as Element;
    const port = target.closest<HTMLElement>('[data-port]');
    if (port) {
      const from = { id: port.dataset['of'] as string, port: port.dataset['port'] as string };
      this.hold(event, () => this.beginWire(from));
    }
    if (target.closest('[data-overlay]')) return true;
    const at = this.spot(event);
    const box = this.grasped(at);
    const carries = box !== null && !(event.shiftKey && box.container) && event.pointerType !== 'touch';
    if (carries) this.hold(event, () => this.beginCarry({ id: box.id, from: at }));
    else if (event.shiftKey) this.hold(event, () => this.show({ drag: { kind: 'frame', from: at, to: at } }));
    else return false;
    return true;
  };

  /** The node one takes hold of here; a container by its head, else one could not move the picture. */
  private grasped({ x, y }: Point): Box | null {
    const box = this.scene && boxAt(this.scene, x, y);
    return box && (!box.container || y < box.y + GAP.head) ? box : null;
  }

  private hold(event: PointerEvent, begin: () => void): void {
    const start = { x: event.clientX, y: event.clientY };
    const began = this.pullAt(start);
    this.held = { pointer: event.pointerId, start, last: start, begin, started: false, began };
  }

  private move = (event: PointerEvent): void => {
    const { held } = this;
    if (!held) {
      if (event.buttons === 0 && event.pointerType !== 'touch') this.hover(event);
      return;
    }
    if (event.pointerId !== held.pointer) return;
    held.last = { x: event.clientX, y: event.clientY };
    if (!held.started) {
      if (Math.hypot(held.last.x - held.start.x, held.last.y - held.start.y) < SLACK) return;
      held.started = true;
      this.dragged = true;
      this.element?.setPointerCapture(event.pointerId);
      held.begin();
    }
    this.follow();
    this.panAtEdge();
  };

  private up = (event: PointerEvent): void => {
    if (event.pointerId !== this.held?.pointer) return;
    const { drag } = this.shown;
    const { started } = this.held;
    this.release();
    // The click of a drag comes at once; a later one is a click.
    setTimeout(() => (this.dragged = false));
    if (started && drag) this.finish(drag, event.shiftKey || event.ctrlKey || event.metaKey);
  };

  cancel = (): void => {
    if (this.held || this.shown.drag) this.release();
  };

  private key = (event: KeyboardEvent): void => {
    const { drag } = this.shown;
    const moving = drag?.kind === 'carry' && drag.by === 'keys' ? drag : null;
    if (!moving && (event.key !== 'Escape' || !this.held?.started)) return;
    // A mode: whatever has the focus, the keys are for what is moved.
    if (moving && event.key === 'Tab') return this.leave();
    event.stopPropagation();
    event.preventDefault();
    if (moving) this.moveByKey(moving, event);
    else this.release();
  };

  /** Nodes are moved by keys from now on. */
  place(ids: readonly string[]): void {
    const [box] = this.scene ? outermost(this.scene, ids) : [];
    if (!box) return;
    this.release();
    this.told('begun', NOWHERE, ids);
    this.show({ drag: { kind: 'carry', what: { ids }, to: box, landing: null, why: null, by: 'keys' } });
  }

  private moveByKey(drag: Carry, event: KeyboardEvent): void {
    const ids = 'ids' in drag.what ? drag.what.ids : [];
    const [box] = this.scene ? outermost(this.scene, ids) : [];
    const step = stepOf(event);
    const far = drag.landing?.at === 'place' ? drag.landing.by : NOWHERE;
    if (!this.scene || !box || event.key === 'Escape') return this.leave();
    if (event.key === 'Enter' && !event.repeat) {
      if (drag.landing) this.dropCarry(drag);
      else this.leave();
    }
    if (!step) return;
    const by = snapped(this.scene, box, { x: far.x + step.x, y: far.y + step.y });
    const to = { x: box.x + by.x, y: box.y + by.y };
    this.camera.reveal({ ...to, ...NODE });
    this.told('moved', by, ids);
    this.show({ drag: { ...drag, to, landing: by.x || by.y ? { at: 'place', by } : null } });
  }

  /** What is moved by keys goes back. */
  private leave = (): void => {
    const { drag } = this.shown;
    if (drag?.kind !== 'carry' || drag.by !== 'keys') return;
    this.release();
    this.told('left', NOWHERE, 'ids' in drag.what ? drag.what.ids : []);
  };

  private release(): void {
    this.held = null;
    this.grip = null;
    this.whyNot = null;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.show({ drag: null });
  }

  private follow(): void {
    const { held } = this;
    const { drag } = this.shown;
    if (!held || !drag) return;
    const to = this.spot(held.last);
    if (drag.kind === 'wire') this.followWire(drag, to);
    else if (drag.kind === 'carry') this.followCarry(drag.what, to);
    else this.show({ drag: { ...drag, to } });
  }

  /** How near an edge a place of the screen is, from -1 to 1 in either direction; 0 is not near. */
  private pullAt({ x, y }: Point): Point {
    const { left, top, right, bottom } = (this.element as HTMLElement).getBoundingClientRect();
    const pull = (least: number, most: number): number =>
      Math.max(0, Math.min(1, least / EDGE)) - Math.max(0, Math.min(1, most / EDGE));
    return {
      x: pull(left + EDGE - x, x - right + EDGE),
      y: pull(top + EDGE - y, y - bottom + EDGE),
    };
  }

  /** Near an edge the picture moves on by itself, so that what is not seen can be reached. */
  private panAtEdge(): void {
    if (this.frame) return;
    const step = (): void => {
      this.frame = 0;
      const { held } = this;
      if (!held?.started || !this.element) return;
      const pull = this.pullAt(held.last);
      const [across, down] = [pulling(pull.x, held.began.x), pulling(pull.y, held.began.y)];
      held.began = { x: pull.x && held.began.x, y: pull.y && held.began.y };
      if (across === 0 && down === 0) return;
      this.camera.shift(across * EDGE_SPEED, down * EDGE_SPEED);
      this.follow();
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private hover(event: PointerEvent): void {
    const stay = (): void => {
      clearTimeout(this.grace);
      this.grace = undefined;
    };
    if ((event.target as Element).closest('[data-overlay]')) return stay();
    const box = this.scene && boxAt(this.scene, ...pair(this.spot(event)));
    const line = box && !box.container ? null : this.lineAt(event);
    const node = line ? null : (box?.id ?? null);
    if (line === null && node === null) return this.fade();
    stay();
    if (node !== this.shown.node || !sameEnds(line?.ends ?? null, this.shown.line?.ends ?? null))
      this.show({ node, line });
  }

  private fade(): void {
    if (this.shown.node === null && this.shown.line === null) return;
    this.grace ??= setTimeout(() => {
      this.grace = undefined;
      this.show({ node: null, line: null });
    }, GRACE_MS);
  }

  private finish(drag: Drag, additive: boolean): void {
    if (drag.kind === 'wire') this.dropWire(drag);
    else if (drag.kind === 'carry') this.dropCarry(drag);
    else if (this.scene && this.editing) {
      const framed = shareOf(this.scene, drag.from, drag.to);
      const before = additive ? this.editing.chosen.filter((id) => !framed.includes(id)) : [];
      this.editing.choose([...before, ...framed]);
    }
  }

  /** Something from beside the graph is over it. */
  carry(what: Carried, at: Point): void {
    const { left, top, right, bottom } = (this.element as HTMLElement).getBoundingClientRect();
    const over = at.x >= left && at.x <= right && at.y >= top && at.y <= bottom;
    if (over) this.followCarry(what, this.spot(at));
    else if (this.shown.drag) this.show({ drag: null });
  }

  drop(): void {
    const { drag } = this.shown;
    this.release();
    if (drag?.kind === 'carry') this.dropCarry(drag);
  }

  private beginCarry(grip: Grip): void {
    if (!this.editing) return;
    const { id } = grip;
    this.grip = grip;
    const several = this.editing.chosen.includes(id);
    if (!several) this.editing.choose([id]);
    this.followCarry({ ids: several ? this.editing.chosen : [id] }, { x: 0, y: 0 });
  }

  private followCarry(what: Carried, to: Point): void {
    if (!this.scene || !this.editing) return;
    const landing = landingAt(this.scene, what, to, LAND_REACH / this.camera.view.zoom, this.grip);
    const before = this.shown.drag;
    const same = before?.kind === 'carry' && sameLanding(before.landing, landing);
    const asked = landing && landing.at !== 'place' ? landing : null;
    const why = same ? before.why : asked && this.editing.whyNotLand(what, asked);
    this.show({ drag: { kind: 'carry', what, to, landing, why, by: 'pointer' }, node: null, line: null });
  }

  private dropCarry(drag: Carry): void {
    const { what, landing, why } = drag;
    if (!landing) return;
    if (landing.at === 'place') this.putDown(drag, landing.by);
    else if (why !== null) this.editing?.refuse(why);
    else this.editing?.land(what, landing);
  }

  /** It is shown where it came down until it stands there. */
  private putDown(drag: Carry, by: Point): void {
    if (!this.scene || !('ids' in drag.what)) return;
    const places = placesOf(this.scene, drag.what.ids, by);
    const rest: Carry = { ...drag, by: 'rest' };
    this.show({ drag: rest });
    setTimeout(() => this.shown.drag === rest && this.release(), MOST_REST_MS);
    this.editing?.place(places);
  }

  private beginWire(from: Source): void {
    this.left = false;
    this.whyNot = this.editing?.whyNot(from) ?? null;
    this.show({ drag: { kind: 'wire', from, to: { x: 0, y: 0 }, over: null, why: null }, line: null });
  }

  private followWire(wire: Wire, to: Point): void {
    const found = this.targetAt(wire.from.id, to);
    if (found !== wire.from.id) this.left = true;
    const over = found === wire.from.id && !this.left ? null : found;
    const why = over === null ? null : (this.whyNot?.(over) ?? null);
    this.show({ drag: { ...wire, to, over, why } });
  }

  /** The node at a place; containers that the wire starts in are but its ground. */
  private targetAt(from: string, { x, y }: Point): string | null {
    const { scene } = this;
    const box = scene && boxAt(scene, x, y);
    if (!box) return null;
    for (let at: Box | undefined = scene.byId.get(from); at; at = scene.byId.get(at.parent ?? ''))
      if (at.id === box.id && at.id !== from) return null;
    return box.id;
  }

  private dropWire({ from, over, why }: Wire): void {
    if (!this.editing) return;
    if (over !== null && why !== null) this.editing.refuse(why);
    else if (over !== null) this.editing.connect(from, over);
    else if (this.left) this.editing.addAfter(from);
  }
}

/** The pull of an edge; none of the one near which a drag began, until it comes nearer to that. */
function pulling(pull: number, began: number): number {
  return Math.sign(pull) === Math.sign(began) && Math.abs(pull) <= Math.abs(began) ? 0 : pull;
}

function pair({ x, y }: Point): [number, number] {
  return [x, y];
}

const NOWHERE: Point = { x: 0, y: 0 };

function sameLanding(one: Drop | null, other: Drop | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
