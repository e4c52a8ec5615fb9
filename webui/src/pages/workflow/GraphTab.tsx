import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { LazyGraph } from '../../surface/LazyGraph';
import { Failure, Skeleton } from '../../ui/states';
import { useDefinition, type Side } from './versions';
import styles from './workflow.module.css';

export interface GraphTabProps {
  workflowId: string;
  side: Side;
  node: string | undefined;
  onNode: (node: string) => void;
}

/** The workflow as a picture to read. */
export function GraphTab({ workflowId, side, node, onNode }: GraphTabProps) {
  const { t } = useTranslation('workflow');
  const { data, error, refetch } = useDefinition(workflowId, side);
  if (error && !data)
    return <Failure title={t('failed')} detail={error.message} retry={() => void refetch()} />;
  if (!data) return <Skeleton rows={6} />;
  return (
    <div className={styles.graph}>
      <Suspense fallback={<Skeleton rows={6} />}>
        <LazyGraph definition={data} selected={node ?? null} onSelect={onNode} />
      </Suspense>
    </div>
  );
}
