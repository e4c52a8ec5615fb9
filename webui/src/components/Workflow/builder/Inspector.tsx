import { ArrowRight, Ellipsis, Plus, Trash2 } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Target } from '../../../document/change';
import { member, type Json, type JsonObject } from '../../../document/json';
import {
  edgeKeys,
  edgesOf,
  endOf,
  keyText,
  nodeOf,
  type EdgeKey,
  type NodeJson,
} from '../../../document/model';
import { Stand } from '../../../forms/expression/context';
import { ExpressionInput } from '../../../forms/expression/ExpressionInput';
import { SchemaForm } from '../../../forms/SchemaForm';
import type { JsonSchema } from '../../../forms/schema';
import { IconButton } from '../../../ui/Button';
import { Field } from '../../../ui/Field';
import { Marked } from '../../../ui/Marked';
import { Menu } from '../../../ui/Menu';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { configOf, setting } from './deeds';
import { Expressions } from './expressions';
import { typeOf } from './nodeTypes';
import { ADVANCED, advancedSchema, commonSchema, OF_WORKFLOW, workflowSchema } from './schemas';
import { useNodeDeeds } from './useNodeDeeds';
import { placeOfNode, saidBelow } from './validation';

/** What is selected, to be changed: a step, or the workflow itself. */
export function Inspector() {
  const { draft, selected } = useBuilder();
  const node = selected === null ? undefined : nodeOf(draft, selected);
  return <Expressions>{node ? <OfNode key={node.id} node={node} /> : <OfWorkflow />}</Expressions>;
}

/** Where the expressions of a form stand. */
function At({ node, base, children }: { node: string | null; base: string; children: ReactNode }) {
  const stand = useMemo(() => ({ node, base }), [node, base]);
  return <Stand value={stand}>{children}</Stand>;
}

/** Write what a form made of some members; what it left alone is left alone. */
function useWriting(target: Target): (before: JsonObject, after: Json, names?: readonly string[]) => void {
  const { draft, store } = useBuilder();
  return (before, after, names) => {
    const next = (after ?? {}) as JsonObject;
    const changed = (names ?? [...new Set([...Object.keys(before), ...Object.keys(next)])]).filter(
      (name) => before[name] !== next[name],
    );
    const operations = changed.flatMap((name) => setting(draft, target, [name], member(next, name)));
    const [first] = operations;
    const path = first?.op === 'set' ? first.path.join('/') : 'form';
    store.perform(operations, { group: `form:${JSON.stringify(target)}:${path}` });
  };
}

function part(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (name in object ? [[name, object[name] as Json]] : [])));
}

interface PartFormProps {
  schema: JsonSchema;
  object: JsonObject;
  names: readonly string[];
  target: Target;
  place: string;
  expressions?: boolean;
}

/** Some members of an object as a form. */
function PartForm({ schema, object, names, target, place, expressions = false }: PartFormProps) {
  const { judged } = useBuilder();
  const write = useWriting(target);
  const value = useMemo(() => part(object, names), [object, names]);
  const said = useMemo(() => saidBelow(judged.problems, place), [judged, place]);
  return (
    <div data-place={place}>
      <SchemaForm
        schema={schema}
        value={value}
        said={said}
        expressions={expressions}
        onChange={(next) => write(value, next as Json, names)}
      />
    </div>
  );
}

function OfWorkflow() {
  const { t } = useTranslation('builder');
  const { draft } = useBuilder();
  const schema = useMemo(() => workflowSchema(t), [t]);
  return (
    <section className={styles.inspector} aria-label={t('inspector')}>
      <header className={styles.head}>
        <h2>{t('workflow')}</h2>
      </header>
      <At node={null} base="">
        <PartForm
          schema={schema}
          object={draft.definition}
          names={OF_WORKFLOW}
          target={DOCUMENT}
          place=""
          expressions
        />
      </At>
    </section>
  );
}

const DOCUMENT: Target = { in: 'document' };
const COMMON = ['label', 'note'] as const;
const CONFIG = ['config'] as const;

