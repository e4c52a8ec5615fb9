import { wordsOf } from '../i18n';
import { LOOKS, type Status } from '../theme/status';
import styles from './StatusBadge.module.css';

/** A status as glyph and word, in its colour. `compact` leaves the word to screen readers and the tooltip. */
export function StatusBadge({
  status,
  compact,
  detail,
}: {
  status: Status;
  compact?: boolean;
  detail?: string;
}) {
  const { hue, glyph } = LOOKS[status];
  const word = wordsOf()(`status.${status}`);
  return (
    <span className={styles.badge} data-hue={hue} title={compact ? word : undefined}>
      <span aria-hidden className={styles.glyph}>
        {glyph}
      </span>
      <span className={compact ? 'visually-hidden' : undefined}>{detail ? `${word} · ${detail}` : word}</span>
    </span>
  );
}
