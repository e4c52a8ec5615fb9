import { useRef, type KeyboardEvent, type PointerEvent } from 'react';
import styles from './Splitter.module.css';

export interface SplitterProps {
  label: string;
  /** Size of the pane it resizes, in pixels. */
  size: number;
  least: number;
  most: number;
  /** The pane lies before (start) or after (end) the line. */
  pane: 'start' | 'end';
  axis: 'x' | 'y';
  onResize: (size: number) => void;
}

const STEP = 16;

/** The line between two panes: dragged, or moved with the arrow keys, Home and End. */
export function Splitter({ label, size, least, most, pane, axis, onResize }: SplitterProps) {
  const from = useRef<{ at: number; size: number } | null>(null);
  const sign = pane === 'start' ? 1 : -1;
  const to = (next: number): void => onResize(Math.round(Math.min(most, Math.max(least, next))));
  const at = (event: PointerEvent): number => (axis === 'x' ? event.clientX : event.clientY);
  const key = (event: KeyboardEvent): void => {
    const [less, more] = axis === 'x' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (event.key === less) to(size - sign * STEP);
    else if (event.key === more) to(size + sign * STEP);
    else if (event.key === 'Home') to(least);
    else if (event.key === 'End') to(most);
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={axis === 'x' ? 'vertical' : 'horizontal'}
      aria-valuenow={size}
      aria-valuemin={least}
      aria-valuemax={most}
      className={styles.splitter}
      data-axis={axis}
      onKeyDown={key}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { at: at(event), size };
      }}
      onPointerMove={(event) => {
        if (from.current) to(from.current.size + sign * (at(event) - from.current.at));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
    />
  );
}
