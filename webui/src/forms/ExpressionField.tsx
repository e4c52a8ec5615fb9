import { useTranslation } from 'react-i18next';
import { Field } from '../ui/Field';
import { ExpressionInput } from './expression/ExpressionInput';
import { useProblem } from './problem';
import { titleOf, useForm, type PartProps } from './SchemaField';
import { problemsOf, type Json } from './schema';

function shown(value: Json): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A text in which `{{ }}` is computed when the step runs. */
export function ExpressionField({ value, onChange, pointer, name, required, drawn, aside }: PartProps) {
  const { t } = useTranslation('forms');
  const { touch, root } = useForm();
  const { description, examples } = drawn.schema;
  const [example] = Array.isArray(examples) ? (examples as Json[]) : [];
  const label = titleOf(name, drawn);
  return (
    <Field
      label={label}
      help={typeof description === 'string' ? description : undefined}
      error={useProblem(pointer, drawn.schema)}
      required={required}
      aside={aside}
    >
      {(described) => (
        <ExpressionInput
          described={described}
          label={label}
          pointer={pointer}
          hint={typeof example === 'string' ? example : undefined}
          required={required}
          text={shown(value)}
          onBlur={() => touch(pointer)}
          onText={(text) => onChange(text === '' ? undefined : text)}
          judge={(given) =>
            problemsOf(drawn.schema, given, root).length > 0 ? t('expression.unfit') : undefined
          }
        />
      )}
    </Field>
  );
}
