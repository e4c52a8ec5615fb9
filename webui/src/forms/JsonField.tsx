import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, TextArea } from '../ui/Field';
import styles from './forms.module.css';
import { useProblem } from './problem';
import { titleOf, useForm, type PartProps } from './SchemaField';
import type { Json } from './schema';

function written(value: Json): string {
  return value === undefined ? '' : JSON.stringify(value, null, 2);
}

function read(text: string): { value: Json } | { wrong: string } {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

/** A value as JSON text, for what no other field can draw. Text that is no JSON yet stays, and is not sent. */
export function JsonField({ value, onChange, pointer, name, required, drawn, aside }: PartProps) {
  const { t } = useTranslation('forms');
  const { setBroken, touch } = useForm();
  const problem = useProblem(pointer, drawn.schema);
  const [typed, setTyped] = useState({ text: written(value), of: written(value) });
  const text = typed.of === written(value) ? typed.text : written(value);
  const now = read(text);
  const { description } = drawn.schema;
  return (
    <Field
      label={titleOf(name, drawn)}
      help={typeof description === 'string' ? description : t('json_help')}
      error={'wrong' in now ? t('errors.json', { message: now.wrong }) : problem}
      required={required}
      aside={aside}
    >
      {(described) => (
        <TextArea
          {...described}
          className={styles.json}
          spellCheck={false}
          value={text}
          aria-required={required}
          onBlur={() => touch(pointer)}
          onChange={(event) => {
            const next = event.target.value;
            const found = read(next);
            const good = 'value' in found;
            setTyped({ text: next, of: good ? written(found.value) : written(value) });
            setBroken(pointer, !good);
            if (good) onChange(found.value);
          }}
        />
      )}
    </Field>
  );
}
