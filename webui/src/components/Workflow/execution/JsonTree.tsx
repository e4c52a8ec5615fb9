import { Link2 } from 'lucide-react';
import { createContext, useContext, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { placeIn, type Holds } from '../../../execution/values';
import { count } from '../../../i18n/format';
import styles from './JsonTree.module.css';

const PAGE = 100;
const LONGEST = 400;
const OPEN_DEPTH = 2;
const OPEN_SIZE = 20;

/** What all parts of a tree share. */
export interface Looking {
  /** What is looked for, and whether a part holds it: only what does is shown, and is open. */
  words: string;
  holds: Holds;
  says: (text: string) => boolean;
  copyPlace: (place: string) => void;
}

const Tree = createContext<Looking>({
  words: '',
  holds: () => true,
  says: () => true,
  copyPlace: () => undefined,
});
export const JsonLooking = Tree.Provider;

interface Part {
  value: unknown;
  name?: string;
  /** Where it stands. */
  place?: string;
  depth?: number;
}

/** A JSON value as a tree whose branches exist once they are opened; large ones by pages of a hundred. */
export function JsonTree({ value, name, place = '', depth = 0 }: Part) {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
    return <Branch value={value} name={name} place={place} depth={depth} />;
  return (
    <div className={styles.leaf}>
      {name !== undefined && <Name name={name} />}
      {typeof value === 'object' && value !== null ? (
        <span className={styles.empty}>{Array.isArray(value) ? '[ ]' : '{ }'}</span>
      ) : (
        <Scalar value={value} />
      )}
      {depth > 0 && <Place place={place} />}
    </div>
  );
}

type BranchProps = { value: object; name: string | undefined; place: string; depth: number };

function Branch({ value, name, place, depth }: BranchProps) {
  const { t } = useTranslation('execution');
  const looking = useContext(Tree);
  const { words, holds, says } = looking;
  const list = Array.isArray(value);
  const all = Object.entries(value);
  const [shown, setShown] = useState(PAGE);
  const [open, setOpen] = useState(words !== '' || (depth < OPEN_DEPTH && all.length <= OPEN_SIZE));
  const size = list
    ? t('items', { count: all.length, number: count(all.length) })
    : t('members', { count: all.length, number: count(all.length) });
  // Of what is called so, all is shown.
  const whole = words === '' || (name !== undefined && says(name));
  const entries = whole ? all : all.filter(([key, inner]) => holds(inner, list ? undefined : key));
  const inside = entries
    .slice(0, shown)
    .map(([key, inner]) => (
      <JsonTree
        key={key}
        name={key}
        value={inner}
        place={placeIn(place, list ? Number(key) : key)}
        depth={depth + 1}
      />
    ));
  return (
    <div className={styles.branch}>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          {name !== undefined && <Name name={name} />}
          <span className={styles.size}>{size}</span>
        </summary>
        {open && (
          <div className={styles.inside}>
            {whole && words !== '' ? <Tree value={{ ...looking, words: '' }}>{inside}</Tree> : inside}
            {entries.length > shown && (
              <button type="button" className={styles.more} onClick={() => setShown(shown + PAGE)}>
                {t('show_more', { number: count(Math.min(PAGE, entries.length - shown)) })}
              </button>
            )}
          </div>
        )}
      </details>
      {depth > 0 && <Place place={place} />}
    </div>
  );
}

/** Takes the place of a part along: to be written into an expression. */
function Place({ place }: { place: string }) {
  const { t } = useTranslation('execution');
  const { copyPlace } = useContext(Tree);
  const label = t('copy_place', { place });
  return (
    <button
      type="button"
      className={styles.place}
      aria-label={label}
      title={label}
      onClick={() => copyPlace(place)}
    >
      <Link2 size={12} aria-hidden />
    </button>
  );
}

function Name({ name }: { name: string }) {
  return (
    <span className={styles.name}>
      <Found text={name} />:{' '}
    </span>
  );
}

/** A text, marked where it says what is looked for. */
function Found({ text }: { text: string }): ReactNode {
  const { words } = useContext(Tree);
  const at = words === '' ? -1 : text.toLowerCase().indexOf(words.toLowerCase());
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + words.length)}</mark>
      {text.slice(at + words.length)}
    </>
  );
}

function Scalar({ value }: { value: unknown }) {
  const { t } = useTranslation('execution');
  const { words } = useContext(Tree);
  const [whole, setWhole] = useState(words !== '');
  const kind = typeof value;
  if (typeof value !== 'string' || value.length <= LONGEST || whole) {
    return (
      <span data-type={kind}>
        <Found text={typeof value === 'string' ? JSON.stringify(value) : String(value)} />
      </span>
    );
  }
  return (
    <span data-type="string">
      {JSON.stringify(value.slice(0, LONGEST)).slice(0, -1)}…{' '}
      <button type="button" className={styles.more} onClick={() => setWhole(true)}>
        {t('show_all', { number: count(value.length) })}
      </button>
    </span>
  );
}
