import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Box, GraphNode } from '../layout/model';
import { StatusBadge } from '../ui/StatusBadge';
import { useNodeStatus } from './GraphNode';
import type { GraphStatuses } from './statuses';
import styles from './WorkflowGraph.module.css';

const ROW = 32;

export interface NodeListProps {
  nodes: ReadonlyMap<string, GraphNode>;
  boxes: readonly Box[];
  statuses: GraphStatuses;
  selected: string | null;
  onSelect: (id: string) => void;
}

/** The same graph as a list in the document's order: for who does not see the picture, and for small screens. */
export function NodeList({ nodes, boxes, statuses, selected, onSelect }: NodeListProps) {
  const { t } = useTranslation('graph');
  const scroll = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- alone in this component, which is not compiled
  const rows = useVirtualizer({
    count: boxes.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 8,
    initialRect: { width: 260, height: 600 },
  });
  const at = boxes.findIndex(({ id }) => id === selected);
  useEffect(() => {
    if (at >= 0) rows.scrollToIndex(at);
  }, [at, rows]);
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -boxes.length, End: boxes.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = boxes[Math.min(boxes.length - 1, Math.max(0, at + step))];
    if (next) onSelect(next.id);
  };
  return (
    <div
      ref={scroll}
      className={styles.list}
      role="listbox"
      aria-label={t('list')}
      tabIndex={0}
      aria-activedescendant={at < 0 ? undefined : `graph-row-${at}`}
      onKeyDown={key}
    >
      <div role="presentation" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const box = boxes[index] as Box;
          return (
            <div
              key={box.id}
              id={`graph-row-${index}`}
              role="option"
              aria-selected={index === at}
              aria-setsize={boxes.length}
              aria-posinset={index + 1}
              className={styles.row}
              style={{ transform: `translateY(${start}px)`, paddingInlineStart: 12 + box.depth * 16 }}
              onClick={() => onSelect(box.id)}
            >
              <Row node={nodes.get(box.id) as GraphNode} statuses={statuses} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Row({ node, statuses }: { node: GraphNode; statuses: GraphStatuses }) {
  const { t } = useTranslation('graph');
  const status = useNodeStatus(statuses, node.id);
  return (
    <>
      <span className={styles.name}>{node.label || node.id}</span>
      {status === null ? (
        <span className={styles.muted}>{t(`type.${node.type}`, { defaultValue: node.type })}</span>
      ) : (
        <StatusBadge status={status} />
      )}
    </>
  );
}
