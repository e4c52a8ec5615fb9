import { ChevronDown, ChevronRight, Ellipsis, Plus } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { member } from '../../../document/json';
import { Button, IconButton } from '../../../ui/Button';
import { EmptyState } from '../../../ui/states';
import { Menu } from '../../../ui/Menu';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { typeOf } from './nodeTypes';
import { rowsOf, type Row } from './tree';
import { useNodeDeeds } from './useNodeDeeds';
import { nodeOfProblem } from './validation';

const KEYS: Readonly<Record<string, string>> = {
  a: 'after',
  i: 'inside',
  c: 'connect',
  x: 'disconnect',
  m: 'move',
  o: 'out',
  F2: 'rename',
  Delete: 'delete',
  Backspace: 'delete',
};

/** The steps as a tree: everything the graph can do, done with keys and menus. */
export function Outline({ onInspect }: { onInspect: () => void }) {
  const { t } = useTranslation('builder');
  const { draft, types, judged, selected, select, ask } = useBuilder();
  const deedsOf = useNodeDeeds();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const tree = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => rowsOf(draft, closed, (node) => Boolean(typeOf(types, node)?.container)),
    [draft, closed, types],
  );
  const wrong = useMemo(() => {
    const found = new Map<string, 'error' | 'warning'>();
    for (const problem of judged.problems) {
      const id = nodeOfProblem(problem, judged.definition ?? {});
      if (id !== null && found.get(id) !== 'error') found.set(id, problem.severity);
    }
    return found;
  }, [judged]);
  const active = rows.some(({ node }) => node.id === selected) ? selected : (rows[0]?.node.id ?? null);
  const focusRef = useFocusKept(tree, active);

  const go = (row: Row | undefined): void => {
    if (!row) return;
    focusRef.current = true;
    select(row.node.id);
  };
  const fold = (id: string, open: boolean): void => {
    const next = new Set(closed);
    if (open) next.delete(id);
    else next.add(id);
    setClosed(next);
  };
  const key = (event: KeyboardEvent): void => {
    const at = rows.findIndex(({ node }) => node.id === active);
    const row = rows[at];
    if (!row || !(event.target as HTMLElement).matches('[role=treeitem]')) return;
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(rows[at + 1]),
      ArrowUp: () => go(rows[at - 1]),
      Home: () => go(rows[0]),
      End: () => go(rows.at(-1)),
      ArrowRight: () => (row.open === false ? fold(row.node.id, true) : row.open && go(rows[at + 1])),
      ArrowLeft: () =>
        row.open ? fold(row.node.id, false) : go(rows.find(({ node }) => node.id === row.parent)),
      Enter: onInspect,
      ' ': () => go(row),
      '.': () => openMenu(event.target as HTMLElement),
    };
    const control = event.ctrlKey || event.metaKey;
    const name = control ? (event.key.toLowerCase() === 'd' ? 'duplicate' : undefined) : KEYS[event.key];
    const deed = name && deedsOf(row.node.id).find((each) => each.name === name);
    if (deed) {
      focusRef.current = true;
      if (!deed.why) deed.run();
    } else if (!control && moves[event.key]) moves[event.key]?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <section className={styles.outline} aria-label={t('outline')}>
      <header className={styles.head}>
        <h2>{t('outline')}</h2>
        <Button kind="quiet" onClick={() => ask({ what: 'add', where: { at: 'end' } })}>
          <Plus size={14} aria-hidden />
          {t('add')}
        </Button>
      </header>
      <button
        type="button"
        className={styles.whole}
        aria-pressed={selected === null}
        onClick={() => select(null)}
      >
        {t('workflow')}
      </button>
      {rows.length === 0 ? (
        <EmptyState title={t('empty')}>{t('empty_text')}</EmptyState>
      ) : (
        <div
          ref={tree}
          className={styles.tree}
          role="tree"
          aria-label={t('steps')}
          aria-describedby="outline-keys"
          onKeyDown={key}
        >
          {rows.map((row) => {
            const { id } = row.node;
            const label = member(row.node, 'label');
            const type = typeOf(types, row.node);
            const problem = wrong.get(id);
            return (
              <div
                key={id}
                role="treeitem"
                data-row={id}
                aria-level={row.level}
                aria-posinset={row.place}
                aria-setsize={row.of}
                aria-expanded={row.open ?? undefined}
                aria-selected={id === selected}
                tabIndex={id === active ? 0 : -1}
                style={{ paddingInlineStart: `${(row.level - 1) * 16 + 4}px` }}
                onClick={() => select(id)}
                onDoubleClick={onInspect}
              >
                <span
                  className={styles.fold}
                  aria-hidden
                  onClick={(event) => {
                    if (row.open === null) return;
                    event.stopPropagation();
                    fold(id, !row.open);
                  }}
                >
                  {row.open !== null && (row.open ? <ChevronDown size={14} /> : <ChevronRight size={14} />)}
                </span>
                <span className={styles.name}>
                  {typeof label === 'string' && label ? label : id}
                  <small>{type?.title ?? String(row.node.type)}</small>
                </span>
                {problem && (
                  <span className={styles.mark} data-severity={problem}>
                    <span aria-hidden>{problem === 'error' ? '✕' : '△'}</span>
                    <span className="visually-hidden">{t(`has_${problem}`)}</span>
                  </span>
                )}
                {id === active && (
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
                    items={deedsOf(id).map(({ label: words, keys, why, danger, run }) => ({
                      label: words,
                      ...(keys ? { keys } : {}),
                      ...(danger ? { danger } : {}),
                      why,
                      onSelect: () => {
                        focusRef.current = true;
                        run();
                      },
                    }))}
                  />
                )}
              </div>
            );
          })}
        </div>
      )}
      <p id="outline-keys" className={styles.keys}>
        {t('keys')}
      </p>
    </section>
  );
}

/** A menu opens by a key, not by a click. */
function openMenu(item: HTMLElement): void {
  const enter = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true });
  item.querySelector('button')?.dispatchEvent(enter);
}

/** After a deed the focus is on the row that is active then, wherever it came to stand. */
function useFocusKept(tree: React.RefObject<HTMLDivElement | null>, active: string | null) {
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
