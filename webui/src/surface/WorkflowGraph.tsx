/**
 * A workflow as a picture to read: all lines, and what is too small or too much, on one canvas; at most 250 nodes
 * that are seen as elements above it. Moving the picture renders nothing; a node that changed renders alone.
 */
import { List, Maximize2, Minus, Plus } from 'lucide-react';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type KeyboardEvent,
  type MouseEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { askLayout } from '../layout/ask';
import { graphOf, type Box, type Graph, type GraphNode as Node, type Layout } from '../layout/model';
import { Walk, type Step } from '../layout/walk';
import { IconButton } from '../ui/Button';
import { EmptyState, Skeleton } from '../ui/states';
import { Camera } from './camera';
import { GraphNode } from './GraphNode';
import { Minimap } from './Minimap';
import { NodeList } from './NodeList';
import { boxAt, paint, paletteOf, sceneOf, type Palette, type Scene } from './paint';
import { NO_STATUSES, type GraphStatuses } from './statuses';
import { areaOf, DETAIL, opening, WINDOW } from './viewport';
import styles from './WorkflowGraph.module.css';

export interface WorkflowGraphProps {
  /** A document, or anything with `nodes` and `edges` as in one. */
  definition: unknown;
  statuses?: GraphStatuses;
  selected?: string | null;
  onSelect?: (nodeId: string) => void;
  onOpen?: (nodeId: string) => void;
  /** Another picture of the same workflow does not move the view: it is being edited. */
  steady?: boolean;
}

const ignore = (): void => undefined;

export function WorkflowGraph({ definition, ...rest }: WorkflowGraphProps) {
  const { t } = useTranslation('graph');
  const graph = useMemo(() => graphOf(definition), [definition]);
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
  if (graph.nodes.length === 0) return <EmptyState title={t('empty')}>{t('empty_text')}</EmptyState>;
  if (!known) return <Skeleton rows={6} />;
  return <Surface graph={known.graph} layout={known.layout} {...rest} />;
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

type Props = Omit<WorkflowGraphProps, 'definition'> & { graph: Graph; layout: Layout };

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
  const { graph, layout, statuses = NO_STATUSES, onSelect = ignore, onOpen = ignore } = props;
  const selected = props.selected ?? null;
  const { t } = useTranslation('graph');
  const nodes = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const scene = useMemo(
    () => sceneOf(layout, new Map(graph.nodes.map(({ id, label }) => [id, label || id]))),
    [layout, graph],
  );
  const walk = useMemo(() => new Walk(layout), [layout]);
  const firsts = useMemo(() => firstsOf(layout), [layout]);
  const [camera] = useState(() => new Camera());
  const [active, setActive] = useState<string | null>(selected ?? layout.boxes[0]?.id ?? null);
  const [seen, setSeen] = useState<Window>(() => windowOf(scene, camera, active));
  const [list, setList] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const focusing = useRef(false);

  const [shown, setShown] = useState(selected);
  if (shown !== selected) {
    setShown(selected);
    if (selected !== null) setActive(selected);
  }

  useWindow(scene, camera, active, setSeen);
  useEffect(() => {
    const box = selected === null ? undefined : scene.byId.get(selected);
    if (box && camera.screen.width > 0) camera.reveal(box);
  }, [selected, scene, camera]);
  useLayoutEffect(() => {
    if (!focusing.current || active === null) return;
    focusing.current = false;
    const found = root.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(active)}"]`);
    found?.focus({ preventScroll: true });
  }, [active, seen]);

  const choose = useCallback(
    (id: string) => {
      setActive(id);
      onSelect(id);
    },
    [onSelect],
  );
  const go = (id: string | null): void => {
    const box = id === null ? undefined : scene.byId.get(id);
    if (!box) return;
    focusing.current = true;
    camera.reveal(box);
    setActive(box.id);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    const act: Record<string, () => void> = {
      '+': () => camera.zoom(1.25),
      '=': () => camera.zoom(1.25),
      '-': () => camera.zoom(0.8),
      '0': () => camera.zoom(1 / camera.view.zoom),
      '1': () => camera.fit({ x: 0, y: 0, width: layout.width, height: layout.height }),
    };
    if (event.key === 'Enter' && event.shiftKey && active !== null) onOpen(active);
    else if (event.key === 'Enter' || event.key === ' ') {
      if (active !== null) choose(active);
    } else if (step) go(walk.from(active ?? '', step));
    else if (act[event.key]) act[event.key]?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const hit = (event: MouseEvent): Box | null => {
    const { left, top } = (root.current as HTMLElement).getBoundingClientRect();
    const { x, y, zoom } = camera.view;
    return boxAt(scene, (event.clientX - left - x) / zoom, (event.clientY - top - y) / zoom);
  };
  const click = (event: MouseEvent): void => {
    const box = hit(event);
    if (box) choose(box.id);
  };
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
          aria-label={t('label', { count: graph.nodes.length })}
          aria-describedby="graph-keys"
          onKeyDown={key}
          onClickCapture={(event) => {
            if (camera.endDrag()) event.stopPropagation();
          }}
          onClick={click}
          onDoubleClick={(event) => {
            const box = hit(event);
            if (box) onOpen(box.id);
          }}
        >
          <Picture
            scene={scene}
            camera={camera}
            statuses={statuses}
            selected={selected}
            detail={seen.detail}
            steady={props.steady ?? false}
          >
            {present.map((id) => (
              <GraphNode
                key={id}
                node={nodes.get(id) as Node}
                box={scene.byId.get(id) as Box}
                first={firsts.get(id) ?? null}
                statuses={statuses}
                selected={id === selected}
                active={id === active}
                onSelect={choose}
                onOpen={onOpen}
              />
            ))}
          </Picture>
        </div>
        <p id="graph-keys" className="visually-hidden">
          {t('keys')}
        </p>
        <Minimap scene={scene} camera={camera} statuses={statuses} />
        <Tools camera={camera} layout={layout} list={list} onList={() => setList(!list)} />
      </div>
    </div>
  );
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

