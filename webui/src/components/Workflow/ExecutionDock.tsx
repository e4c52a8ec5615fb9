/** An execution below the graph of the builder: as tall as one likes, and of one selection with it. */
import { X } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SIZES, type Dock, type DockChange } from '../../execution/dock';
import type { View } from '../../execution/view';
import { ExecutionStore } from '../../stores/ExecutionStore';
import { NO_STATUSES, type GraphStatuses } from '../../surface/statuses';
import { IconButton } from '../../ui/Button';
import { Splitter } from '../../ui/Splitter';
import { statusesOf } from './execution/statuses';
import { ExecutionPanel } from './ExecutionPanel';
import styles from './ExecutionDock.module.css';

export interface ExecutionDockProps {
  dock: Dock;
  onDock: (change: DockChange) => void;
  /** The node that is selected in the builder. */
  node: string | null;
  /** How the nodes stand, for the builder's graph. */
  onStatuses: (statuses: GraphStatuses) => void;
  /** The draft is no longer what was started. */
  changed: boolean;
  /** Tests bring their own. */
  storeOf?: (executionId: string) => ExecutionStore;
}

const standard = (executionId: string): ExecutionStore => new ExecutionStore(executionId);
/** The address follows once the line rests. */
const REST_MS = 200;

export function ExecutionDock(props: ExecutionDockProps) {
  const { dock, onDock, node, onStatuses, changed, storeOf = standard } = props;
  const { t } = useTranslation('execution');
  const { execution, view } = dock;
  const store = useMemo(() => storeOf(execution), [storeOf, execution]);
  useEffect(() => {
    onStatuses(statusesOf(store));
    return () => onStatuses(NO_STATUSES);
  }, [store, onStatuses]);
  const [size, resize] = useSize(dock.size, onDock);

  const show = useCallback(
    (change: View) => {
      const of = change.step === undefined ? undefined : store.step(change.step)?.node_id;
      onDock({ view: change, ...(of === undefined ? {} : { node: of }) });
    },
    [store, onDock],
  );
  // A node that is selected outside brings its last step.
  const known = useRef(node);
  useEffect(() => {
    if (known.current === node) return;
    known.current = node;
    const shown = view.step === undefined ? undefined : store.step(view.step);
    if (node === null || shown?.node_id === node) return;
    const step = store.stepOf(node);
    if (step) onDock({ view: { step: step.id } });
  }, [node, store, view.step, onDock]);

  return (
    <section className={styles.dock} aria-label={t('dock')} style={{ blockSize: size }}>
      <Splitter
        label={t('dock_resize')}
        size={size}
        least={SIZES.least}
        most={SIZES.most}
        pane="end"
        axis="y"
        onResize={resize}
      />
      <ExecutionPanel
        key={execution}
        executionId={execution}
        view={view}
        onView={show}
        store={store}
        docked={
          <>
            {changed && <span className={styles.changed}>△ {t('dock_changed')}</span>}
            <IconButton
              label={t('dock_close')}
              icon={<X size={16} aria-hidden />}
              onClick={() => onDock({ execution: null })}
            />
          </>
        }
      />
    </section>
  );
}

/** The height while the line is moved; the address has it afterwards, and may bring another. */
function useSize(given: number, onDock: (change: DockChange) => void): [number, (size: number) => void] {
  const [size, setSize] = useState(given);
  const [seen, setSeen] = useState(given);
  if (seen !== given) {
    setSeen(given);
    setSize(given);
  }
  useEffect(() => {
    if (size === given) return;
    const timer = setTimeout(() => onDock({ size }), REST_MS);
    return () => clearTimeout(timer);
  }, [size, given, onDock]);
  return [size, setSize];
}
