import { Slot } from 'radix-ui';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Tooltip } from './Tooltip';
import styles from './Button.module.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  /** Renders the only child (a link, say) as the button. */
  asChild?: boolean;
  busy?: boolean;
  /** Why it cannot be used: shown on hover and focus and told to screen readers; disables it. */
  why?: string | undefined;
  children?: ReactNode;
}

/** A push button. One that may not be used stays focusable and says why. */
export function Button({ kind = 'plain', asChild, busy, why, className, onClick, ...rest }: ButtonProps) {
  const Element = asChild ? Slot.Root : 'button';
  const off = Boolean(why) || Boolean(busy) || Boolean(rest.disabled);
  const button = (
    <Element
      type={asChild ? undefined : 'button'}
      {...rest}
      disabled={undefined}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      className={[styles.button, styles[kind], className].filter(Boolean).join(' ')}
      onClick={off ? (event) => event.preventDefault() : onClick}
    />
  );
  return why ? <Tooltip text={why}>{button}</Tooltip> : button;
}

export interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  label: string;
  icon: ReactNode;
}

/** A button with an icon alone; its label is its tooltip and its name. */
export function IconButton({ label, icon, why, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={why ?? label}>
      <Button
        kind="quiet"
        {...rest}
        aria-label={label}
        className={[styles.icon, className].filter(Boolean).join(' ')}
        {...(why ? { disabled: true } : {})}
      >
        {icon}
      </Button>
    </Tooltip>
  );
}
