import { ArrowDown, ArrowUp, Braces, Equal, Plus, Trash2 } from 'lucide-react';
import { use, useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, IconButton } from '../ui/Button';
import { Field, Select, TextInput } from '../ui/Field';
import { answer } from '../ui/LiveRegion';
import { Marked } from '../ui/Marked';
import { ExpressionField } from './ExpressionField';
import styles from './forms.module.css';
import { JsonField } from './JsonField';
import {
  alternativeOf,
  draw,
  expressionUse,
  initial,
  isExpression,
  isObject,
  nameOf,
  step,
  type Drawn,
  type Json,
} from './schema';
import { Form, type FormContext } from './SchemaForm';
import { useProblem } from './problem';
import { ValueField } from './ValueField';

export interface PartProps {
  value: Json;
  onChange: (value: Json) => void;
  pointer: string;
  name: string;
  required: boolean;
  drawn: Drawn;
  /** Beside the label: how to take it away. */
  aside?: ReactNode;
  top?: boolean | undefined;
}

export interface SchemaFieldProps extends Omit<PartProps, 'drawn'> {
  schema: Json;
  depth?: number;
}

const DEEPEST = 12;
const PARTS = ['object', 'map', 'array', 'union', 'json'];

export function useForm(): FormContext {
  const form = use(Form);
  if (!form) throw new Error('A field stands outside of a form.');
  return form;
}

/** One value of a form, whatever its schema is. */
export function SchemaField({ schema, depth = 0, ...part }: SchemaFieldProps) {
  const { t } = useTranslation('forms');
  const { root, expressions } = useForm();
  const [asked, setAsked] = useState(isExpression(part.value) || part.value === '');
  const [asJson, setAsJson] = useState(false);
  const drawn = draw(schema, root);
  const { kind, nullable } = drawn;
  const { value, onChange, required, top } = part;
  const label = titleOf(part.name, drawn);
  if (kind === 'const') return null; // it stands in the value already: `initial` put it there
  const absent = value === undefined || (value === null && nullable && kind !== 'json');
  const mayGo = !top && (!required || nullable);
  const use = expressions && !top ? expressionUse(drawn.schema) : 'never';
  const isText = use === 'always' || kind === 'string';
  // A text under any value: an expression while it is asked for, or just begun.
  const written = isText || (kind === 'json' ? asked && typeof value === 'string' : isExpression(value));
  if (use !== 'never' && written) {
    const back = !isText && (
      <IconButton
        label={t('as_value', { name: label })}
        icon={<Equal size={14} aria-hidden />}
        aria-pressed
        onClick={() => {
          setAsked(false);
          onChange(initial(plain(drawn), root, required));
        }}
      />
    );
    return (
      <div className={styles.place} data-pointer={part.pointer}>
        <ExpressionField {...part} drawn={drawn} aside={part.aside ?? (back || undefined)} />
      </div>
    );
  }
  if (PARTS.includes(kind) && absent && mayGo && kind !== 'json') {
    return (
      <div className={styles.absent}>
        <Button kind="quiet" onClick={() => onChange(initial(plain(drawn), root) ?? {})}>
          <Plus size={14} aria-hidden />
          {t('add', { name: label })}
        </Button>
        {typeof drawn.schema.description === 'string' && (
          <small>
            <Marked text={drawn.schema.description} />
          </small>
        )}
      </div>
    );
  }
  const take = mayGo && PARTS.includes(kind) && kind !== 'json' && (
    <IconButton
      label={t('remove', { name: label })}
      icon={<Trash2 size={14} aria-hidden />}
      onClick={() => onChange(required ? null : undefined)}
    />
  );
  const toggle = use === 'may' && (
    <IconButton
      label={t('as_expression', { name: label })}
      icon={<Equal size={14} aria-hidden />}
      aria-pressed={false}
      onClick={() => {
        setAsked(true);
        onChange('{{  }}');
      }}
    />
  );
  // An object of any form is drawn member by member, so that each can be an expression.
  const open = kind === 'json' && use !== 'never' && isObject(value);
  const form = open && (
    <IconButton
      label={t('as_json', { name: label })}
      icon={<Braces size={14} aria-hidden />}
      aria-pressed={asJson}
      onClick={() => setAsJson(!asJson)}
    />
  );
  const aside =
    toggle || form ? (
      <span className={styles.tools}>
        {part.aside ?? take}
        {form}
        {toggle}
      </span>
    ) : (
      (part.aside ?? (take || undefined))
    );
  return (
    <div className={styles.place} data-pointer={part.pointer}>
      <Drawing
        {...part}
        onChange={(next) => {
          // Whoever writes JSON goes on writing it, also when it has become an object.
          if (kind === 'json' && !open && isObject(next)) setAsJson(true);
          onChange(next);
        }}
        drawn={open && !asJson ? asMap(drawn) : drawn}
        aside={aside}
        depth={depth}
      />
    </div>
  );
}

