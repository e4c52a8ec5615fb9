import { useEffect, useRef, type PointerEvent } from 'react';
import { LOOKS } from '../theme/status';
import type { Camera } from './camera';
import { paletteOf, type Scene } from './paint';
import type { GraphStatuses } from './statuses';
import { areaOf } from './viewport';
import styles from './WorkflowGraph.module.css';

const WIDTH = 168;
const HEIGHT = 104;
const REDRAW_MS = 500;

/** The whole graph small, with the part that is seen: a press goes there. The keys and the list do the same. */
export function Minimap({
  scene,
  camera,
  statuses,
}: {
  scene: Scene;
  camera: Camera;
  statuses: GraphStatuses;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { width, height } = scene.layout;
  const scale = Math.min(WIDTH / Math.max(1, width), HEIGHT / Math.max(1, height));
  const [left, top] = [(WIDTH - width * scale) / 2, (HEIGHT - height * scale) / 2];

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      timer = undefined;
      const pen = canvas.current?.getContext('2d');
      if (!pen || !canvas.current) return;
      const palette = paletteOf(canvas.current);
      pen.clearRect(0, 0, WIDTH, HEIGHT);
      for (const box of scene.layout.boxes) {
        const status = statuses.status(box.id);
        const colour = status === null ? palette.line : (palette.status[LOOKS[status].hue] ?? palette.line);
        pen.fillStyle = pen.strokeStyle = colour;
        const place = [left + box.x * scale, top + box.y * scale] as const;
        const size = [Math.max(1, box.width * scale), Math.max(1, box.height * scale)] as const;
        if (box.container) pen.strokeRect(...place, ...size);
        else pen.fillRect(...place, ...size);
      }
    };
    const later = (): void => {
      timer ??= setTimeout(draw, REDRAW_MS);
    };
    draw();
    const theme = new MutationObserver(later);
    theme.observe(document.documentElement, { attributes: true });
    const stop = statuses.subscribeAll(later);
    return () => {
      clearTimeout(timer);
      theme.disconnect();
      stop();
    };
  }, [scene, statuses, scale, left, top]);

  useEffect(() => {
    const move = (): void => {
      const seen = areaOf(camera.view, camera.screen);
      const style = frame.current?.style;
      if (!style) return;
      const [x, y] = [Math.max(0, left + seen.x * scale), Math.max(0, top + seen.y * scale)];
      style.left = `${x}px`;
      style.top = `${y}px`;
      style.width = `${Math.max(4, Math.min(WIDTH, left + (seen.x + seen.width) * scale) - x)}px`;
      style.height = `${Math.max(4, Math.min(HEIGHT, top + (seen.y + seen.height) * scale) - y)}px`;
    };
    move();
    return camera.subscribe(move);
  }, [camera, scale, left, top]);

  const go = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.buttons === 0) return;
    const edge = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - edge.left - left) / scale;
    const y = (event.clientY - edge.top - top) / scale;
    const { zoom } = camera.view;
    camera.set({ zoom, x: camera.screen.width / 2 - x * zoom, y: camera.screen.height / 2 - y * zoom });
  };
  return (
    <div className={styles.minimap} aria-hidden onPointerDown={go} onPointerMove={go}>
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} />
      <div ref={frame} className={styles.frame} />
    </div>
  );
}
