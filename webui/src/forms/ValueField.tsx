import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/Button';
import { Field, Select, TextArea, TextInput, type Described } from '../ui/Field';
import styles from './forms.module.css';
import { useProblem } from './problem';
import { titleOf, useForm, type PartProps } from './SchemaField';
import { isObject, type Json, type JsonSchema } from './schema';

interface ControlProps {
  described: Described;
  value: Json;
  schema: JsonSchema;
  required: boolean;
  onChange: (value: Json) => void;
  onBlur: () => void;
}

/** A text, number, choice or yes/no: a label, its control, its help and its error. */
export function ValueField({ value, onChange, pointer, name, required, drawn, aside }: PartProps) {
  const { t } = useTranslation('forms');
  const { touch } = useForm();
  const { schema, kind, nullable } = drawn;
  const problem = useProblem(pointer, schema);
  const empty = required ? (nullable ? null : undefined) : undefined;
  const control: Omit<ControlProps, 'described'> = {
    value,
    schema,
    required: required && !nullable,
    onChange: (next) => onChange(next === undefined ? empty : next),
    onBlur: () => touch(pointer),
  };
  const label = titleOf(name, drawn);
  const help = [schema.description, schema.deprecated === true && t('deprecated')].filter(Boolean).join(' ');
  const isFile = kind === 'string' && isLong(schema) && !isRemark(schema);
  return (
    <Field
      label={label}
      help={help || undefined}
      error={problem}
      required={required && !nullable}
      aside={aside ?? (isFile && <FromFile label={label} onText={onChange} />)}
    >
      {(described) => draws[kind === 'string' ? textKind(schema) : kind]?.({ ...control, described })}
    </Field>
  );
}

function isLong(schema: JsonSchema): boolean {
  const short = typeof schema.maxLength === 'number' && schema.maxLength <= 200;
  return !schema.format && !schema.pattern && !short && schema.writeOnly !== true;
}

/** A few sentences are typed, not kept in files. */
function isRemark({ maxLength }: JsonSchema): boolean {
  return typeof maxLength === 'number' && maxLength <= 10_000;
}

function textKind(schema: JsonSchema): string {
  if (schema.format === 'date-time') return 'moment';
  return isLong(schema) ? 'long' : 'text';
}

const TYPES: Record<string, string> = {
  date: 'date',
  time: 'time',
  email: 'email',
  uri: 'url',
  url: 'url',
  password: 'password',
};

function hint(schema: JsonSchema): string | undefined {
  const ui = isObject(schema['x-ui']) ? schema['x-ui'] : {};
  if (typeof ui.placeholder === 'string') return ui.placeholder;
  const [example] = Array.isArray(schema.examples) ? (schema.examples as Json[]) : [];
  return typeof example === 'string' || typeof example === 'number' ? String(example) : undefined;
}

const draws: Record<string, (props: ControlProps) => ReactNode> = {
  text: (props) => <Text {...props} />,
  long: (props) => <Long {...props} />,
  moment: (props) => <Moment {...props} />,
  number: (props) => <Number_ {...props} />,
  boolean: (props) => <YesNo {...props} />,
  enum: (props) => <Choice {...props} options={props.schema.enum as Json[]} />,
  null: () => <code>null</code>,
};

function shownText(value: Json): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
}

/** A text that was emptied is absent where it may be. */
function textOf(text: string, required: boolean): Json {
  return text === '' && !required ? undefined : text;
}

function Text({ described, value, schema, required, onChange, onBlur }: ControlProps) {
  const secret = schema.writeOnly === true;
  return (
    <TextInput
      {...described}
      type={secret ? 'password' : (TYPES[schema.format as string] ?? 'text')}
      autoComplete="off"
      placeholder={hint(schema)}
      aria-required={required}
      value={shownText(value)}
      onBlur={onBlur}
      onChange={(event) => onChange(textOf(event.target.value, required))}
    />
  );
}

function Long({ described, value, schema, required, onChange, onBlur }: ControlProps) {
  return (
    <TextArea
      {...described}
      className={styles.long}
      rows={1}
      placeholder={hint(schema)}
      aria-required={required}
      value={shownText(value)}
      onBlur={onBlur}
      onChange={(event) => onChange(textOf(event.target.value, required))}
    />
  );
}

/** Take a long text from a file. */
function FromFile({ label, onText }: { label: string; onText: (text: string) => void }) {
  const { t } = useTranslation('forms');
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-hidden
        tabIndex={-1}
        onChange={(event) => {
          void event.target.files?.[0]?.text().then(onText);
          event.target.value = '';
        }}
      />
      <Button
        kind="quiet"
        className={styles.file ?? ''}
        aria-label={t('from_file_named', { name: label })}
        onClick={() => input.current?.click()}
      >
        {t('from_file')}
      </Button>
    </>
  );
}

/** A moment is chosen in the person's time zone and kept with it told. */
function Moment({ described, value, required, onChange, onBlur }: ControlProps) {
  const at = typeof value === 'string' ? new Date(value) : null;
  const known = at !== null && !Number.isNaN(at.getTime());
  const local = known
    ? new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
    : '';
  return (
    <TextInput
      {...described}
      type="datetime-local"
      step={1}
      aria-required={required}
      value={local}
      onBlur={onBlur}
      onChange={(event) => {
        const text = event.target.value;
        onChange(text === '' ? undefined : new Date(text).toISOString());
      }}
    />
  );
}

/** The number a text is; a text that is none stays what it is, and the schema says so. */
function numberOf(text: string): Json {
  if (text.trim() === '') return undefined;
  const found = Number(text);
  return Number.isFinite(found) ? found : text;
}

function Number_({ described, value, schema, required, onChange, onBlur }: ControlProps) {
  const [typed, setTyped] = useState('');
  const shown = numberOf(typed) === value && typed !== '' ? typed : shownText(value);
  return (
    <TextInput
      {...described}
      inputMode={schema.type === 'integer' ? 'numeric' : 'decimal'}
      autoComplete="off"
      placeholder={hint(schema)}
      aria-required={required}
      value={shown}
      onBlur={onBlur}
      onChange={(event) => {
        setTyped(event.target.value);
        onChange(numberOf(event.target.value));
      }}
    />
  );
}

function YesNo({ described, value, required, onChange, onBlur, schema }: ControlProps) {
  const { t } = useTranslation('forms');
  if (required || typeof schema.default === 'boolean') {
    return (
      <span className={styles.check}>
        <input
          {...described}
          type="checkbox"
          checked={value === true}
          onBlur={onBlur}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span aria-hidden>{t(value === true ? 'yes' : 'no')}</span>
      </span>
    );
  }
  return (
    <Choice
      {...{ described, value, required, onChange, onBlur, schema }}
      options={[true, false]}
      words={{ true: t('yes'), false: t('no') }}
    />
  );
}

function Choice({
  described,
  value,
  required,
  onChange,
  onBlur,
  options,
  words = {},
}: ControlProps & { options: Json[]; words?: Record<string, string> }) {
  const at = options.findIndex((option) => JSON.stringify(option) === JSON.stringify(value));
  return (
    <Select
      {...described}
      aria-required={required}
      value={at}
      onBlur={onBlur}
      onChange={(event) => onChange(options[Number(event.target.value)])}
    >
      {(at < 0 || !required) && <option value={-1}>–</option>}
      {options.map((option, index) => (
        <option key={index} value={index}>
          {words[String(option)] ?? (typeof option === 'string' ? option : JSON.stringify(option))}
        </option>
      ))}
    </Select>
  );
}
