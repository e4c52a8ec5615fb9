import { createContext, useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { initial, isExpression, pointed, problemsOf, type Found, type Json, type JsonSchema } from './schema';
import { SchemaField } from './SchemaField';

export interface Said {
  pointer: string;
  message: string;
}

export interface FormContext {
  root: JsonSchema;
  found: ReadonlyMap<string, Found>;
  said: ReadonlyMap<string, string>;
  isShown: (pointer: string) => boolean;
  touch: (pointer: string) => void;
  /** A part whose text is no JSON yet keeps the form from being sent. */
  setBroken: (pointer: string, broken: boolean) => void;
  /** Any value may be an expression instead. */
  expressions: boolean;
}

export const Form = createContext<FormContext | null>(null);

export interface SchemaFormProps {
  schema: JsonSchema;
  value: Json;
  onChange: (value: Json) => void;
  /** Show every problem, not only those of fields that were left. */
  showAll?: boolean;
  /** What the server said of the value last sent. */
  said?: Said[];
  onBroken?: (broken: boolean) => void;
  /** Any value may be a text with `{{ }}` instead, which is not judged by its field's schema. */
  expressions?: boolean;
}

/** A form drawn from a JSON Schema. What it cannot draw as fields is edited as JSON in its place. */
export function SchemaForm({
  schema,
  value,
  onChange,
  showAll = false,
  said = [],
  onBroken,
  expressions = false,
}: SchemaFormProps) {
  const { t } = useTranslation('forms');
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [, setBrokenParts] = useState<ReadonlySet<string>>(new Set());
  const touch = useCallback(
    (pointer: string) =>
      setTouched((before) => (before.has(pointer) ? before : new Set([...before, pointer]))),
    [],
  );
  const setBroken = useCallback(
    (pointer: string, broken: boolean) =>
      setBrokenParts((before) => {
        if (before.has(pointer) === broken) return before;
        const after = new Set(before);
        if (broken) after.add(pointer);
        else after.delete(pointer);
        queueMicrotask(() => onBroken?.(after.size > 0));
        return after;
      }),
    [onBroken],
  );
  const context = useMemo<FormContext>(() => {
    const found = new Map<string, Found>();
    for (const one of problemsOf(schema, value, schema)) {
      if (expressions && isExpression(pointed(value, one.pointer))) continue;
      if (!found.has(one.pointer)) found.set(one.pointer, one);
    }
    return {
      root: schema,
      found,
      said: new Map(said.map(({ pointer, message }) => [pointer, message])),
      isShown: (pointer) => showAll || touched.has(pointer),
      touch,
      setBroken,
      expressions,
    };
  }, [schema, value, said, showAll, touched, touch, setBroken, expressions]);
  return (
    <Form value={context}>
      <SchemaField
        schema={schema}
        value={value}
        onChange={onChange}
        pointer=""
        name={t('value')}
        required
        top
      />
    </Form>
  );
}

/** What a form of this schema starts with. */
export function startOf(schema: JsonSchema): Json {
  return initial(schema, schema) ?? {};
}
