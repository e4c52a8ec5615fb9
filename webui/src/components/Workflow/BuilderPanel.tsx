import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ClipboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, ApiError, client } from '../../api/client';
import { copied, pasted } from '../../document/clipboard';
import { isReadable, nodeOf, nodesOf, parentOf, type Draft } from '../../document/model';
import type { Dock, DockChange } from '../../execution/dock';
import { loadWords } from '../../i18n';
import { useKeys } from '../../keyboard/keys';
import { holdDraft } from '../../stores/drafts';
import { useDraft, type DraftStore, type DraftTransport } from '../../stores/DraftStore';
import { usePalette } from '../../stores/palette';
import { useRunDialog } from '../../stores/run';
import { Carrier } from '../../surface/carrier';
import { NO_STATUSES } from '../../surface/statuses';
import { Button } from '../../ui/Button';
import { answer } from '../../ui/LiveRegion';
import { Failure, Overlay, Part, Skeleton } from '../../ui/states';
import { complain, say } from '../../ui/Toasts';
import { Bar } from './builder/Bar';
import { CodeToggle } from './builder/code/CodeToggle';
import { BuilderContext, type Asking, type Builder } from './builder/context';
import styles from './builder/builder.module.css';
import { LastExecution } from './builder/LastExecution';
import { Notices } from './builder/Notices';
import { namesOf, useNodeTypes, type NodeTypes } from './builder/nodeTypes';
import { Problems } from './builder/Problems';
import { nodeOfProblem, useValidation, type Problem } from './builder/validation';
import { lazily } from '../../ui/lazily';

// The tree, the forms and the dialogs come as parts of their own.
const LeftPane = lazily(async () => ({ default: (await import('./builder/LeftPane')).LeftPane }));
const ExecutionDock = lazily(async () => {
  const [{ ExecutionDock: Dock }] = await Promise.all([import('./ExecutionDock'), loadWords('execution')]);
  return { default: Dock };
});
const CodePane = lazily(async () => ({ default: (await import('./builder/code/CodePane')).CodePane }));
const Asked = lazily(async () => ({ default: (await import('./builder/Asked')).Asked }));
const GraphEditor = lazily(async () => ({ default: (await import('./builder/GraphEditor')).GraphEditor }));
const Inspector = lazily(async () => ({ default: (await import('./builder/Inspector')).Inspector }));

export interface BuilderPanelProps {
  workflow: { id: string; name: string; can: Record<string, unknown> };
  node: string | null;
  onNode: (node: string | undefined) => void;
  /** The execution below the graph; without `onDock` one that is started has its own page. */
  dock?: Dock | null;
  onDock?: (change: DockChange) => void;
  /** Whether the YAML is shown beside the graph; without `onCode` it cannot be. */
  code?: boolean;
  onCode?: (open: boolean) => void;
  transport?: DraftTransport;
}

/** The builder of one workflow: outline, graph and inspector of its draft, saved as one goes. */
export function BuilderPanel(props: BuilderPanelProps) {
  const { t } = useTranslation('builder');
  const { id } = props.workflow;
  const { transport } = props;
  const [store, setStore] = useState<DraftStore | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [again, setAgain] = useState(0);
  const types = useNodeTypes();
  useEffect(() => {
    const hold = holdDraft(id, transport);
    let wanted = true;
    hold.started.then(
      (made) => wanted && setStore(made),
      (reason: Error) => wanted && setError(reason),
    );
    return () => {
      wanted = false;
      hold.release();
      setStore(null);
    };
  }, [id, transport, again]);
  const failed = error ?? types.error;
  if (failed) {
    return (
      <Failure
        title={t('failed')}
        detail={failed.message}
        retry={() => {
          setError(null);
          setAgain(again + 1);
          if (types.error) void types.refetch();
        }}
      />
    );
  }
  if (!store || !types.data) return <Skeleton rows={8} />;
  return <Loaded {...props} store={store} types={types.data} />;
}

type LoadedProps = BuilderPanelProps & { store: DraftStore; types: NodeTypes };

