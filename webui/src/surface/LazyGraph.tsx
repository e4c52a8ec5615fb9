import { useEffect, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { loadWords } from '../i18n';
import { useKeys } from '../keyboard/keys';
import { graphOf } from '../layout/model';
import { usePalette } from '../stores/palette';
import { lazily } from '../ui/lazily';
import type { WorkflowGraphProps } from './WorkflowGraph';

const KEYS = {
  arrows: '← → ↑ ↓',
  pages: 'PageDown PageUp',
  ends: 'Home End',
  choose: 'Enter',
  zoom: '+ -',
  whole: '1',
  full: '0',
} as const;

/** What the keys do in a graph, for the sheet that lists them; the graph answers to them itself. */
function useToldKeys(): void {
  const { t } = useTranslation('graph');
  useKeys(
    useMemo(
      () =>
        Object.entries(KEYS).map(([name, keys]) => ({
          keys,
          label: t(`told.${name as keyof typeof KEYS}`),
          scope: t('told.scope'),
        })),
      [t],
    ),
  );
}

/** The palette finds the nodes of a graph that is read; who edits one tells of its nodes himself. */
function useFoundNodes({ definition, onSelect, editing }: WorkflowGraphProps): void {
  const open = editing ? undefined : onSelect;
  useEffect(() => {
    if (!open) return;
    const nodes = graphOf(definition).nodes.map(({ id, label }) => ({ id, label: label || id }));
    usePalette.setState({ nodes, open });
    return () => usePalette.setState({ nodes: [], open: null });
  }, [definition, open]);
}

/** The graph and its words, loaded when it is first shown. */
export const LazyGraph = lazily(async () => {
  const [{ WorkflowGraph }] = await Promise.all([import('./WorkflowGraph'), loadWords('graph')]);
  function Graph(props: WorkflowGraphProps) {
    useToldKeys();
    useFoundNodes(props);
    return <WorkflowGraph {...props} />;
  }
  return { default: Graph };
});
