import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../api/client';
import { moment, relative } from '../../i18n/format';
import { Button } from '../../ui/Button';
import { Field, Select } from '../../ui/Field';
import { EmptyState, Failure, Skeleton } from '../../ui/states';
import { whyNot } from '../lists/why';
import { useDiff, useRestore, useVersions, type Side } from './versions';
import styles from './workflow.module.css';

export interface VersionsTabProps {
  workflow: Pick<Schemas['Workflow'], 'id' | 'latest_version' | 'changed' | 'can'>;
  a: Side | undefined;
  b: Side | undefined;
  onCompare: (sides: { a: Side; b: Side }) => void;
}

/** What was published when and by whom, and how any two of them differ. */
export function VersionsTab({ workflow, a, b, onCompare }: VersionsTabProps) {
  const { id: workflowId, latest_version: latest, changed, can } = workflow;
  const { t } = useTranslation('workflow');
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useVersions(workflowId);
  const restore = useRestore(workflowId);
  if (error && !data) {
    return <Failure title={t('versions_failed')} detail={error.message} retry={() => void refetch()} />;
  }
  if (!data) return <Skeleton rows={4} />;
  const rows = data.pages.flatMap(({ results }) => results);
  const newest = rows[0];
  if (!newest) return <EmptyState title={t('no_versions')}>{t('no_versions_text')}</EmptyState>;
  const from = a ?? rows[1]?.version ?? newest.version;
  const to = b ?? (rows.length > 1 ? newest.version : 'draft');
  const sides: Side[] = ['draft', ...rows.map(({ version }) => version)];
  const pick = (label: string, value: Side, choose: (side: Side) => void) => (
    <Field label={label}>
      {(described) => (
        <Select
          {...described}
          value={String(value)}
          onChange={({ target }) => choose(target.value === 'draft' ? 'draft' : Number(target.value))}
        >
          {[...new Set([...sides, value])].map((side) => (
            <option key={side} value={String(side)}>
              {side === 'draft' ? t('draft') : t('version', { number: side })}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
  return (
    <div className={styles.versions}>
      <div>
        <ol className={styles.rows}>
          {rows.map((row) => (
            <li key={row.id}>
              <strong>{t('version', { number: row.version })}</strong>{' '}
              <span title={moment(row.created_at)}>{t('published', { when: relative(row.created_at) })}</span>
              {row.created_by && <span> {t('by', { name: row.created_by })}</span>}
              <Button
                kind="quiet"
                aria-label={t('restore_version', { number: row.version })}
                busy={restore.isPending && restore.variables === row.version}
                why={
                  whyNot(can, 'edit') ??
                  (row.version === latest && !changed ? t('restored_already') : undefined)
                }
                onClick={() => restore.mutate(row.version)}
              >
                {t('restore')}
              </Button>
            </li>
          ))}
        </ol>
        {hasNextPage && (
          <Button busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('more')}
          </Button>
        )}
      </div>
      <section aria-label={t('compare')} className={styles.compare}>
        <div className={styles.sides}>
          {pick(t('base'), from, (side) => onCompare({ a: side, b: to }))}
          {pick(t('other'), to, (side) => onCompare({ a: from, b: side }))}
        </div>
        <Difference workflowId={workflowId} from={from} to={to} />
      </section>
    </div>
  );
}

function Difference({ workflowId, from, to }: { workflowId: string; from: Side; to: Side }) {
  const { t } = useTranslation('workflow');
  const { data, error, refetch } = useDiff(workflowId, from, to);
  if (error && !data)
    return <Failure title={t('diff_failed')} detail={error.message} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={6} />;
  if (data.equal) return <p>{t('equal')}</p>;
  const edges = data.edges.added.length + data.edges.removed.length + data.edges.changed.length;
  return (
    <>
      <Changes diff={data} />
      {edges > 0 && <p>{t('edges', { count: edges })}</p>}
      {data.document.length > 0 && (
        <>
          <h3>{t('document')}</h3>
          <ul>
            {data.document.map(({ pointer }) => (
              <li key={pointer}>
                <code>{pointer}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      {data.truncated && <p>{t('truncated')}</p>}
      {data.text && <Text diff={data.text} />}
    </>
  );
}

const SIGNS = { added: '+', removed: '−', changed: '~' } as const;

/** The nodes that differ, and in what. */
function Changes({ diff }: { diff: Schemas['Diff'] }) {
  const { t } = useTranslation('workflow');
  return (['added', 'removed', 'changed'] as const).map((kind) => {
    if (diff.nodes[kind].length === 0) return null;
    return (
      <section key={kind}>
        <h3>{t(kind)}</h3>
        <ul className={styles.nodes} data-kind={kind}>
          {diff.nodes[kind].map((node) => (
            <li key={node.id}>
              <span aria-hidden>{SIGNS[kind]}</span> <code>{node.id}</code>
              {'changes' in node && (
                <span className={styles.muted}>
                  {' '}
                  {node.changes.map(({ pointer }) => pointer.replace(/^\/nodes\/\d+\//, '')).join(', ')}
                </span>
              )}
            </li>
          ))}
        </ul>
      </section>
    );
  });
}

const KINDS: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '@': 'place' };

/** The difference of the YAML, line by line; the sign says what a line is, its colour too. */
function Text({ diff }: { diff: Schemas['TextDiff'] }) {
  const { t } = useTranslation('workflow');
  const lines = diff.unified.split('\n');
  return (
    <>
      <h3>{t('text')}</h3>
      <pre className={styles.text} tabIndex={0} aria-label={t('text')}>
        {lines.map((line, at) => (
          <span key={at} data-kind={KINDS[line.slice(0, 1)]}>
            {line + '\n'}
          </span>
        ))}
      </pre>
      {diff.truncated && <p>{t('truncated')}</p>}
    </>
  );
}
