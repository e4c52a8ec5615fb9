import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dock, DockChange } from '../../execution/dock';
import { loadWords } from '../../i18n';
import { EmptyState, Skeleton } from '../../ui/states';
import { lazily } from '../../ui/lazily';

/** The builder and its words, loaded when it is first shown. */
const LazyBuilder = lazily(async () => {
  const [{ BuilderPanel }] = await Promise.all([
    import('../../components/Workflow/BuilderPanel'),
    loadWords('builder'),
    loadWords('forms'),
    loadWords('graph'),
  ]);
  return { default: BuilderPanel };
});

export interface BuilderTabProps {
  workflow: { id: string; name: string; can: Record<string, unknown> };
  /** Why it may not be edited. */
  why: string | undefined;
  node: string | undefined;
  onNode: (node: string | undefined) => void;
  dock: Dock | null;
  onDock: (change: DockChange) => void;
  /** Whether the YAML is shown. */
  code: boolean;
  onCode: (open: boolean) => void;
}

/** The draft of a workflow, to be changed by those who may. */
export function BuilderTab({ workflow, why, node, ...rest }: BuilderTabProps) {
  const { t } = useTranslation('workflow');
  if (why) return <EmptyState title={t('not_editable')}>{why}</EmptyState>;
  return (
    <Suspense fallback={<Skeleton rows={8} />}>
      <LazyBuilder key={workflow.id} workflow={workflow} node={node ?? null} {...rest} />
    </Suspense>
  );
}
