import { useVirtualizer } from '@tanstack/react-virtual';
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useRef,
  type ComponentType,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { Step } from '../../../execution/model';
import { count } from '../../../i18n/format';
import { useStep, type ExecutionStore } from '../../../stores/ExecutionStore';
import { useExecution } from './context';
import styles from './StepGrid.module.css';

export const ROW_PX = 36;
const HEAD_PX = 32;
const AHEAD = 8;
const PAGE_ROWS = 10;

export interface StepGridProps {
  ids: readonly string[];
  /** What the grid shows, read out with the number of rows. */
  label?: string;
  /** The row of headings. */
  head: ReactNode;
  Cells: ComponentType<{ step: Step }>;
  className?: string | undefined;
}

/** Steps as rows with a roving selection: only those on the screen exist, each renders when its step changes. */
export function StepGrid({ ids, head, Cells, label, className }: StepGridProps) {
  const { t } = useTranslation('execution');
  const { store, view, show } = useExecution();
  const frame = useRef<HTMLDivElement>(null);
  const name = useId();
  // eslint-disable-next-line react-hooks/incompatible-library -- its own small component, as the library asks
  const rows = useVirtualizer({
    count: ids.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    overscan: AHEAD,
    scrollMargin: HEAD_PX,
    getItemKey: (at) => ids[at] as string,
  });
  const chosen = view.step === undefined ? -1 : ids.indexOf(view.step);
  const choose = useCallback((id: string) => show({ step: id }), [show]);
  const seen = useRef<string | undefined>(undefined);
  useEffect(() => {
    if (chosen < 0 || seen.current === view.step) return;
    seen.current = view.step;
    if (frame.current) reveal(frame.current, chosen);
  }, [chosen, view.step]);
  const key = (event: KeyboardEvent): void => {
    const to = target(event.key, chosen, ids.length);
    if (to === null) return;
    event.preventDefault();
    const id = ids[to];
    if (id !== undefined) choose(id);
  };
  return (
    <div
      ref={frame}
      className={[styles.frame, className].filter(Boolean).join(' ')}
      role="grid"
      tabIndex={0}
      aria-label={[label, t('steps_count', { count: ids.length, shown: count(ids.length) })]
        .filter(Boolean)
        .join(': ')}
      aria-rowcount={ids.length + 1}
      aria-activedescendant={chosen < 0 ? undefined : `${name}-${view.step}`}
      onKeyDown={key}
    >
      <div role="row" aria-rowindex={1} className={styles.head}>
        {head}
      </div>
      <div role="rowgroup" className={styles.body} style={{ blockSize: ids.length * ROW_PX }}>
        {rows.getVirtualItems().map(({ index, start, key: id }) => (
          <Row
            key={id}
            store={store}
            id={id as string}
            name={`${name}-${id}`}
            at={index}
            start={start - HEAD_PX}
            Cells={Cells}
            chosen={index === chosen}
            onChoose={choose}
          />
        ))}
      </div>
    </div>
  );
}

/** Scroll no further than it takes to see a row below the head. All rows are of one height. */
function reveal(frame: HTMLElement, at: number): void {
  const top = at * ROW_PX;
  const least = HEAD_PX + top + ROW_PX - frame.clientHeight;
  if (frame.scrollTop > top) frame.scrollTop = top;
  else if (frame.scrollTop < least) frame.scrollTop = least;
}

/** The row a key leads to; null for other keys. */
export function target(key: string, from: number, rows: number): number | null {
  const within = (at: number): number => Math.min(rows - 1, Math.max(0, at));
  if (key === 'ArrowDown' || key === 'j') return within(from + 1);
  if (key === 'ArrowUp' || key === 'k') return within(from - 1);
  if (key === 'PageDown') return within(from + PAGE_ROWS);
  if (key === 'PageUp') return within(from - PAGE_ROWS);
  if (key === 'Home') return within(0);
  if (key === 'End') return within(rows - 1);
  return null;
}

interface RowProps {
  store: ExecutionStore;
  id: string;
  name: string;
  at: number;
  start: number;
  chosen: boolean;
  Cells: ComponentType<{ step: Step }>;
  onChoose: (id: string) => void;
}

/** Called with each row that renders; tests count them. */
export const rendered = { row: (_id: string): void => undefined };

const Row = memo(function Row({ store, id, name, at, start, chosen, Cells, onChoose }: RowProps) {
  const step = useStep(store, id);
  rendered.row(id);
  return (
    <div
      role="row"
      id={name}
      aria-rowindex={at + 2}
      aria-selected={chosen}
      className={styles.row}
      data-superseded={step?.superseded || undefined}
      style={{ transform: `translateY(${start}px)` }}
      onClick={() => onChoose(id)}
    >
      {step && <Cells step={step} />}
    </div>
  );
});