function Loaded({ workflow, node, onNode, dock = null, onDock, store, types, ...rest }: LoadedProps) {
  const { code = false, onCode } = rest;
  const { t } = useTranslation('builder');
  const queries = useQueryClient();
  const state = useDraft(store);
  const { draft } = state;
  const [asking, setAsking] = useState<Asking | null>(null);
  const inspector = useRef<HTMLDivElement>(null);
  const enteredRef = useRef(false);
  const judged = useValidation(workflow.id, draft.definition, state.saving !== 'loading');
  const ask = useRunDialog((dialog) => dialog.ask);
  const [ran, setRan] = useState<{ id: string; definition: object } | null>(null);
  const [statuses, setStatuses] = useState(NO_STATUSES);
  const [refused, setRefused] = useState<{ of: object; problems: readonly Problem[] } | null>(null);
  const shown = useMemo(
    () =>
      refused?.of === draft.definition && judged.definition !== draft.definition
        ? { definition: draft.definition, problems: refused.problems, failed: null }
        : judged,
    [refused, judged, draft.definition],
  );
  const selected = node !== null && nodeOf(draft, node) ? node : null;

  const [more, setMore] = useState<readonly string[]>([]);
  const chosen = useMemo(() => {
    if (selected === null) return [];
    const present = new Set(namesOf(nodesOf(draft)));
    const others = more.filter((id) => id !== selected && present.has(id));
    return more.includes(selected) ? [...others, selected] : [selected];
  }, [selected, more, draft]);
  const choose = (ids: readonly string[]): void => {
    setMore(ids);
    onNode(ids.at(-1));
  };

  const [called, setCalled] = useState(0);
  const [carrier] = useState(() => new Carrier());

  const builder: Builder = {
    store,
    state,
    draft,
    types,
    judged: shown,
    selected,
    select: (id) => choose(id === null ? [] : [id]),
    chosen,
    choose,
    called,
    act: (operations, told, select) => {
      store.perform(operations);
      if (select !== undefined) choose(typeof select === 'string' ? [select] : (select ?? []));
      answer(told);
    },
    ask: setAsking,
    carrier,
    goTo: (problem) => {
      const id = nodeOfProblem(problem, shown.definition ?? {});
      choose(id === null ? [] : [id]);
      // The form of the other node is drawn first.
      setTimeout(() => focusPlace(inspector.current, problem.pointer));
    },
  };

  const choosing = useRef(choose);
  useEffect(() => {
    choosing.current = (ids) => {
      choose(ids);
      setCalled((before) => before + 1);
    };
  });
  useEffect(() => {
    const nodes = nodesOf(draft).map(({ id, label }) => ({
      id,
      label: typeof label === 'string' ? label : id,
    }));
    usePalette.setState({ nodes, open: (id) => choosing.current([id]) });
  }, [draft]);
  useEffect(() => () => usePalette.setState({ nodes: [], open: null }), []);

  const undo = (): void => {
    if (!store.state().canUndo) return;
    store.undo();
    answer(t('told.undone'));
  };
  const redo = (): void => {
    if (!store.state().canRedo) return;
    store.redo();
    answer(t('told.redone'));
  };
  const deeds = useRef({ undo, redo });
  useEffect(() => {
    deeds.current = { undo, redo };
  });
  const open = asking !== null;
  useKeys(
    useMemo(
      () =>
        open
          ? []
          : [
              { keys: 'Ctrl+Z', label: t('undo'), scope: t('scope'), run: () => deeds.current.undo() },
              { keys: 'Ctrl+Shift+Z', label: t('redo'), scope: t('scope'), run: () => deeds.current.redo() },
            ],
      [t, open],
    ),
  );

  const run = async (): Promise<void> => {
    await store.flush();
    const { saving, draft: sent } = store.state();
    if (saving !== 'saved') return say(t('not_saved'), { kind: 'error' });
    const started = (id: string): void => {
      setRan({ id, definition: sent.definition });
      answer(t('draft_started'));
      onDock?.({ execution: id });
    };
    ask({ workflowId: workflow.id, name: workflow.name, version: 'draft', started: onDock && started });
  };
  const publish = async (): Promise<void> => {
    await store.flush();
    const { saving, rev, draft: sent } = store.state();
    if (saving !== 'saved') return say(t('not_saved'), { kind: 'error' });
    try {
      const { version } = await answered(
        client.POST('/api/v1/workflows/{workflow_id}/publish', {
          params: { path: { workflow_id: workflow.id } },
          body: { draft_rev: rev },
        }),
      );
      say(t('published', { version }));
      void queries.invalidateQueries({ queryKey: ['workflows'] });
    } catch (error) {
      const problems = error instanceof ApiError ? error.problem?.problems : null;
      if (problems) setRefused({ of: sent.definition, problems: problems as unknown as Problem[] });
      complain(t('not_published'), error as Error);
    }
  };

  const inText = (event: ClipboardEvent): boolean =>
    (event.target as HTMLElement).closest('input, textarea, select, [contenteditable=true]') !== null ||
    asking !== null;
  const copy = (event: ClipboardEvent, cut: boolean): void => {
    if (inText(event) || selected === null || String(getSelection()) !== '') return;
    event.clipboardData.setData('text/plain', copied(draft, chosen));
    event.preventDefault();
    const id = chosen.length === 1 ? selected : t('several', { count: chosen.length });
    if (cut) builder.act([{ op: 'remove', ids: chosen }], t('told.cut', { id }), null);
    else answer(t('told.copied', { id }));
  };
  const paste = (event: ClipboardEvent): void => {
    if (inText(event)) return;
    event.preventDefault();
    const into = pasteInto(draft, chosen, types);
    const found = pasted(draft, event.clipboardData.getData('text/plain'), { into });
    if ('error' in found) return complain(t('not_pasted'), found.error);
    const { nodes } = found.operation;
    builder.act([found.operation], t('told.pasted', { count: nodes.length }), namesOf(nodes));
  };

  const opener = useRef<HTMLElement | null>(null);
  const focusInspector = (): void => {
    opener.current = document.activeElement as HTMLElement | null;
    setTimeout(() => focusPlace(inspector.current, ''));
  };
  const can = (action: string): string | undefined => {
    const told = workflow.can[action];
    return typeof told === 'string' ? told : undefined;
  };

  const showCode = (shown: boolean): void => {
    enteredRef.current = shown;
    onCode?.(shown);
  };
  const coding = code && onCode && (
    <Part rows={6}>
      <CodePane onClose={() => onCode(false)} enteredRef={enteredRef} />
    </Part>
  );

  return (
    <BuilderContext value={builder}>
      <div
        className={styles.builder}
        onCopy={(event) => copy(event, false)}
        onCut={(event) => copy(event, true)}
        onPaste={paste}
      >
        <Bar
          onUndo={undo}
          onRedo={redo}
          onRun={run}
          onPublish={publish}
          whyNotRun={can('start_draft')}
          whyNotPublish={can('publish')}
        >
          {onCode && <CodeToggle open={code} onCode={showCode} />}
          {onDock && <LastExecution workflowId={workflow.id} open={dock !== null} onDock={onDock} />}
        </Bar>
        <Notices />
        {isReadable(draft.definition) ? (
          <div className={styles.panes} data-code={code || undefined}>
            <Part rows={6}>
              <LeftPane onInspect={focusInspector} />
            </Part>
            <div className={styles.graph}>
              <Part rows={6}>
                <GraphEditor statuses={statuses} onInspect={focusInspector} />
              </Part>
            </div>
            {coding}
            <div
              ref={inspector}
              className={styles.side}
              onKeyDown={(event) => {
                // Back to the step in the tree or the graph, for the next one.
                if (event.key !== 'Escape' || event.defaultPrevented || asking !== null) return;
                if (opener.current?.isConnected) opener.current.focus();
                else document.querySelector<HTMLElement>('[data-node][tabindex="0"]')?.focus();
              }}
            >
              <Part rows={6}>
                <Inspector />
              </Part>
            </div>
          </div>
        ) : (
          <>
            <p className={styles.notice}>
              <span>{t('unreadable')}</span>
              {onCode && !code && <Button onClick={() => showCode(true)}>{t('code.show')}</Button>}
            </p>
            {coding && <div className={styles.alone}>{coding}</div>}
          </>
        )}
        {dock && onDock && (
          <Part rows={6}>
            <ExecutionDock
              dock={dock}
              onDock={onDock}
              node={selected}
              onStatuses={setStatuses}
              changed={ran?.id === dock.execution && ran.definition !== draft.definition}
            />
          </Part>
        )}
        <Problems />
      </div>
      {asking && (
        <Overlay>
          <Asked asking={asking} onClose={() => setAsking(null)} />
        </Overlay>
      )}
    </BuilderContext>
  );
}

