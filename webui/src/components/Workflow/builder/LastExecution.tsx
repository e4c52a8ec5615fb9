import { useQuery } from '@tanstack/react-query';
import { PanelBottom } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../api/client';
import type { DockChange } from '../../../execution/dock';
import { useKeys } from '../../../keyboard/keys';
import { IconButton } from '../../../ui/Button';

export interface LastExecutionProps {
  workflowId: string;
  /** One is shown. */
  open: boolean;
  onDock: (change: DockChange) => void;
}

/** Shows the newest execution of the workflow below the graph, or hides the one that is shown. */
export function LastExecution({ workflowId, open, onDock }: LastExecutionProps) {
  const { t } = useTranslation('builder');
  const { data } = useQuery({
    queryKey: ['executions', 'of', workflowId, 1],
    queryFn: ({ signal }) =>
      answered(
        client.GET('/api/v1/workflows/{workflow_id}/executions', {
          params: { path: { workflow_id: workflowId }, query: { limit: 1 } as never },
          signal,
        }),
      ),
  });
  const newest = data?.results[0]?.id;
  const toggle = (): void => {
    if (open) onDock({ execution: null });
    else if (newest !== undefined) onDock({ execution: newest });
  };
  const latest = useRef(toggle);
  useEffect(() => {
    latest.current = toggle;
  });
  const label = open ? t('hide_execution') : t('last_execution');
  useKeys(
    useMemo(
      () => [{ keys: 'Ctrl+J', label: t('last_execution'), scope: t('scope'), run: () => latest.current() }],
      [t],
    ),
  );
  return (
    <IconButton
      label={label}
      icon={<PanelBottom size={16} aria-hidden />}
      aria-pressed={open}
      why={open || newest !== undefined ? undefined : t('why.never_executed')}
      onClick={toggle}
    />
  );
}
