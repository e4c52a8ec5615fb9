import { Archive, ArchiveRestore, Copy, Ellipsis, FileDown, Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useRunDialog } from '../../stores/run';
import { IconButton } from '../../ui/Button';
import { Menu } from '../../ui/Menu';
import { whyNot } from './why';
import { exportWorkflow, useWorkflowActions, type WorkflowRow } from './workflows';

type Acted = Pick<WorkflowRow, 'id' | 'name' | 'latest_version' | 'archived_at' | 'can'>;

/** The newest version, and what is to be said of the draft. */
export function VersionWords({
  row,
}: {
  row: Pick<WorkflowRow, 'latest_version' | 'changed' | 'draft_errors' | 'archived_at'>;
}) {
  const { t } = useTranslation('workflows');
  const words = [
    row.archived_at ? t('is_archived') : null,
    row.latest_version === null ? t('unpublished') : `v${row.latest_version}`,
    row.changed && row.latest_version !== null ? t('has_changes') : null,
    row.draft_errors ? t('has_errors', { count: row.draft_errors }) : null,
  ];
  return <>{words.filter(Boolean).join(' · ')}</>;
}

/** What can be done to a workflow. */
export function RowMenu({ row }: { row: Acted }) {
  const { t } = useTranslation('workflows');
  const ask = useRunDialog((state) => state.ask);
  const { archive, unarchive, duplicate } = useWorkflowActions();
  const draft = row.latest_version === null;
  return (
    <Menu
      label={t('menu', { name: row.name })}
      trigger={<IconButton label={t('menu', { name: row.name })} icon={<Ellipsis size={16} aria-hidden />} />}
      items={[
        {
          label: draft ? t('run_draft') : t('run'),
          icon: <Play size={14} aria-hidden />,
          why: whyNot(row.can, draft ? 'start_draft' : 'start'),
          onSelect: () => ask({ workflowId: row.id, name: row.name, version: draft ? 'draft' : undefined }),
        },
        null,
        ...(['yaml', 'json'] as const).map((format) => ({
          label: t(`export_${format}`),
          icon: <FileDown size={14} aria-hidden />,
          onSelect: () => void exportWorkflow(row.id, row.name, format),
        })),
        {
          label: t('duplicate'),
          icon: <Copy size={14} aria-hidden />,
          why: whyNot(row.can, 'duplicate'),
          onSelect: () => duplicate.mutate(row),
        },
        null,
        row.archived_at
          ? {
              label: t('unarchive'),
              icon: <ArchiveRestore size={14} aria-hidden />,
              why: whyNot(row.can, 'unarchive'),
              onSelect: () => unarchive.mutate(row),
            }
          : {
              label: t('archive'),
              icon: <Archive size={14} aria-hidden />,
              why: whyNot(row.can, 'archive'),
              danger: true,
              onSelect: () => archive.mutate(row),
            },
      ]}
    />
  );
}
