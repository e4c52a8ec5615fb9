/**
 * A workflow as a picture: all lines, and what is too small or too much, on one canvas; at most 250 nodes that are
 * seen as elements above it. Moving the picture renders nothing; a node that changed renders alone. With `editing` it
 * is drawn on as well.
 */
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { askLayout } from '../layout/ask';
import {
  graphOf,
  sameGraph,
  type Box,
  type Graph,
  type GraphNode as Node,
  type Layout,
} from '../layout/model';
import { Walk, type Step } from '../layout/walk';
import { Button } from '../ui/Button';
import { answer } from '../ui/LiveRegion';
import { EmptyState, Skeleton } from '../ui/states';
import { Camera } from './camera';
import { ConnectPanel } from './ConnectPanel';
import type { GraphEditing, Source } from './editing';
import { EditLayer } from './EditLayer';
import { useAnchor, useFocusKept } from './focus';
import { Gestures } from './gestures';
import { GraphNode } from './GraphNode';
import { Minimap } from './Minimap';
import { NodeList } from './NodeList';
import { boxAt, sceneOf, type Scene } from './paint';
import { Picture } from './Picture';
import { NO_STATUSES, type GraphStatuses } from './statuses';
import { Tools } from './Tools';
import { areaOf, DETAIL, WINDOW } from './viewport';
import styles from './WorkflowGraph.module.css';

export interface WorkflowGraphProps {
  /** A document, or anything with `nodes` and `edges` as in one. */
  definition: unknown;
  /** What stands beside the document in a draft: where its nodes were placed by hand. */
  editor?: unknown;
  statuses?: GraphStatuses;
  selected?: string | null;
  /** When it changes, the selected node is gone to once more. */
  called?: number;
  onSelect?: (nodeId: string) => void;
  onOpen?: (nodeId: string) => void;
  /** Another picture of the same workflow does not move the view. */
  editing?: GraphEditing;
}

const ignore = (): void => undefined;

export function WorkflowGraph({ definition, editor, ...rest }: WorkflowGraphProps) {
  const { t } = useTranslation('graph');
  const now = useMemo(() => graphOf(definition, editor), [definition, editor]);
  // Whoever types in a form changes a node, but seldom the picture.
  const [graph, setGraph] = useState(now);
  if (graph !== now && !sameGraph(graph, now)) setGraph(now);
  const [known, setKnown] = useState<{ graph: Graph; layout: Layout } | null>(null);
  useEffect(() => {
    let wanted = true;
    void askLayout(graph).then((layout) => {
      if (wanted) setKnown({ graph, layout });
    });
    return () => {
      wanted = false;
    };
  }, [graph]);
  if (graph.nodes.length === 0 && !rest.editing)
    return <EmptyState title={t('empty')}>{t('empty_text')}</EmptyState>;
  if (!known) return <Skeleton rows={6} />;
  return <Surface graph={known.graph} layout={known.layout} busy={known.graph !== graph} {...rest} />;
}

interface Window {
  key: string;
  ids: readonly string[];
  detail: boolean;
}

/** What is mounted: what is seen if it can be read and is not too much, and always the active one. */
function windowOf(scene: Scene, camera: Camera, active: string | null): Window {
  const { view, screen } = camera;
  const seen = view.zoom < DETAIL ? [] : scene.boxes.within(areaOf(view, screen, 160));
  const detail = view.zoom >= DETAIL && seen.length <= WINDOW;
  const ids = detail ? seen.map(({ id }) => id) : [];
  if (active !== null && scene.byId.has(active) && !ids.includes(active)) ids.push(active);
  return { key: `${detail}\n${ids.join('\n')}`, ids, detail };
}

type Props = Omit<WorkflowGraphProps, 'definition' | 'editor'> & {
  graph: Graph;
  layout: Layout;
  /** It is being laid out anew: what is shown is the picture before. */
  busy: boolean;
};

const STEPS: Readonly<Record<string, Step>> = {
  ArrowRight: 'next',
  ArrowLeft: 'before',
  ArrowUp: 'up',
  ArrowDown: 'down',
  PageDown: 'in',
  PageUp: 'out',
  Home: 'first',
  End: 'last',
};

