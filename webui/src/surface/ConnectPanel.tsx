import { useEffect, useId, useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { GraphNode } from '../layout/model';
import { Field, Select, TextInput } from '../ui/Field';
import styles from './ConnectPanel.module.css';
import type { GraphEditing, Source } from './editing';
import type { Scene } from './paint';

export interface ConnectPanelProps {
  from: string;
  scene: Scene;
  nodes: ReadonlyMap<string, GraphNode>;
  editing: GraphEditing;
  /** Show on the picture what would be connected. */
  onPreview: (from: Source, to: string | null, why: string | null) => void;
  onClose: () => void;
}

interface Option {
  /** Null: a step that is not there yet. */
  id: string | null;
  words: string;
  why: string | null;
}

const MOST = 60;

/** Drawing a wire without a pointer: the output, then the target, by its name or from the nearest on. */
export function ConnectPanel({ from, scene, nodes, editing, onPreview, onClose }: ConnectPanelProps) {
  const { t } = useTranslation('graph');
  const own = useId();
  const ports = editing.portsOf(from);
  const [port, setPort] = useState(() => firstOf(editing, from, nodes));
  const [search, setSearch] = useState('');
  const [moved, setMoved] = useState<number | null>(null);
  const options = useMemo(() => {
    const found = targetsBy(scene, nodes, from, search, editing.whyNot({ id: from, port }));
    return [...found.slice(0, MOST), { id: null, words: t('connect.new'), why: null }];
  }, [scene, nodes, from, search, editing, port, t]);
  const first = options.findIndex(({ why }) => why === null);
  const at = Math.min(moved ?? first, options.length - 1);
  const option = options[at] as Option;
  useEffect(() => onPreview({ id: from, port }, option.id, option.why), [onPreview, from, port, option]);
  const take = ({ id, why }: Option): void => {
    if (why !== null) return editing.refuse(why);
    onClose();
    if (id === null) editing.addAfter({ id: from, port });
    else editing.connect({ id: from, port }, id);
  };
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') onClose();
    else if (step && event.target instanceof HTMLInputElement)
      setMoved((at + step + options.length) % options.length);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form
      className={styles.panel}
      data-overlay
      aria-label={t('connect.title', { id: from })}
      onKeyDown={key}
      onClick={(event) => event.stopPropagation()}
      onSubmit={(event) => {
        event.preventDefault();
        take(option);
      }}
    >
      {ports.length > 1 && (
        <Field label={t('connect.port')}>
          {(described) => (
            <Select
              {...described}
              value={port}
              onChange={(event) => {
                setPort(event.target.value);
                setMoved(null);
              }}
            >
              {ports.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Field label={t('connect.to', { id: from })}>
        {(described) => (
          <TextInput
            {...described}
            role="combobox"
            aria-expanded
            aria-autocomplete="list"
            aria-describedby={`${own}-help`}
            aria-controls={`${own}-list`}
            aria-activedescendant={`${own}-${at}`}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={search}
            onChange={(event) => {
              setSearch(event.target.value);
              setMoved(null);
            }}
          />
        )}
      </Field>
      <p id={`${own}-help`} className={styles.help}>
        {t('connect.help')}
      </p>
      <ul id={`${own}-list`} role="listbox" aria-label={t('connect.targets')} className={styles.targets}>
        {options.map((each, index) => (
          <li
            key={each.id ?? ''}
            id={`${own}-${index}`}
            ref={index === at ? reveal : null}
            role="option"
            aria-selected={index === at}
            aria-disabled={each.why !== null || undefined}
            onPointerEnter={() => setMoved(index)}
            onClick={() => take(each)}
          >
            {each.words}
            {each.why !== null && <small>{each.why}</small>}
          </li>
        ))}
      </ul>
    </form>
  );
}

function reveal(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

/** The first output that leads nowhere yet, else the first. */
function firstOf(editing: GraphEditing, from: string, nodes: ReadonlyMap<string, GraphNode>): string {
  const ports = editing.portsOf(from);
  const open = ports.find((port) => {
    const why = editing.whyNot({ id: from, port });
    return port !== 'error' && [...nodes.keys()].some((id) => id !== from && why(id) === null);
  });
  return open ?? ports[0] ?? '';
}

/** What could be meant: those that can be connected first, then the nearest. */
function targetsBy(
  scene: Scene,
  nodes: ReadonlyMap<string, GraphNode>,
  from: string,
  search: string,
  whyNot: (to: string) => string | null,
): Option[] {
  const source = scene.byId.get(from);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const far = (id: string): number => {
    const box = scene.byId.get(id);
    return box && source ? Math.hypot(box.x - source.x - source.width, box.y - source.y) : Infinity;
  };
  return [...nodes.values()]
    .map(({ id, label }) => ({ id, words: label && label !== id ? `${label} (${id})` : id }))
    .filter((option) => words.every((word) => option.words.toLowerCase().includes(word)))
    .map((option) => ({ ...option, why: whyNot(option.id), far: option.id === from ? 1e9 : far(option.id) }))
    .sort((a, b) => Number(a.why !== null) - Number(b.why !== null) || a.far - b.far);
}
