import { ChevronDown, ChevronRight, Ellipsis } from 'lucide-react';
import { memo, useEffect, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../../ui/Button';
import { Menu, type MenuItem } from '../../../ui/Menu';
import styles from './OutlineTree.module.css';

/** What can be done to a row; behind a ref, so that a row renders only when it changed. */
export interface RowDeeds {
  /** `also`: beside those that are chosen already. */
  choose: (id: string, also: boolean) => void;
  fold: (id: string, open: boolean) => void;
  inspect: () => void;
  menu: (id: string) => MenuItem[];
}

export interface OutlineRowProps {
  id: string;
  label: string;
  type: string;
  level: number;
  place: number;
  of: number;
  open: boolean | null;
  start: number;
  problem: 'error' | 'warning' | undefined;
  selected: boolean;
  /** The one the keyboard is at. */
  active: boolean;
  deeds: RefObject<RowDeeds | null>;
}

/** How often rows were rendered: tests hold it to what changed. */
export const renders = { rows: 0 };

export const OutlineRow = memo(function OutlineRow(props: OutlineRowProps) {
  const { id, label, type, level, place, of, open, start, problem, selected, active, deeds } = props;
  const { t } = useTranslation('builder');
  useEffect(() => {
    renders.rows += 1;
  });
  return (
    <div
      role="treeitem"
      className={styles.row}
      data-row={id}
      aria-level={level}
      aria-posinset={place}
      aria-setsize={of}
      aria-expanded={open ?? undefined}
      aria-selected={selected}
      tabIndex={active ? 0 : -1}
      style={{ transform: `translateY(${start}px)`, paddingInlineStart: `${(level - 1) * 16 + 4}px` }}
      onClick={(event) => deeds.current?.choose(id, event.ctrlKey || event.metaKey || event.shiftKey)}
      onDoubleClick={() => deeds.current?.inspect()}
    >
      <span
        className={styles.fold}
        aria-hidden
        onClick={(event) => {
          if (open === null) return;
          event.stopPropagation();
          deeds.current?.fold(id, !open);
        }}
      >
        {open !== null && (open ? <ChevronDown size={14} /> : <ChevronRight size={14} />)}
      </span>
      <span className={styles.name}>
        {label}
        <small>{type}</small>
      </span>
      {problem && (
        <span className={styles.mark} data-severity={problem}>
          <span aria-hidden>{problem === 'error' ? '✕' : '△'}</span>
          <span className="visually-hidden">{t(`has_${problem}`)}</span>
        </span>
      )}
      {active && (
        <Menu
          label={t('menu', { id })}
          trigger={
            <IconButton
              label={t('menu', { id })}
              icon={<Ellipsis size={14} aria-hidden />}
              tabIndex={-1}
              onClick={(event) => event.stopPropagation()}
            />
          }
          items={() => deeds.current?.menu(id) ?? []}
        />
      )}
    </div>
  );
});
