import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { JsonObject } from '../../document/json';
import { loadWords } from '../../i18n';
import { LazyGraph } from '../../surface/LazyGraph';
import { lazily } from '../../ui/lazily';
import { Failure, Skeleton } from '../../ui/states';
import { useDefinition, type Side } from './versions';
import styles from './workflow.module.css';

const CodeToggle = lazily(async () => {
  const parts = [import('../../components/Workflow/builder/code/CodeToggle'), loadWords('builder')] as const;
  return { default: (await Promise.all(parts))[0].CodeToggle };
});
const ReadCode = lazily(async () => {
  const parts = [import('../../components/Workflow/builder/code/ReadCode'), loadWords('builder')] as const;
  return { default: (await Promise.all(parts))[0].ReadCode };
});

export interface GraphTabProps {
  workflowId: string;
  side: Side;
  node: string | undefined;
  onNode: (node: string) => void;
  /** Whether the YAML is shown beside it. */
  code: boolean;
  onCode: (open: boolean) => void;
}

/** The workflow as a picture to read. */
export function GraphTab({ workflowId, side, node, onNode, code, onCode }: GraphTabProps) {
  const { t } = useTranslation('workflow');
  const { data, error, refetch } = useDefinition(workflowId, side);
  if (error && !data)
    return <Failure title={t('failed')} detail={error.message} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={6} />;
  const selected = node ?? null;
  return (
    <>
      <div className={styles.tools}>
        <Suspense fallback={null}>
          <CodeToggle open={code} onCode={onCode} />
        </Suspense>
      </div>
      <div className={styles.graph} data-code={code || undefined}>
        <Suspense fallback={<Skeleton rows={6} />}>
          <LazyGraph {...data} selected={selected} onSelect={onNode} />
        </Suspense>
        {code && (
          <Suspense fallback={<Skeleton rows={6} />}>
            <ReadCode
              definition={data.definition as JsonObject}
              selected={selected}
              onSelect={onNode}
              onClose={() => onCode(false)}
            />
          </Suspense>
        )}
      </div>
    </>
  );
}
