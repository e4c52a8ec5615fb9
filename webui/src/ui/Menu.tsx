import { DropdownMenu } from 'radix-ui';
import type { ReactElement, ReactNode } from 'react';
import styles from './Menu.module.css';

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  keys?: string;
  danger?: boolean;
  /** Why it cannot be chosen; shown below the label. */
  why?: string | undefined;
  onSelect: () => void;
}

type Items = readonly (MenuItem | null)[];

/** A menu that opens from a button. `null` draws a line between groups. */
export function Menu({
  label,
  trigger,
  items,
  onClose,
}: {
  label: string;
  trigger: ReactElement;
  /** A function is asked when the menu opens. */
  items: Items | (() => Items);
  /** Puts the focus where it goes when the menu is closed; else its button gets it. */
  onClose?: () => void;
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className={styles.menu}
          align="end"
          sideOffset={4}
          aria-label={label}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            if (!onClose) return;
            event.preventDefault();
            onClose();
          }}
        >
          <MenuItems items={items} />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

function MenuItems({ items }: { items: Items | (() => Items) }) {
  return (
    <>
      {(typeof items === 'function' ? items() : items).map((item, at) =>
        item === null ? (
          <DropdownMenu.Separator key={at} className={styles.line} />
        ) : (
          <DropdownMenu.Item
            key={item.label}
            className={styles.item}
            data-danger={item.danger || undefined}
            // Not `disabled`: the keyboard would pass it by, and nobody would hear why.
            aria-disabled={item.why ? true : undefined}
            onSelect={(event) => (item.why ? event.preventDefault() : item.onSelect())}
          >
            {item.icon}
            <span className={styles.label}>
              {item.label}
              {item.why && <small>{item.why}</small>}
            </span>
            {item.keys && <kbd>{item.keys}</kbd>}
          </DropdownMenu.Item>
        ),
      )}
    </>
  );
}
