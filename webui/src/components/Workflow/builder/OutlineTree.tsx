import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type RefObject,
} from 'react';
import { useTranslation } from 'react-i18next';
import { member } from '../../../document/json';
import { useBuilder } from './context';
import { OutlineRow, type RowDeeds } from './OutlineRow';
import styles from './OutlineTree.module.css';
import { typeOf } from './nodeTypes';
import { rowsOf, type Row } from './tree';
import { deedKeyed, useNodeDeeds, type Deed } from './useNodeDeeds';
import { nodeOfProblem, type Judged } from './validation';

/** A row of 40 px where letters have 16; it grows with them. */
const ROW_REM = 2.5;
const AHEAD = 6;
const PAGE_ROWS = 10;

export interface OutlineTreeProps {
  onInspect: () => void;
  describedBy: string;
}

/** The rows that are on the screen, and always the one the keyboard is at; each renders when it changed. */
export function OutlineTree({ onInspect, describedBy }: OutlineTreeProps) {
  const { t } = useTranslation('builder');
  const { draft, types, judged, selected, chosen, select, choose } = useBuilder();
  const deedsOf = useNodeDeeds();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const tree = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => rowsOf(draft, closed, (node) => Boolean(typeOf(types, node)?.container)),
    [draft, closed, types],
  );
  const wrong = useWrong(judged);
  const places = useMemo(() => new Map(rows.map(({ node }, at) => [node.id, at])), [rows]);
  const at = places.get(selected ?? '') ?? 0;
  const active = rows[at]?.node.id ?? null;
  const focusRef = useFocusKept(tree, active);
  const shown = useWindow(tree, rows, at);
  const picked = useMemo(() => new Set(chosen), [chosen]);

  const go = (row: Row | undefined, also: boolean): void => {
    if (!row) return;
    focusRef.current = true;
    if (also) choose([...chosen.filter((id) => id !== row.node.id), row.node.id]);
    else select(row.node.id);
  };
  const fold = (ids: readonly string[], open: boolean): void => {
    const next = new Set(closed);
    for (const id of ids) {
      if (open) next.delete(id);
      else next.add(id);
    }
    setClosed(next);
  };
  const perform = (deed: Deed): void => {
    focusRef.current = true;
    if (!deed.why) deed.run();
  };
  const deeds = useRef<RowDeeds>(null);
  const doing: RowDeeds = {
    choose: (id, also) => {
      if (!also) select(id);
      else if (picked.has(id) && chosen.length > 1) choose(chosen.filter((each) => each !== id));
      else choose([...chosen.filter((each) => each !== id), id]);
    },
    fold: (id, open) => fold([id], open),
    inspect: onInspect,
    menu: (id) =>
      deedsOf(id).map((deed) => ({
        ...{ label: deed.label, why: deed.why, onSelect: () => perform(deed) },
        ...(deed.keys ? { keys: deed.keys } : {}),
        ...(deed.danger ? { danger: true } : {}),
      })),
  };
  useLayoutEffect(() => {
    deeds.current = doing;
  });

  const key = (event: KeyboardEvent): void => {
    const row = rows[at];
    const item = event.target as HTMLElement;
    if (!row || !item.matches('[role=treeitem]')) return;
    const also = event.shiftKey;
    const to = (place: number): void => go(rows[Math.max(0, Math.min(rows.length - 1, place))], also);
    const moves: Record<string, () => void> = {
      ArrowDown: () => to(at + 1),
      ArrowUp: () => to(at - 1),
      PageDown: () => to(at + PAGE_ROWS),
      PageUp: () => to(at - PAGE_ROWS),
      Home: () => to(0),
      End: () => to(rows.length - 1),
      ArrowRight: () => (row.open === false ? fold([row.node.id], true) : row.open && to(at + 1)),
      ArrowLeft: () => (row.open ? fold([row.node.id], false) : to(places.get(row.parent ?? '') ?? at)),
      '*': () => fold(besides(rows, row), true),
      Enter: onInspect,
      ' ': () => to(at),
      '.': () => openMenu(item),
    };
    const deed = deedKeyed(event, deedsOf(row.node.id));
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (deed) perform(deed);
    else if (move) move();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={tree}
      className={styles.tree}
      role="tree"
      aria-label={t('steps')}
      aria-describedby={describedBy}
      aria-multiselectable
      onKeyDown={key}
    >
      <div role="none" className={styles.body} style={{ blockSize: shown.getTotalSize() }}>
        {shown.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          if (!row) return null;
          const { id } = row.node;
          const label = member(row.node, 'label');
          return (
            <OutlineRow
              key={id}
              id={id}
              label={typeof label === 'string' && label ? label : id}
              type={
                typeOf(types, row.node)?.title ??
                (typeof row.node.type === 'string' ? row.node.type : t('no_type'))
              }
              level={row.level}
              place={row.place}
              of={row.of}
              open={row.open}
              start={start}
              problem={wrong.get(id)}
              selected={picked.has(id)}
              active={id === active}
              deeds={deeds}
            />
          );
        })}
      </div>
    </div>
  );
}

/** The worst that is said of each node. */
function useWrong(judged: Judged): ReadonlyMap<string, 'error' | 'warning'> {
  return useMemo(() => {
    const found = new Map<string, 'error' | 'warning'>();
    for (const problem of judged.problems) {
      const id = nodeOfProblem(problem, judged.definition ?? {});
      if (id !== null && found.get(id) !== 'error') found.set(id, problem.severity);
    }
    return found;
  }, [judged]);
}

/** The containers of a row's level. */
function besides(rows: readonly Row[], { parent }: Row): string[] {
  return rows.filter((row) => row.parent === parent && row.open !== null).map(({ node }) => node.id);
}

function useWindow(tree: RefObject<HTMLDivElement | null>, rows: readonly Row[], at: number) {
  const [size] = useState(
    () => ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize || '16'),
  );
  const extract = useCallback(
    (range: Range) => {
      const found = defaultRangeExtractor(range);
      return found.includes(at) || at >= range.count ? found : [...found, at].sort((a, b) => a - b);
    },
    [at],
  );
  // eslint-disable-next-line react-hooks/incompatible-library -- its own small hook, as the library asks
  const shown = useVirtualizer({
    count: rows.length,
    getScrollElement: () => tree.current,
    estimateSize: () => size,
    overscan: AHEAD,
    rangeExtractor: extract,
    getItemKey: (index) => rows[index]?.node.id ?? index,
  });
  const scroll = useRef(shown);
  useEffect(() => {
    scroll.current = shown;
  });
  const id = rows[at]?.node.id;
  useEffect(() => scroll.current.scrollToIndex(at, { align: 'auto' }), [id, at]);
  return shown;
}

/** A menu opens by a key, not by a click. */
function openMenu(item: HTMLElement): void {
  const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true });
  item.querySelector('button')?.dispatchEvent(enter);
}

/** After a deed the focus is on the row that is active then, wherever it came to stand. */
function useFocusKept(tree: RefObject<HTMLDivElement | null>, active: string | null) {
  const focusRef = useRef(false);
  useEffect(() => {
    // A dialog that closes gives the focus back first.
    const timer = setTimeout(() => {
      const now = document.activeElement;
      const here = tree.current?.contains(now) || (focusRef.current && now === document.body);
      if (active === null || !here || now?.matches('[role=dialog] *')) return;
      focusRef.current = false;
      tree.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(active)}"]`)?.focus();
    });
    return () => clearTimeout(timer);
  }, [tree, active]);
  return focusRef;
}
