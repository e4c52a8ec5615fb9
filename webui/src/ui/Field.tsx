import { useId, type ComponentProps, type ReactNode, type SelectHTMLAttributes } from 'react';
import styles from './Field.module.css';
import { Marked } from './Marked';

export interface Described {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': true | undefined;
}

export interface FieldProps {
  label: string;
  help?: ReactNode;
  error?: string | undefined;
  required?: boolean;
  /** Beside the label: a toggle, a reset button. */
  aside?: ReactNode;
  /** Draws the control; spread the attributes on it. */
  children: (described: Described) => ReactNode;
}

/** A label, a control, its help and its error, tied together for screen readers. */
export function Field({ label, help, error, required, aside, children }: FieldProps) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <div className={styles.top}>
        <label htmlFor={id}>
          {label}
          {required && (
            <span aria-hidden className={styles.required}>
              {' '}
              *
            </span>
          )}
        </label>
        {aside}
      </div>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
      {help && (
        <p id={`${id}-help`} className={styles.help}>
          {typeof help === 'string' ? <Marked text={help} /> : help}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

export function TextInput({ className, ...rest }: ComponentProps<'input'>) {
  return <input {...rest} className={[styles.control, className].filter(Boolean).join(' ')} />;
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea {...rest} className={[styles.control, styles.area, className].filter(Boolean).join(' ')} />
  );
}

/** The browser's own select: it is known to every reader and every phone. */
export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={[styles.control, className].filter(Boolean).join(' ')} />;
}
