/** Every state the interface shows, of executions and of steps, and how it is told apart without colour. */
export const STATUSES = [
  'queued',
  'ready',
  'running',
  'waiting',
  'held',
  'retrying',
  'pausing',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'timed_out',
  'skipped',
  'cancelled',
] as const;
export type Status = (typeof STATUSES)[number];

/** The colour family: the suffix of the tokens `--status-…`. */
export type Hue =
  'queued' | 'running' | 'succeeded' | 'failed' | 'waiting' | 'retrying' | 'skipped' | 'cancelled';
/** How a node's outline or a bar is drawn. */
export type Edge =
  | 'thin'
  | 'solid'
  | 'moving'
  | 'thick'
  | 'notched'
  | 'dotted'
  | 'double'
  | 'dashed'
  | 'dashed-thin'
  | 'hatched';

export interface Look {
  hue: Hue;
  glyph: string;
  edge: Edge;
}

/** Colour, glyph and edge of each status; two statuses of one hue differ in glyph or edge (a test holds this). */
export const LOOKS: Record<Status, Look> = {
  queued: { hue: 'queued', glyph: '○', edge: 'thin' },
  ready: { hue: 'queued', glyph: '◌', edge: 'thin' },
  running: { hue: 'running', glyph: '◐', edge: 'moving' },
  waiting: { hue: 'waiting', glyph: '◷', edge: 'dotted' },
  held: { hue: 'waiting', glyph: '▣', edge: 'double' },
  retrying: { hue: 'retrying', glyph: '↻', edge: 'dashed' },
  pausing: { hue: 'queued', glyph: '‖', edge: 'dotted' },
  paused: { hue: 'queued', glyph: '‖', edge: 'double' },
  cancelling: { hue: 'cancelled', glyph: '⊘', edge: 'dotted' },
  succeeded: { hue: 'succeeded', glyph: '✓', edge: 'solid' },
  failed: { hue: 'failed', glyph: '✕', edge: 'thick' },
  timed_out: { hue: 'failed', glyph: '◔', edge: 'notched' },
  skipped: { hue: 'skipped', glyph: '⤼', edge: 'dashed-thin' },
  cancelled: { hue: 'cancelled', glyph: '⊘', edge: 'hatched' },
};

const FINAL: ReadonlySet<Status> = new Set(['succeeded', 'failed', 'timed_out', 'skipped', 'cancelled']);

export function isFinal(status: Status): boolean {
  return FINAL.has(status);
}

/** The status a text from the interface names; an unknown one is shown as queued rather than breaking the page. */
export function statusOf(text: string): Status {
  return (STATUSES as readonly string[]).includes(text) ? (text as Status) : 'queued';
}
