import { Field, TextArea } from '../ui/Field';
import styles from './forms.module.css';
import { useProblem } from './problem';
import { titleOf, useForm, type PartProps } from './SchemaField';
import type { Json } from './schema';

function shown(value: Json): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A text in which `{{ }}` is computed when the step runs. */
export function ExpressionField({ value, onChange, pointer, name, required, drawn, aside }: PartProps) {
  const { touch } = useForm();
  const { description, examples } = drawn.schema;
  const [example] = Array.isArray(examples) ? (examples as Json[]) : [];
  return (
    <Field
      label={titleOf(name, drawn)}
      help={typeof description === 'string' ? description : undefined}
      error={useProblem(pointer, drawn.schema)}
      required={required}
      aside={aside}
    >
      {(described) => (
        <TextArea
          {...described}
          className={styles.expression}
          rows={1}
          spellCheck={false}
          autoComplete="off"
          placeholder={typeof example === 'string' ? example : undefined}
          aria-required={required}
          value={shown(value)}
          onBlur={() => touch(pointer)}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
        />
      )}
    </Field>
  );
}
