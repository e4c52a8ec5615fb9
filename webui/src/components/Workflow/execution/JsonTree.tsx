import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { count } from '../../../i18n/format';
import styles from './JsonTree.module.css';

const PAGE = 100;
const LONGEST = 400;
const OPEN_DEPTH = 2;
const OPEN_SIZE = 20;

/** A JSON value as a tree whose branches exist once they are opened; large ones by pages of a hundred. */
export function JsonTree({ value, name, depth = 0 }: { value: unknown; name?: string; depth?: number }) {
  if (typeof value !== 'object' || value === null) {
    return (
      <div className={styles.leaf}>
        {name !== undefined && <Name name={name} />}
        <Scalar value={value} />
      </div>
    );
  }
  return <Branch value={value} name={name} depth={depth} />;
}

function Branch({ value, name, depth }: { value: object; name: string | undefined; depth: number }) {
  const { t } = useTranslation('execution');
  const entries = Object.entries(value);
  const [shown, setShown] = useState(PAGE);
  const [open, setOpen] = useState(depth < OPEN_DEPTH && entries.length <= OPEN_SIZE);
  const size = Array.isArray(value)
    ? t('items', { count: entries.length, number: count(entries.length) })
    : t('members', { count: entries.length, number: count(entries.length) });
  if (entries.length === 0) {
    return (
      <div className={styles.leaf}>
        {name !== undefined && <Name name={name} />}
        <span className={styles.empty}>{Array.isArray(value) ? '[ ]' : '{ }'}</span>
      </div>
    );
  }
  return (
    <details className={styles.branch} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {name !== undefined && <Name name={name} />}
        <span className={styles.size}>{size}</span>
      </summary>
      {open && (
        <div className={styles.inside}>
          {entries.slice(0, shown).map(([key, inner]) => (
            <JsonTree key={key} name={key} value={inner} depth={depth + 1} />
          ))}
          {entries.length > shown && (
            <button type="button" className={styles.more} onClick={() => setShown(shown + PAGE)}>
              {t('show_more', { number: count(Math.min(PAGE, entries.length - shown)) })}
            </button>
          )}
        </div>
      )}
    </details>
  );
}

function Name({ name }: { name: string }) {
  return <span className={styles.name}>{name}: </span>;
}

function Scalar({ value }: { value: unknown }) {
  const { t } = useTranslation('execution');
  const [whole, setWhole] = useState(false);
  if (typeof value !== 'string') return <span data-type={typeof value}>{String(value)}</span>;
  if (value.length <= LONGEST || whole) return <span data-type="string">{JSON.stringify(value)}</span>;
  return (
    <span data-type="string">
      {JSON.stringify(value.slice(0, LONGEST)).slice(0, -1)}…{' '}
      <button type="button" className={styles.more} onClick={() => setWhole(true)}>
        {t('show_all', { number: count(value.length) })}
      </button>
    </span>
  );
}
