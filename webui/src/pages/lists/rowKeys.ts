/** Keys of lists: J and K move, Enter opens, `/` searches, `.` opens the row's menu. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../keyboard/keys';

function rowAt(index: number): HTMLElement | null {
  return document.querySelector<HTMLElement>(`[data-row="${index}"]`);
}

/** The row the keyboard is at; -1 before the first key. Rows mark their main link with `data-row`. */
export function useRowKeys(rows: number, scope: string): number {
  const { t } = useTranslation();
  const [at, setAt] = useState(-1);
  const now = useRef({ at, rows });
  useEffect(() => {
    now.current = { at, rows };
  });
  const keys = useMemo(() => {
    const move = (by: number) => () => {
      const next = Math.max(0, Math.min(now.current.rows - 1, now.current.at + by));
      now.current.at = next; // the next key may come before this one is rendered
      setAt(next);
      rowAt(next)?.focus();
    };
    const menu = (): void => {
      const button = rowAt(now.current.at)?.closest('tr')?.querySelector<HTMLElement>('[data-menu] button');
      button?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    };
    return [
      { keys: 'J', label: t('keys.next'), scope, run: move(1) },
      { keys: 'K', label: t('keys.previous'), scope, run: move(-1) },
      { keys: '.', label: t('keys.menu'), scope, run: menu },
      {
        keys: '/',
        label: t('keys.search'),
        scope,
        run: () => document.querySelector<HTMLElement>('[data-search]')?.focus(),
      },
    ];
  }, [t, scope]);
  useKeys(keys);
  return Math.min(at, rows - 1);
}

const REST_MS = 250;

/** A text that is typed here and told when typing rests; it follows the address when that changes. */
export function useTyped(value: string, tell: (text: string) => void): [string, (text: string) => void] {
  const [typed, setTyped] = useState({ text: value, for: value });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const text = typed.for === value ? typed.text : value;
  return [
    text,
    (next) => {
      setTyped({ text: next, for: value });
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        setTyped({ text: next, for: next.trim() });
        tell(next.trim());
      }, REST_MS);
    },
  ];
}
