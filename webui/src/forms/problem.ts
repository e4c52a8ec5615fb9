/** What a field says of its value: what the server said, else what its schema asks for. */
import { use } from 'react';
import { useTranslation } from 'react-i18next';
import type { JsonSchema } from './schema';
import { Form } from './SchemaForm';

const WITH_LIMIT = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'];
const WITH_COUNT = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'];
const PLAIN = [
  'required',
  'type',
  'enum',
  'pattern',
  'format',
  'uniqueItems',
  'anyOf',
  'oneOf',
  'additionalProperties',
];

export function useProblem(pointer: string, schema: JsonSchema): string | undefined {
  const { t } = useTranslation('forms');
  const form = use(Form);
  const said = form?.said.get(pointer);
  if (said !== undefined) return said;
  const found = form?.isShown(pointer) ? form.found.get(pointer) : undefined;
  if (!found) return undefined;
  const { keyword, message } = found;
  if (keyword === 'pattern' && typeof schema.pattern !== 'string') return t('errors.oneOf');
  if (WITH_LIMIT.includes(keyword)) return t(`errors.${keyword}`, { limit: schema[keyword] });
  if (WITH_COUNT.includes(keyword)) return t(`errors.${keyword}`, { count: Number(schema[keyword]) });
  if (keyword === 'format') return t('errors.format', { format: schema.format });
  return PLAIN.includes(keyword) ? t(`errors.${keyword}`) : message;
}
