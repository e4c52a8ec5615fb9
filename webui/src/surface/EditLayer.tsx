/** What lies over a graph that is edited: outputs, the tools of a line, the wire being drawn. Always as large. */
import { Plus, Trash2 } from 'lucide-react';
import { useMemo, useSyncExternalStore, type CSSProperties, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { detour } from '../layout/detour';
import type { Box } from '../layout/model';
import { curve, pathOf, segmentsOf, type Point, type Segment } from '../layout/path';
import { IconButton } from '../ui/Button';
import type { Camera } from './camera';
import { sameEnds, type Ends, type GraphEditing } from './editing';
import type { Carry, Gestures, Wire } from './gestures';
import type { Scene } from './paint';
import { outermost } from './placing';
import styles from './EditLayer.module.css';
import { NAMES, type Size, type Viewport } from './viewport';

export interface EditLayerProps {
  scene: Scene;
  camera: Camera;
  gestures: Gestures;
  editing: GraphEditing;
  /** The one the keyboard stands on. */
  active: string | null;
  onMenuClosed: (id: string) => void;
}

type Place = (point: Point) => Point;

/** Room for what stands beside a node. */
const ASIDE = 72;

export function EditLayer({ scene, camera, gestures, editing, active, onMenuClosed }: EditLayerProps) {
  const view = useSyncExternalStore(camera.subscribe, () => camera.view);
  const { node, line, picked, drag } = useSyncExternalStore(gestures.subscribe, gestures.state);
  const place: Place = ({ x, y }) => ({ x: x * view.zoom + view.x, y: y * view.zoom + view.y });
  const tools = picked ?? line;
  const shown = [...new Set([node, active])].flatMap((id) => scene.byId.get(id ?? '') ?? []);
  return (
    <>
      <svg className={styles.wires} aria-hidden>
        {[line?.ends, picked?.ends].map((ends, at) => (
          <LinePath key={at} scene={scene} ends={ends} place={place} />
        ))}
        {drag?.kind === 'wire' && <WirePath wire={drag} scene={scene} place={place} />}
        {drag?.kind === 'carry' && drag.landing?.at === 'line' && (
          <LinePath scene={scene} ends={drag.landing.ends} place={place} />
        )}
      </svg>
      {drag?.kind === 'wire' && drag.over !== null && (
        <Target id={drag.over} why={drag.why} scene={scene} view={view} place={place} />
      )}
      {drag?.kind === 'carry' && <Carrying carry={drag} scene={scene} view={view} place={place} />}
      {drag?.kind === 'carry' &&
        'ids' in drag.what &&
        (drag.landing?.at === 'place' || drag.by !== 'pointer') && (
          <Ghosts
            scene={scene}
            ids={drag.what.ids}
            by={drag.landing?.at === 'place' ? drag.landing.by : NOWHERE}
            view={view}
            place={place}
          />
        )}
      {drag?.kind === 'frame' && (
        <div className={styles.frame} style={framed(place(drag.from), place(drag.to))} />
      )}
      {!drag &&
        shown.map((box) => (
          <Ports
            key={box.id}
            box={box}
            {...sidesOf(box, camera.screen, place)}
            editing={editing}
            idle={box.id !== node && !editing.chosen.includes(box.id)}
            onMenuClosed={onMenuClosed}
          />
        ))}
      {!drag && tools && lineOf(scene, tools.ends) && (
        <LineTools
          ends={tools.ends}
          style={at(place(tools))}
          editing={editing}
          onDone={() => gestures.pick(null)}
        />
      )}
    </>
  );
}

/** The outputs are in the middle of the side they leave from; of what is larger than the screen, where it is seen. */
function sidesOf(box: Box, screen: Size, place: Place): { style: CSSProperties; corner: CSSProperties } {
  const [from, to] = [place(box), place({ x: box.x + box.width, y: box.y + box.height })];
  const right = Math.max(Math.min(to.x, screen.width - ASIDE), Math.min(to.x, from.x + ASIDE));
  const top = Math.min(Math.max(from.y, ASIDE / 2), Math.max(from.y, to.y));
  const bottom = Math.max(top, Math.min(to.y, screen.height));
  return { style: at({ x: right, y: (top + bottom) / 2 }), corner: at({ x: right, y: top }) };
}

function at({ x, y }: Point): CSSProperties {
  return { transform: `translate(${Math.round(x)}px, ${Math.round(y)}px)` };
}

function scaled(point: Point, zoom: number): CSSProperties {
  return { transform: `${at(point).transform} scale(${zoom})` };
}

function lineOf(scene: Scene, ends: Ends) {
  return scene.layout.lines.find((line) => sameEnds(line, ends));
}

function LinePath({ scene, ends, place }: { scene: Scene; ends: Ends | undefined; place: Place }) {
  const line = ends && lineOf(scene, ends);
  return line ? <path d={pathOf(segmentsOf(line), place)} /> : null;
}

function WirePath({ wire, scene, place }: { wire: Wire; scene: Scene; place: Place }) {
  const source = scene.byId.get(wire.from.id);
  if (!source) return null;
  const target = wire.over !== null && wire.why === null ? scene.byId.get(wire.over) : undefined;
  const from = { x: source.x + source.width, y: source.y + source.height / 2 };
  const to = target ? { x: target.x, y: target.y + target.height / 2 } : wire.to;
  const course = target && to.x < from.x ? around(source, target) : [curve(from, to)];
  return <path data-refused={wire.why !== null || undefined} d={pathOf(course, place)} />;
}

/** To what lies left of it, as it will be laid out. */
function around(source: Box, target: Box): Segment[] {
  const out = { x: source.x + source.width, y: source.y + source.height / 2 };
  const into = { x: target.x, y: target.y + target.height / 2 };
  return segmentsOf({ points: detour(source, target, [out, into]), around: true });
}

interface OnGraph {
  scene: Scene;
  view: Viewport;
  place: Place;
}

function Target({ id, why, scene, view, place }: OnGraph & { id: string; why: string | null }) {
  const box = scene.byId.get(id);
  if (!box) return null;
  return (
    <div
      className={styles.target}
      data-refused={why !== null || undefined}
      style={{ ...at(place(box)), inlineSize: box.width * view.zoom, blockSize: box.height * view.zoom }}
    >
      {why !== null && <span className={styles.why}>{why}</span>}
    </div>
  );
}

/** What is carried, as a word beside the pointer, and where it would come down. */
function Carrying({ carry, scene, view, place }: OnGraph & { carry: Carry }) {
  const { t } = useTranslation('graph');
  const { what, landing, why } = carry;
  const words = 'title' in what ? what.title : t('carried', { count: what.ids.length, id: what.ids[0] });
  const beside = landing?.at === 'level' ? landing.beside : null;
  const box = beside && scene.byId.get(beside.id);
  const stays = (parent: string | null): boolean =>
    'ids' in what && what.ids.every((id) => scene.byId.get(id)?.parent === parent);
  const level = landing?.at === 'level' && !stays(landing.parent) ? landing.parent : null;
  const over = landing?.at === 'node' ? landing.id : level;
  // One is seen where it would stand.
  const told =
    carry.by === 'pointer' && !(landing?.at === 'place' && 'ids' in what && what.ids.length <= NAMED);
  return (
    <>
      {over !== null && <Target id={over} why={null} scene={scene} view={view} place={place} />}
      {beside && box && (
        <div
          className={styles.between}
          style={{
            ...at(place({ x: box.x, y: beside.side === 'before' ? box.y - 12 : box.y + box.height + 12 })),
            inlineSize: box.width * view.zoom,
          }}
        />
      )}
      {told && (
        <div className={styles.carried} data-refused={why !== null || undefined} style={at(place(carry.to))}>
          {words}
          {why !== null && <span>{why}</span>}
        </div>
      )}
    </>
  );
}

const NOWHERE: Point = { x: 0, y: 0 };
const NAMED = 12;

/** What is placed, where it would stand: one path whatever it is, with the names of a few. */
function Ghosts({ scene, ids, by, view, place }: OnGraph & { ids: readonly string[]; by: Point }) {
  const boxes = useMemo(() => outermost(scene, ids), [scene, ids]);
  const shape = useMemo(
    () => boxes.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h${-width}z`).join(''),
    [boxes],
  );
  const wires = useMemo(() => wiresOf(scene, boxes), [scene, boxes]);
  const shift = place(by);
  const moved = `translate(${shift.x} ${shift.y}) scale(${view.zoom})`;
  return (
    <>
      <svg className={styles.ghosts} data-ghosts aria-hidden>
        {wires.map(({ from, to, source, target }, at) => {
          const [start, end] = [source ? moveBy(from, by) : from, target ? moveBy(to, by) : to];
          return <path key={at} data-wire d={pathOf([curve(start, end)], place)} />;
        })}
        <path d={shape} transform={moved} />
      </svg>
      {boxes.length <= NAMED &&
        view.zoom >= NAMES &&
        boxes.map((box) => (
          <div
            key={box.id}
            className={styles.ghostName}
            style={{ ...scaled(place(moveBy(box, by)), view.zoom), inlineSize: box.width }}
          >
            {scene.labels.get(box.id)}
          </div>
        ))}
    </>
  );
}

function moveBy({ x, y }: Point, by: Point): Point {
  return { x: x + by.x, y: y + by.y };
}

const MOST_WIRES = 60;

/** Lines that have one end in what is placed; where there are many, they say nothing. */
function wiresOf(scene: Scene, boxes: readonly Box[]) {
  const moving = new Set(boxes.map(({ id }) => id));
  const found = scene.layout.lines.filter(({ from, to }) => moving.has(from) !== moving.has(to));
  if (found.length > MOST_WIRES) return [];
  return found.map(({ from, to, points }) => ({
    from: { x: points[0] as number, y: points[1] as number },
    to: { x: points.at(-2) as number, y: points.at(-1) as number },
    source: moving.has(from),
    target: moving.has(to),
  }));
}

function framed(one: Point, other: Point): CSSProperties {
  return {
    ...at({ x: Math.min(one.x, other.x), y: Math.min(one.y, other.y) }),
    inlineSize: Math.abs(one.x - other.x),
    blockSize: Math.abs(one.y - other.y),
  };
}

interface PortsProps {
  box: Box;
  style: CSSProperties;
  corner: CSSProperties;
  editing: GraphEditing;
  /** Shown only while the graph has the focus. */
  idle: boolean;
  onMenuClosed: (id: string) => void;
}

/** The outputs of a node: pressed, one asks what comes next; dragged, a wire is drawn from it. */
function Ports({ box, style, corner, editing, idle, onMenuClosed }: PortsProps) {
  const { t } = useTranslation('graph');
  const ports = editing.portsOf(box.id);
  return (
    <>
      <Overlay className={styles.ports} style={style} idle={idle}>
        {ports.includes('error') && <span className={styles.balance} />}
        {ports.map((port) => (
          <button
            key={port}
            type="button"
            tabIndex={-1}
            className={styles.port}
            data-of={box.id}
            data-port={port}
            aria-label={t('port', { id: box.id, port })}
            title={t('port_help')}
            onClick={() => editing.addAfter({ id: box.id, port })}
          >
            {port !== 'out' && <span>{port}</span>}
            <Plus size={12} aria-hidden />
          </button>
        ))}
      </Overlay>
      <Overlay className={styles.corner} style={corner} idle={idle}>
        <div className={styles.more} data-menu-of={box.id}>
          {editing.menuOf(box.id, () => onMenuClosed(box.id))}
        </div>
      </Overlay>
    </>
  );
}

interface LineToolsProps {
  ends: Ends;
  style: CSSProperties;
  editing: GraphEditing;
  onDone: () => void;
}

function LineTools({ ends, style, editing, onDone }: LineToolsProps) {
  const { t } = useTranslation('graph');
  const words = { from: ends.port ? `${ends.from}.${ends.port}` : ends.from, to: ends.to };
  const done = (deed: (line: Ends) => void) => (): void => {
    onDone();
    deed(ends);
  };
  return (
    <Overlay className={styles.lineTools} style={style} idle={false}>
      <IconButton
        label={t('insert', words)}
        icon={<Plus size={14} aria-hidden />}
        tabIndex={-1}
        onClick={done(editing.insert)}
      />
      <IconButton
        label={t('disconnect', words)}
        icon={<Trash2 size={14} aria-hidden />}
        tabIndex={-1}
        onClick={done(editing.disconnect)}
      />
    </Overlay>
  );
}

interface OverlayProps {
  className: string | undefined;
  style: CSSProperties;
  idle: boolean;
  children: ReactNode;
}

/** Presses here are neither the camera's nor a node's, and leave the focus where it is. */
function Overlay({ className, style, idle, children }: OverlayProps) {
  return (
    <div
      className={[styles.overlay, className].join(' ')}
      style={style}
      data-overlay
      data-idle={idle || undefined}
      onMouseDown={(event) => event.preventDefault()}
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
    >
      {children}
    </div>
  );
}
