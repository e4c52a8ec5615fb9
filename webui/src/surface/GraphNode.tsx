import { memo, useCallback, useEffect, useSyncExternalStore } from 'react';
import { wordsOf } from '../i18n';
import { count as number } from '../i18n/format';
import type { Counts } from '../execution/model';
import type { Box, GraphNode as Node } from '../layout/model';
import { LOOKS, STATUSES, type Status } from '../theme/status';
import { total, type GraphStatuses } from './statuses';
import styles from './WorkflowGraph.module.css';

/** How often nodes were rendered: tests hold it to what changed. */
export const renders = { nodes: 0 };

export function useNodeStatus(statuses: GraphStatuses, id: string): Status | null {
  return useSyncExternalStore(
    useCallback((call) => statuses.subscribe(id, call), [statuses, id]),
    () => statuses.status(id),
  );
}

export function useCounts(statuses: GraphStatuses, id: string): Counts {
  return useSyncExternalStore(
    useCallback((call) => statuses.subscribe(id, call), [statuses, id]),
    () => statuses.counts(id),
  );
}

/** Steps by status as glyphs and numbers. */
export function CountStrip({ counts }: { counts: Counts }) {
  const t = wordsOf();
  const some = STATUSES.filter((status) => (counts[status] ?? 0) > 0);
  return (
    <span className={styles.strip}>
      {some.map((status) => (
        <span key={status} data-hue={LOOKS[status].hue} title={t(`status.${status}`)}>
          <span aria-hidden>{LOOKS[status].glyph}</span> {number(counts[status] ?? 0)}
          <span className="visually-hidden"> {t(`status.${status}`)}</span>
        </span>
      ))}
    </span>
  );
}

export interface GraphNodeProps {
  node: Node;
  box: Box;
  /** Steps inside a container are counted by this one: the first of what it holds. */
  first: string | null;
  statuses: GraphStatuses;
  selected: boolean;
  /** The one the keyboard stands on. */
  active: boolean;
  /** What is wrong with it. */
  mark: 'error' | 'warning' | null;
  onSelect: (id: string, additive: boolean) => void;
  onOpen: (id: string) => void;
}

/** One node, rendered when it changed itself. */
export const GraphNode = memo(function GraphNode(props: GraphNodeProps) {
  const { node, box, first, statuses, selected, active, mark, onSelect, onOpen } = props;
  const t = wordsOf('graph');
  const status = useNodeStatus(statuses, node.id);
  const counts = useCounts(statuses, node.id);
  const inside = useCounts(statuses, first ?? node.id);
  useEffect(() => {
    renders.nodes += 1;
  });
  const look = status === null ? null : LOOKS[status];
  const name = node.label || node.id;
  const type = t(`type.${node.type}`, { defaultValue: node.type });
  const word = status === null ? '' : t(`status.${status}`, { ns: 'common' });
  const all = total(counts);
  const alike = status === null ? 0 : (counts[status] ?? 0);
  const many = all < 2 ? '' : alike < all ? `${number(alike)}/${number(all)}` : number(all);
  const wrong = mark === null ? '' : t(`has_${mark}`);
  const text = node.type === 'note' ? node.note || name : name;
  const within = box.container && first !== null && total(inside) > 0;
  return (
    <button
      type="button"
      className={styles.node}
      data-node={node.id}
      data-container={box.container || undefined}
      data-note={node.type === 'note' || undefined}
      data-hue={look?.hue}
      data-edge={look?.edge}
      aria-pressed={selected}
      // What is seen is part of what is said; the counts of a container are said as they stand.
      aria-label={within ? undefined : [text, type, many, word, wrong].filter(Boolean).join(', ')}
      tabIndex={active ? 0 : -1}
      style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
      onClick={(event) => {
        // In a container a line may have been meant; a key or a reader means the container.
        if (box.container && event.detail > 0) return;
        event.stopPropagation();
        onSelect(node.id, event.shiftKey || event.ctrlKey || event.metaKey);
      }}
      onDoubleClick={() => onOpen(node.id)}
    >
      <span className={styles.title}>
        <span className={styles.name} title={name}>
          {text}
        </span>{' '}
        {mark !== null && (
          <span className={styles.mark} data-severity={mark} title={wrong} aria-hidden>
            {mark === 'error' ? '✕' : '△'}
          </span>
        )}
        {within && <CountStrip counts={inside} />}
      </span>{' '}
      <span className={styles.kind}>
        <span>{type}</span>{' '}
        {look && (
          <span className={styles.status}>
            <span aria-hidden>{look.glyph}</span> {many || word}
          </span>
        )}
        {within && wrong && <span className="visually-hidden"> {wrong}</span>}
      </span>
    </button>
  );
});