function asMap({ schema, ...drawn }: Drawn): Drawn {
  return { ...drawn, kind: 'map', schema: { ...schema, additionalProperties: {} } };
}

function Drawing({ depth, ...all }: PartProps & { depth: number }) {
  const { kind } = all.drawn;
  if (depth > DEEPEST || kind === 'json') return <JsonField {...all} />;
  if (kind === 'object') return <ObjectField {...all} depth={depth} />;
  if (kind === 'map') return <MapField {...all} depth={depth} />;
  if (kind === 'array') return <ArrayField {...all} depth={depth} />;
  if (kind === 'union') return <UnionField {...all} depth={depth} />;
  return <ValueField {...all} />;
}

/** What is added on demand starts filled even where it may be null or has null as its default. */
function plain({ schema, kind, alternatives }: Drawn): Json {
  const { default: given, ...rest } = schema;
  const start = given === null || given === undefined ? rest : schema;
  return kind === 'union' ? { ...start, anyOf: alternatives, oneOf: undefined } : start;
}

/** What a class is called says less than the member: `OnError` of `on_error`. */
const CLASS = /^([A-Z][a-z0-9]+){2,}$/;

export function titleOf(name: string, { schema }: Drawn): string {
  const { title } = schema;
  if (typeof title !== 'string') return name;
  if (!CLASS.test(title) || name === '') return title;
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Group({
  name,
  drawn,
  pointer,
  required,
  aside,
  top,
  children,
}: PartProps & { children: ReactNode }) {
  const problem = useProblem(pointer, drawn.schema);
  const id = useId();
  const { description } = drawn.schema;
  const described = [typeof description === 'string' && `${id}-help`, problem && `${id}-error`].filter(
    Boolean,
  );
  return (
    <fieldset
      className={top ? styles.top : styles.group}
      aria-describedby={described.length > 0 ? described.join(' ') : undefined}
    >
      {top ? (
        <legend className="visually-hidden">{titleOf(name, drawn)}</legend>
      ) : (
        <legend>
          {titleOf(name, drawn)}
          {required && (
            <span aria-hidden className={styles.required}>
              {' *'}
            </span>
          )}
          {aside}
        </legend>
      )}
      {typeof description === 'string' && !top && (
        <p id={`${id}-help`} className={styles.help}>
          <Marked text={description} />
        </p>
      )}
      {problem && (
        <p id={`${id}-error`} className={styles.error}>
          {problem}
        </p>
      )}
      {children}
    </fieldset>
  );
}

function without(value: Record<string, Json>, name: string): Record<string, Json> {
  return Object.fromEntries(Object.entries(value).filter(([one]) => one !== name));
}

function ObjectField(part: PartProps & { depth: number }) {
  const { t } = useTranslation('forms');
  const { value, onChange, pointer, drawn, depth } = part;
  const { schema } = drawn;
  const here = isObject(value) ? value : {};
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = (schema.required as string[] | undefined) ?? [];
  const set = (name: string, next: Json): void =>
    onChange(next === undefined ? without(here, name) : { ...here, [name]: next });
  const others = Object.keys(here).filter((name) => !(name in properties));
  const more = schema.additionalProperties;
  return (
    <Group {...part}>
      {Object.entries(properties).map(([name, property]) => (
        <SchemaField
          key={name}
          schema={property}
          value={here[name]}
          onChange={(next) => set(name, next)}
          pointer={pointer + step(name)}
          name={name}
          required={required.includes(name)}
          depth={depth + 1}
        />
      ))}
      {(others.length > 0 || isObject(more)) && (
        <Entries
          entries={others.map((name) => [name, here[name]])}
          schema={isObject(more) ? more : {}}
          onChange={(entries) =>
            onChange({
              ...Object.fromEntries(Object.entries(here).filter(([name]) => name in properties)),
              ...Object.fromEntries(entries),
            })
          }
          pointer={pointer}
          label={t('more_entries')}
          depth={depth}
        />
      )}
    </Group>
  );
}

function MapField(part: PartProps & { depth: number }) {
  const { value, onChange, pointer, drawn, depth, name } = part;
  const more = drawn.schema.additionalProperties;
  return (
    <Group {...part}>
      <Entries
        entries={Object.entries(isObject(value) ? value : {})}
        schema={isObject(more) ? more : {}}
        onChange={(entries) => onChange(Object.fromEntries(entries))}
        pointer={pointer}
        label={titleOf(name, drawn)}
        depth={depth}
      />
    </Group>
  );
}

/** Names that the person chooses, each with a value. */
function Entries({
  entries,
  schema,
  onChange,
  pointer,
  label,
  depth,
}: {
  entries: [string, Json][];
  schema: Json;
  onChange: (entries: [string, Json][]) => void;
  pointer: string;
  label: string;
  depth: number;
}) {
  const { t } = useTranslation('forms');
  const { root } = useForm();
  const [typed, setTyped] = useState('');
  const taken = entries.some(([name]) => name === typed);
  const why = typed === '' ? t('name_needed') : taken ? t('name_taken') : undefined;
  const add = (): void => {
    if (why) return;
    onChange([...entries, [typed, initial(schema, root) ?? '']]);
    setTyped('');
  };
  return (
    <>
      {entries.map(([name, value], at) => (
        <SchemaField
          key={name}
          schema={schema}
          value={value}
          onChange={(next) =>
            onChange(entries.map((entry, index) => (index === at ? [name, next ?? ''] : entry)))
          }
          pointer={pointer + step(name)}
          name={name}
          required
          depth={depth + 1}
          aside={
            <IconButton
              label={t('remove', { name })}
              icon={<Trash2 size={14} aria-hidden />}
              onClick={() => onChange(entries.filter((_, index) => index !== at))}
            />
          }
        />
      ))}
      <div className={styles.adder}>
        <TextInput
          aria-label={t('new_name', { name: label })}
          placeholder={t('name')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event: KeyboardEvent) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
        <Button why={why} onClick={add}>
          <Plus size={14} aria-hidden />
          {t('add_entry')}
        </Button>
      </div>
    </>
  );
}

function moved<T>(items: readonly T[], from: number, by: number): T[] {
  const after = [...items];
  const [item] = after.splice(from, 1);
  after.splice(from + by, 0, item as T);
  return after;
}

function ArrayField(part: PartProps & { depth: number }) {
  const { t } = useTranslation('forms');
  const { root } = useForm();
  const { value, onChange, pointer, drawn, depth } = part;
  const { schema } = drawn;
  const items = Array.isArray(value) ? (value as Json[]) : [];
  const most = typeof schema.maxItems === 'number' ? schema.maxItems : Infinity;
  const name = (at: number): string => t('item', { at: at + 1 });
  const move = (at: number, by: number): void => {
    if (at + by < 0 || at + by >= items.length) return;
    onChange(moved(items, at, by));
    answer(t('moved', { at: at + by + 1 }));
  };
  return (
    <Group {...part}>
      {items.map((item, at) => (
        <div
          key={at}
          className={styles.item}
          onKeyDown={(event) => {
            if (!event.altKey || !['ArrowUp', 'ArrowDown'].includes(event.key)) return;
            event.preventDefault();
            move(at, event.key === 'ArrowUp' ? -1 : 1);
          }}
        >
          <SchemaField
            schema={schema.items ?? {}}
            value={item}
            onChange={(next) => onChange(items.map((one, index) => (index === at ? (next ?? null) : one)))}
            pointer={pointer + step(at)}
            name={name(at)}
            required
            depth={depth + 1}
            aside={
              <span className={styles.tools}>
                <IconButton
                  label={t('up', { name: name(at) })}
                  icon={<ArrowUp size={14} aria-hidden />}
                  disabled={at === 0}
                  onClick={() => move(at, -1)}
                />
                <IconButton
                  label={t('down', { name: name(at) })}
                  icon={<ArrowDown size={14} aria-hidden />}
                  disabled={at === items.length - 1}
                  onClick={() => move(at, 1)}
                />
                <IconButton
                  label={t('remove', { name: name(at) })}
                  icon={<Trash2 size={14} aria-hidden />}
                  onClick={() => onChange(items.filter((_, index) => index !== at))}
                />
              </span>
            }
          />
        </div>
      ))}
      <Button
        why={items.length >= most ? t('full', { count: most }) : undefined}
        onClick={() => onChange([...items, initial(schema.items ?? {}, root) ?? ''])}
      >
        <Plus size={14} aria-hidden />
        {t('add_item')}
      </Button>
    </Group>
  );
}

function UnionField(part: PartProps & { depth: number }) {
  const { t } = useTranslation('forms');
  const { root } = useForm();
  const { value, onChange, drawn, depth, pointer, name } = part;
  const [chosen, setChosen] = useState<number | null>(null);
  const at = chosen ?? alternativeOf(drawn, value, root);
  const option = drawn.alternatives[at];
  return (
    <Group {...part}>
      <Field label={t('alternative')}>
        {(described) => (
          <Select
            {...described}
            value={at}
            onChange={(event) => {
              const next = Number(event.target.value);
              setChosen(next);
              onChange(initial(drawn.alternatives[next], root));
            }}
          >
            {drawn.alternatives.map((one, index) => {
              const named = nameOf(one, root);
              return (
                <option key={index} value={index}>
                  {'text' in named ? named.text : t(`kinds.${named.kind}`)}
                </option>
              );
            })}
          </Select>
        )}
      </Field>
      <SchemaField
        schema={{ ...option, title: undefined }}
        value={value}
        onChange={onChange}
        pointer={pointer}
        name={name}
        required
        top={draw(option, root).kind === 'object'}
        depth={depth + 1}
      />
    </Group>
  );
}