/** The container that gets what is pasted: the one that is chosen, else the one all that is chosen lies in. */
function pasteInto(draft: Draft, chosen: readonly string[], types: NodeTypes): string | null {
  const nodes = chosen.flatMap((id) => nodeOf(draft, id) ?? []);
  const [first, ...others] = nodes;
  if (!first) return null;
  if (others.length === 0 && types.get(String(first.type))?.container) return first.id;
  return others.every((node) => parentOf(node) === parentOf(first)) ? parentOf(first) : null;
}

const CONTROLS = 'input, textarea, select, button, [contenteditable=true]';

/** Lead to the field of a place: itself, else the nearest one it lies in. */
function focusPlace(root: HTMLElement | null, pointer: string): void {
  if (!root) return;
  const fields = [...root.querySelectorAll<HTMLElement>('[data-pointer]')].map((element) => ({
    element,
    place:
      (element.closest<HTMLElement>('[data-place]')?.dataset.place ?? '') + (element.dataset.pointer ?? ''),
  }));
  const edges = [...root.querySelectorAll<HTMLElement>('li[data-place]')].map((element) => ({
    element,
    place: element.dataset.place ?? '',
  }));
  const [best] = [...fields, ...edges]
    .filter(({ place }) => place !== '' && (pointer === place || pointer.startsWith(`${place}/`)))
    .sort((one, other) => other.place.length - one.place.length);
  const within = best?.element ?? root.querySelector<HTMLElement>('[data-pointer]') ?? root;
  within.closest('details')?.setAttribute('open', '');
  const control = within.querySelector<HTMLElement>(CONTROLS);
  control?.focus();
}
