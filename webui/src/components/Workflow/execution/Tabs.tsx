import { useRef, type KeyboardEvent } from 'react';
import styles from './Tabs.module.css';

export interface TabsProps<Name extends string> {
  label: string;
  names: readonly Name[];
  chosen: Name;
  word: (name: Name) => string;
  onChoose: (name: Name) => void;
}

/** A row of views of which one is shown; the arrow keys go from one to the next. */
export function Tabs<Name extends string>({ label, names, chosen, word, onChoose }: TabsProps<Name>) {
  const list = useRef<HTMLDivElement>(null);
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = (names.indexOf(chosen) + step + names.length) % names.length;
    onChoose(names[at] as Name);
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
  };
  return (
    <div ref={list} role="tablist" aria-label={label} className={styles.tabs} onKeyDown={key}>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={name === chosen}
          tabIndex={name === chosen ? 0 : -1}
          className={styles.tab}
          onClick={() => onChoose(name)}
        >
          {word(name)}
        </button>
      ))}
    </div>
  );
}
