import { Suspense, useCallback, useMemo, useState } from 'react';
import type { Plan } from '../../../execution/plan';
import { LazyGraph } from '../../../surface/LazyGraph';
import { Skeleton } from '../../../ui/states';
import { useExecution } from './context';
import styles from './Graph.module.css';
import { statusesOf } from './statuses';

/** The plan as a document's nodes and edges. */
function definitionOf(plan: Plan) {
  return {
    nodes: [...plan.nodes.values()].map(({ id, type, label, region }) => ({
      id,
      type,
      label,
      parent: region === 'root' ? undefined : region,
    })),
    edges: plan.edges.map(({ from, port, to }) => ({
      from: port && port !== 'out' ? `${from}.${port}` : from,
      to,
    })),
  };
}

/** The execution as the picture of its workflow: how each node stands, which ways were taken. */
export function Graph() {
  const { store, plan, view, show } = useExecution();
  const statuses = useMemo(() => statusesOf(store), [store]);
  const definition = useMemo(() => definitionOf(plan), [plan]);
  const [chosen, setChosen] = useState<string | null>(null);
  const selected = (view.step === undefined ? undefined : store.step(view.step)?.node_id) ?? chosen;
  const select = useCallback(
    (id: string) => {
      setChosen(id);
      show({ step: store.stepOf(id)?.id });
    },
    [store, show],
  );
  const open = useCallback((id: string) => show({ tab: 'table', node: id }), [show]);
  if (plan.nodes.size === 0) return <Skeleton rows={6} />;
  return (
    <div className={styles.graph}>
      <Suspense fallback={<Skeleton rows={6} />}>
        <LazyGraph
          definition={definition}
          statuses={statuses}
          selected={selected}
          onSelect={select}
          onOpen={open}
        />
      </Suspense>
    </div>
  );
}