function OfNode({ node }: { node: NodeJson }) {
  const { t } = useTranslation('builder');
  const { draft, types, judged, ask } = useBuilder();
  const deedsOf = useNodeDeeds();
  const type = typeOf(types, node);
  const runnable = type?.runnable !== false;
  const target = useMemo<Target>(() => ({ in: 'node', id: node.id }), [node.id]);
  const place = placeOfNode(draft.definition, node.id);
  const common = useMemo(() => commonSchema(t, runnable), [t, runnable]);
  const advanced = useMemo(() => advancedSchema(t), [t]);
  const said = useMemo(() => saidBelow(judged.problems, `${place}/config`), [judged, place]);
  const { store } = useBuilder();
  const config = configOf(node);
  const typeText = typeof node.type === 'string' ? node.type : t('no_type');
  const set = ADVANCED.filter((name) => name in node).length;
  return (
    <section className={styles.inspector} aria-label={t('inspector')}>
      <header className={styles.head}>
        <h2>
          <button type="button" className={styles.id} onClick={() => ask({ what: 'rename', id: node.id })}>
            {node.id}
            <span className="visually-hidden">{t('do.rename')}</span>
          </button>
          <small>{type?.title ?? typeText}</small>
        </h2>
        <Menu
          label={t('menu', { id: node.id })}
          trigger={
            <IconButton label={t('menu', { id: node.id })} icon={<Ellipsis size={16} aria-hidden />} />
          }
          items={deedsOf(node.id).map(({ label, why, danger, run }) => ({
            label,
            why,
            ...(danger ? { danger } : {}),
            onSelect: run,
          }))}
        />
      </header>
      {type && (
        <p className={styles.about}>
          <Marked text={type.description} />
        </p>
      )}
      <PartForm schema={common} object={node} names={COMMON} target={target} place={place} />
      {type ? (
        <div data-place={`${place}/config`}>
          <At node={node.id} base="/config">
            <SchemaForm
              schema={type.schema}
              value={config}
              said={said}
              expressions={type.runnable}
              onChange={(next) => {
                const operations = setting(draft, target, CONFIG, next as Json);
                const [first] = operations;
                const path = first?.op === 'set' ? first.path.join('/') : 'config';
                store.perform(operations, { group: `form:${node.id}:${path}` });
              }}
            />
          </At>
        </div>
      ) : (
        <p className={styles.help}>{t('unknown_type', { type: typeText })}</p>
      )}
      {runnable && (
        <>
          <Edges node={node} />
          <details className={styles.advanced} open={set > 0 || undefined}>
            <summary>{t('advanced')}</summary>
            <PartForm schema={advanced} object={node} names={ADVANCED} target={target} place={place} />
          </details>
          {type && (
            <p className={styles.help}>
              {t('gives')} <Marked text={type.gives} />
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** The edges at a node: where it comes from, where it goes, under which condition. */
function Edges({ node }: { node: NodeJson }) {
  const { t } = useTranslation('builder');
  const { draft, act, ask, select, store } = useBuilder();
  const edges = edgesOf(draft);
  const mine = edgeKeys(edges)
    .map((key, at) => ({ key, when: member(edges[at] as JsonObject, 'when'), at }))
    .filter(({ key }) => key.to === node.id || endOf(key.from).node === node.id);
  if (mine.length === 0) return null;
  const guard = (key: EdgeKey, text: string): void =>
    store.perform(setting(draft, { in: 'edge', key }, ['when'], text === '' ? undefined : text), {
      group: `when:${keyText(key)}`,
    });
  return (
    <section className={styles.edges} aria-label={t('edges')}>
      <h3>{t('edges')}</h3>
      <ul>
        {mine.map(({ key, when, at }) => {
          const other = key.to === node.id ? endOf(key.from).node : key.to;
          const words = `${key.from} → ${key.to}`;
          return (
            <li key={keyText(key)} data-place={`/edges/${at}`}>
              <div className={styles.edge}>
                <code>{words}</code>
                <IconButton
                  label={t('edge.go', { id: other })}
                  icon={<ArrowRight size={14} aria-hidden />}
                  onClick={() => select(other)}
                />
                <IconButton
                  label={t('edge.insert', { words })}
                  icon={<Plus size={14} aria-hidden />}
                  onClick={() => ask({ what: 'add', where: { at: 'edge', key } })}
                />
                <IconButton
                  label={t('edge.remove', { words })}
                  icon={<Trash2 size={14} aria-hidden />}
                  onClick={() =>
                    act(
                      [{ op: 'disconnect', keys: [key] }],
                      t('told.disconnected', { from: key.from, to: key.to }),
                    )
                  }
                />
              </div>
              <Field label={t('edge.when', { words })}>
                {(described) => (
                  <At node={endOf(key.from).node} base={`/edges/${at}`}>
                    <ExpressionInput
                      described={described}
                      label={t('edge.when', { words })}
                      pointer="/when"
                      hint="{{ }}"
                      text={typeof when === 'string' ? when : ''}
                      onText={(text) => guard(key, text)}
                    />
                  </At>
                )}
              </Field>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
