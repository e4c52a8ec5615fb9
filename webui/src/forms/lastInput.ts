/** The last input of each workflow, kept on this device; without what its schema calls secret. */
import { isObject, problemsOf, type Json, type JsonSchema } from './schema';

const PREFIX = 'fermata:input:';
/** Larger inputs are not kept. */
const MOST = 100_000;

/** Whether a member is a password or the like. */
function isSecret(schema: Json): boolean {
  return isObject(schema) && (schema.writeOnly === true || schema.format === 'password');
}

export function keep(workflowId: string, value: Json, schema: JsonSchema): void {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const open = Object.entries(isObject(value) ? value : {}).filter(([name]) => !isSecret(properties[name]));
  const text = JSON.stringify(Object.fromEntries(open));
  if (text.length > MOST) return;
  try {
    localStorage.setItem(PREFIX + workflowId, text);
  } catch {
    // The store is full or closed: then it is not remembered.
  }
}

/** What was kept, if it still fits the schema. */
export function kept(workflowId: string, schema: JsonSchema): Json {
  const text = localStorage.getItem(PREFIX + workflowId);
  if (text === null) return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) && problemsOf(schema, value, schema).length === 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