function Surface(props: Props) {
  const { graph, layout, statuses = NO_STATUSES, onSelect = ignore, onOpen = ignore, editing } = props;
  const selected = props.selected ?? null;
  const { t } = useTranslation('graph');
  const nodes = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const scene = useMemo(
    () => sceneOf(layout, new Map(graph.nodes.map(({ id, label }) => [id, label || id]))),
    [layout, graph],
  );
  const walk = useMemo(() => new Walk(layout), [layout]);
  const firsts = useMemo(() => firstsOf(layout), [layout]);
  const many = editing?.chosen;
  const chosen = useMemo(() => new Set(many ?? (selected === null ? [] : [selected])), [many, selected]);
  const [camera] = useState(() => new Camera());
  const [gestures] = useState(() => new Gestures(camera));
  const [active, setActive] = useState<string | null>(selected ?? layout.boxes[0]?.id ?? null);
  const [seen, setSeen] = useState<Window>(() => windowOf(scene, camera, active));
  const [list, setList] = useState(false);
  const [linking, setLinking] = useState<string | null>(null);
  const root = useRef<HTMLDivElement>(null);
  const { want, wantIfHere } = useFocusKept(root, active);

  const called = props.called ?? 0;
  const [shown, setShown] = useState({ selected, called });
  if (shown.selected !== selected || shown.called !== called) {
    setShown({ selected, called });
    if (selected !== null) setActive(selected);
  }
  // The one that is gone cannot be stood on.
  if (active !== null && !scene.byId.has(active) && selected !== active)
    setActive(selected ?? layout.boxes[0]?.id ?? null);
  if (active === null && layout.boxes[0]) setActive(layout.boxes[0].id);

  const revealed = useRef('');
  const answered = useRef(called);
  useWindow(scene, camera, active, setSeen);
  useAnchor(scene, camera, active);
  useEffect(() => {
    // Who was called from elsewhere comes; a choice made elsewhere does not take the focus from there.
    if (answered.current === called) wantIfHere();
    else want();
    answered.current = called;
    const box = selected === null ? undefined : scene.byId.get(selected);
    const place = `${called} ${selected}`;
    if (selected === null) revealed.current = place;
    // Once: what is laid out anew stays where it was, and what is placed by hand where it was put.
    if (!box || camera.screen.width === 0 || revealed.current === place) return;
    revealed.current = place;
    camera.reveal(box);
  }, [selected, called, scene, camera, want, wantIfHere]);
  useLayoutEffect(() => {
    gestures.on(scene, editing ?? null);
  }, [gestures, scene, editing]);
  const focusNode = useCallback((id: string) => {
    root.current
      ?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)
      ?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    gestures.tell((how, by, ids) => {
      if (how === 'begun') {
        want();
        setActive(ids[0] ?? null);
        setTimeout(() => focusNode(ids[0] ?? ''));
      }
      answer(t(`placing.${how}`, { count: ids.length, id: ids[0], x: by.x, y: by.y }));
    });
  }, [gestures, want, focusNode, t]);
  const edited = editing !== undefined;
  useEffect(() => {
    if (edited && root.current) return gestures.attach(root.current);
  }, [gestures, edited]);

  const press = useRef<(id: string, additive: boolean) => void>(ignore);
  useLayoutEffect(() => {
    press.current = (id, additive) => {
      gestures.pick(null);
      setActive(id);
      if (!editing) onSelect(id);
      else if (!additive) editing.choose([id]);
      else if (chosen.has(id)) editing.choose(editing.chosen.filter((each) => each !== id));
      else editing.choose([...editing.chosen, id]);
    };
  });
  const choose = useCallback((id: string, additive = false) => press.current(id, additive), []);
  const go = (id: string | null): void => {
    const box = id === null ? undefined : scene.byId.get(id);
    if (!box) return;
    want();
    camera.reveal(box);
    setActive(box.id);
  };
  const view: Record<string, () => void> = {
    '+': () => camera.zoom(1.25),
    '=': () => camera.zoom(1.25),
    '-': () => camera.zoom(0.8),
    '0': () => camera.zoom(1 / camera.view.zoom),
    '1': () => camera.fit({ x: 0, y: 0, width: layout.width, height: layout.height }),
  };
  /** Keys of a graph that is drawn on; true: it was one. */
  const editKey = (event: KeyboardEvent, editor: GraphEditing): boolean => {
    const step = STEPS[event.key];
    const control = event.ctrlKey || event.metaKey;
    const { picked } = gestures.state();
    if (control && event.key.toLowerCase() === 'a') editor.choose(layout.boxes.map(({ id }) => id));
    else if (control && event.key === ' ' && active !== null) choose(active, true);
    else if (event.key === 'Escape') {
      gestures.pick(null);
      editor.choose(active === null || editor.chosen.length < 2 ? [] : [active]);
    } else if (picked && ['Delete', 'Backspace'].includes(event.key)) {
      gestures.pick(null);
      editor.disconnect(picked.ends);
    } else if (active === null) {
      if (event.key !== 'a' && event.key !== 'Enter') return false;
      editor.add();
    } else if (step && event.shiftKey && !control) {
      const next = walk.from(active, step);
      if (next !== null) {
        editor.choose([...new Set([...editor.chosen, active, next].filter((id) => id !== next)), next]);
        go(next);
      }
    } else if (event.key.toLowerCase() === 'm' && !control && !event.altKey && !event.shiftKey)
      gestures.place(chosen.has(active) ? editor.chosen : [active]);
    else if (event.key === 'T' && !control && !event.altKey) {
      if (editor.tidy.why) answer(editor.tidy.why);
      else editor.tidy.run();
    } else if (event.key === 'c' && !control && editor.portsOf(active).length > 0) setLinking(active);
    else if (event.key === '.' || event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey))
      openMenu(root.current, active);
    else if (event.key === 'Enter' && !control) {
      choose(active);
      onOpen(active);
    } else return editor.onKey(event, active);
    return true;
  };
  const key = (event: KeyboardEvent): void => {
    // A menu is drawn elsewhere and yet a child of this.
    if (!root.current?.contains(event.target as Element) || isOverlay(event.target)) return;
    const step = STEPS[event.key];
    if (editing && editKey(event, editing)) void 0;
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === 'Enter' && event.shiftKey && active !== null) onOpen(active);
    else if (event.key === 'Enter' || event.key === ' ') {
      if (active !== null) choose(active);
    } else if (step) go(walk.from(active ?? '', step));
    else if (view[event.key]) view[event.key]?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const hit = (event: MouseEvent): Box | null => {
    const { left, top } = (root.current as HTMLElement).getBoundingClientRect();
    const { x, y, zoom } = camera.view;
    return boxAt(scene, (event.clientX - left - x) / zoom, (event.clientY - top - y) / zoom);
  };
  const isHere = (event: MouseEvent): boolean =>
    Boolean(root.current?.contains(event.target as Element)) && !isOverlay(event.target);
  const click = (event: MouseEvent): void => {
    if (!isHere(event)) return;
    const box = hit(event);
    const line = editing && (!box || box.container) ? gestures.lineAt(event) : null;
    if (line) {
      gestures.pick(line);
      root.current?.focus({ preventScroll: true });
    } else if (box) choose(box.id, isAdditive(event));
    else if (editing) {
      gestures.pick(null);
      if (!isAdditive(event)) editing.choose([]);
    }
  };
  const preview = useCallback(
    (from: Source, to: string | null, why: string | null) => {
      const source = scene.byId.get(from.id);
      const box = to === null ? undefined : scene.byId.get(to);
      if (box) camera.reveal(box);
      const end = source ? { x: source.x + source.width + 80, y: source.y } : { x: 0, y: 0 };
      gestures.lead({ kind: 'wire', from, to: end, over: to, why });
    },
    [scene, camera, gestures],
  );
  const unlink = useCallback(() => {
    gestures.lead(null);
    want();
    setLinking(null);
  }, [gestures, want]);
  // What was seen a moment ago may be gone from the picture of now.
  const present = seen.ids.filter((id) => nodes.has(id) && scene.byId.has(id));
  return (
    <div className={styles.whole} data-list={list || undefined}>
      {list && (
        <NodeList
          nodes={nodes}
          boxes={layout.boxes}
          statuses={statuses}
          selected={active}
          onSelect={choose}
        />
      )}
      <div className={styles.stage}>
        <div
          ref={root}
          className={styles.surface}
          role="application"
          aria-busy={props.busy || undefined}
          aria-label={t('label', { count: graph.nodes.length })}
          aria-describedby="graph-keys"
          tabIndex={graph.nodes.length === 0 ? 0 : -1}
          onKeyDown={key}
          onClickCapture={(event) => {
            const [moved, drawn] = [camera.endDrag(), gestures.endDrag()];
            if (moved || drawn) event.stopPropagation();
          }}
          onClick={click}
          onDoubleClick={(event) => {
            const box = isHere(event) ? hit(event) : null;
            if (box) onOpen(box.id);
          }}
          onContextMenu={(event) => {
            const box = editing && isHere(event) ? hit(event) : null;
            if (!box) return;
            event.preventDefault();
            if (!chosen.has(box.id)) choose(box.id);
            // The button is there when the node is chosen.
            setTimeout(() => openMenu(root.current, box.id));
          }}
        >
          <Picture
            scene={scene}
            camera={camera}
            statuses={statuses}
            chosen={chosen}
            detail={seen.detail}
            steady={edited}
          >
            {present.map((id) => (
              <GraphNode
                key={id}
                node={nodes.get(id) as Node}
                box={scene.byId.get(id) as Box}
                first={firsts.get(id) ?? null}
                statuses={statuses}
                selected={chosen.has(id)}
                active={id === active}
                mark={editing?.marks.get(id) ?? null}
                onSelect={choose}
                onOpen={onOpen}
              />
            ))}
          </Picture>
          {editing && (
            <EditLayer
              scene={scene}
              camera={camera}
              gestures={gestures}
              editing={editing}
              active={linking === null ? active : null}
              onMenuClosed={focusNode}
            />
          )}
          {editing && graph.nodes.length === 0 && (
            <div className={styles.empty} data-overlay>
              <EmptyState title={t('empty')}>
                <Button onClick={() => editing.add()}>{t('add_first')}</Button>
              </EmptyState>
            </div>
          )}
          {editing && linking !== null && scene.byId.has(linking) && (
            <ConnectPanel
              key={linking}
              from={linking}
              scene={scene}
              nodes={nodes}
              editing={editing}
              onPreview={preview}
              onClose={unlink}
            />
          )}
        </div>
        <p id="graph-keys" className="visually-hidden">
          {t('keys')} {editing && t('edit_keys')}
        </p>
        <Minimap scene={scene} camera={camera} statuses={statuses} />
        <Tools
          camera={camera}
          layout={layout}
          list={list}
          onList={() => setList(!list)}
          tidy={editing?.tidy}
        />
      </div>
    </div>
  );
}

function isAdditive(event: MouseEvent): boolean {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}

function isOverlay(target: EventTarget): boolean {
  return (target as Element).closest('[data-overlay]') !== null;
}

/** Press the button of a node's menu as a person would. */
function openMenu(root: HTMLElement | null, id: string): void {
  const button = root?.querySelector<HTMLElement>(`[data-menu-of="${CSS.escape(id)}"] button`);
  button?.focus();
  button?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
}

/** By container: the first of what it holds. */
function firstsOf(layout: Layout): Map<string, string> {
  const firsts = new Map<string, string>();
  for (const { id, parent } of layout.boxes)
    if (parent !== null && !firsts.has(parent)) firsts.set(parent, id);
  return firsts;
}

/** Keep what is mounted in step with what is seen; renders only when it is another. */
function useWindow(
  scene: Scene,
  camera: Camera,
  active: string | null,
  setSeen: (update: (before: Window) => Window) => void,
): void {
  useLayoutEffect(() => {
    const look = (): void => {
      const next = windowOf(scene, camera, active);
      setSeen((before) => (before.key === next.key ? before : next));
    };
    look();
    return camera.subscribe(look);
  }, [scene, camera, active, setSeen]);
}
