/** The forms of what every node and the workflow itself can say beside a type's own config. */
import type { TFunction } from 'i18next';
import type { JsonSchema } from '../../../forms/schema';

const duration = { type: 'string', maxLength: 64, examples: ['30s'] };
const plain = { 'x-ui': { expression: false } };

/** A schema whose titles and descriptions come from the words: `<name>` and `<name>_help`. */
function told(t: TFunction, name: string, schema: JsonSchema): JsonSchema {
  const help = t(`field.${name}_help`, { defaultValue: '' });
  return { ...schema, title: t(`field.${name}`), ...(help ? { description: help } : {}) };
}

/** What is known before anything runs: no expression. */
function fixed(t: TFunction, name: string, schema: JsonSchema): JsonSchema {
  return told(t, name, { ...schema, ...plain });
}

export function commonSchema(t: TFunction, runnable: boolean): JsonSchema {
  const properties = {
    label: told(t, 'label', { type: 'string', maxLength: 200, ...plain }),
    ...(runnable ? { note: told(t, 'note', { type: 'string', maxLength: 4000, ...plain }) } : {}),
  };
  return { type: 'object', properties };
}

/** Only these are written by the advanced form; a `join` in its long form is kept as it is. */
export const ADVANCED = [
  'join',
  'timeout',
  'retry',
  'queue',
  'priority',
  'on_worker_loss',
  'max_iterations',
] as const;

export function advancedSchema(t: TFunction): JsonSchema {
  const retry = {
    type: 'object',
    properties: {
      max_attempts: told(t, 'max_attempts', { type: 'integer', minimum: 1, maximum: 1000 }),
      backoff: told(t, 'backoff', { enum: ['fixed', 'linear', 'exponential'] }),
      initial: told(t, 'initial', duration),
      max: told(t, 'max', duration),
      jitter: told(t, 'jitter', { type: 'number', minimum: 0, maximum: 1 }),
      on: told(t, 'on', { type: 'array', items: { type: 'string', maxLength: 200 } }),
    },
    additionalProperties: false,
  };
  const join = { enum: ['auto', 'all', 'any'] };
  const long = { type: 'object', title: 'mode', properties: { mode: join } };
  return {
    type: 'object',
    properties: {
      join: told(t, 'join', { anyOf: [{ ...join, title: t('field.join') }, long] }),
      timeout: told(t, 'timeout', duration),
      retry: told(t, 'retry', retry),
      queue: told(t, 'queue', { type: 'string', maxLength: 100 }),
      priority: told(t, 'priority', { type: 'integer', minimum: 0, maximum: 9 }),
      on_worker_loss: told(t, 'on_worker_loss', { enum: ['hold', 'fail', 'retry'] }),
      max_iterations: told(t, 'max_iterations', { type: 'integer', minimum: 1 }),
    },
  };
}

export const OF_WORKFLOW = ['description', 'inputs', 'variables', 'output', 'settings'] as const;

export function workflowSchema(t: TFunction): JsonSchema {
  const settings = {
    type: 'object',
    properties: {
      timeout: fixed(t, 'timeout', duration),
      priority: fixed(t, 'priority', { type: 'integer', minimum: 0, maximum: 9 }),
      max_steps: fixed(t, 'max_steps', { type: 'integer', minimum: 1, maximum: 100_000_000 }),
      concurrency: fixed(t, 'concurrency', {
        type: 'object',
        properties: {
          limit: fixed(t, 'limit', { type: 'integer', minimum: 1, maximum: 100_000 }),
          key: told(t, 'key', { type: 'string', minLength: 1, maxLength: 1000 }),
          on_limit: fixed(t, 'on_limit', { enum: ['queue', 'reject', 'cancel_old'] }),
        },
        required: ['limit'],
      }),
      on_conflict: fixed(t, 'on_conflict', { enum: ['use_existing', 'reject', 'cancel_old'] }),
    },
  };
  return {
    type: 'object',
    properties: {
      description: fixed(t, 'description', { type: 'string' }),
      inputs: fixed(t, 'inputs', {}),
      variables: fixed(t, 'variables', { type: 'object', additionalProperties: plain }),
      output: told(t, 'output', { type: 'object', additionalProperties: {}, ...plain }),
      settings: fixed(t, 'settings', settings),
    },
  };
}