interface PictureProps {
  scene: Scene;
  camera: Camera;
  statuses: GraphStatuses;
  selected: string | null;
  detail: boolean;
  steady: boolean;
  children: React.ReactNode;
}

function Picture({ scene, camera, statuses, selected, detail, steady, children }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const palette = useRef<Palette | null>(null);
  const opened = useRef(false);

  useLayoutEffect(() => {
    const draw = (): void => {
      const { view, screen } = camera;
      if (layer.current) {
        layer.current.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom})`;
      }
      if (!canvas.current) return;
      palette.current ??= paletteOf(canvas.current);
      paint(canvas.current, scene, { view, screen, detail, selected, statuses, palette: palette.current });
    };
    draw();
    const stops = [camera.subscribe(draw), statuses.subscribeAll(() => camera.changed())];
    const theme = new MutationObserver(() => {
      palette.current = null;
      camera.changed();
    });
    theme.observe(document.documentElement, { attributes: true });
    return () => {
      theme.disconnect();
      for (const stop of stops) stop();
    };
  }, [scene, camera, statuses, selected, detail]);

  useLayoutEffect(() => {
    const element = canvas.current?.parentElement as HTMLElement;
    let first = !(steady && opened.current);
    const measure = (): void => {
      const { width, height } = element.getBoundingClientRect();
      camera.resize({ width, height });
      if (first && width > 0)
        camera.set(
          opening(
            { x: 0, y: 0, width: scene.layout.width, height: scene.layout.height },
            camera.screen,
            scene.layout.boxes.length,
          ),
        );
      if (width > 0) {
        first = false;
        opened.current = true;
      }
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    const detach = camera.attach(element);
    return () => {
      sizes.disconnect();
      detach();
    };
  }, [scene, camera, steady]);

  return (
    <>
      <canvas ref={canvas} className={styles.canvas} aria-hidden />
      <div ref={layer} className={styles.layer} data-detail={detail || undefined}>
        {children}
      </div>
    </>
  );
}

interface ToolsProps {
  camera: Camera;
  layout: Layout;
  list: boolean;
  onList: () => void;
}

function Tools({ camera, layout, list, onList }: ToolsProps) {
  const { t } = useTranslation('graph');
  const percent = useSyncExternalStore(camera.subscribe, camera.percent);
  const icon = { size: 16, 'aria-hidden': true } as const;
  return (
    <div className={styles.tools} role="toolbar" aria-label={t('tools')}>
      <IconButton label={t('list')} icon={<List {...icon} />} aria-pressed={list} onClick={onList} />
      <IconButton label={t('smaller')} icon={<Minus {...icon} />} onClick={() => camera.zoom(0.8)} />
      <span className={styles.percent}>{percent}%</span>
      <IconButton label={t('larger')} icon={<Plus {...icon} />} onClick={() => camera.zoom(1.25)} />
      <IconButton
        label={t('fit')}
        icon={<Maximize2 {...icon} />}
        onClick={() => camera.fit({ x: 0, y: 0, width: layout.width, height: layout.height })}
      />
    </div>
  );
}
