import type { ReactNode } from 'react';
import styles from './Table.module.css';

export interface Column {
  /** Its heading; read out, but not seen, with `hidden`. */
  label: string;
  hidden?: boolean;
  /** Numbers stand at the end. */
  end?: boolean;
  /** Left out on a phone. */
  wide?: boolean;
  /** How much of the width, so that tables below one another stand in line: `30%`. */
  share?: string;
}

/** A table of rows that one can read on a phone, too: there every row is a card of its cells. */
export function Table({
  label,
  columns,
  children,
}: {
  label: string;
  columns: Column[];
  children: ReactNode;
}) {
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.label}
                scope="col"
                data-end={column.end || undefined}
                data-wide={column.wide || undefined}
                style={column.share === undefined ? undefined : { width: column.share }}
              >
                <span className={column.hidden ? 'visually-hidden' : undefined}>{column.label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export const cells = styles;
