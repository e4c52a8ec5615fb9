import { useLayoutEffect, useRef, type ReactNode } from 'react';
import type { Point } from '../layout/path';
import { entryOf } from '../layout/walk';
import type { Camera } from './camera';
import { paint, paletteOf, type Palette, type Scene } from './paint';
import type { GraphStatuses } from './statuses';
import { opening, WINDOW } from './viewport';
import styles from './WorkflowGraph.module.css';

interface PictureProps {
  scene: Scene;
  camera: Camera;
  statuses: GraphStatuses;
  chosen: ReadonlySet<string>;
  detail: boolean;
  steady: boolean;
  children: ReactNode;
}

/** The canvas and the elements above it, kept where the camera looks. */
export function Picture({ scene, camera, statuses, chosen, detail, steady, children }: PictureProps) {
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
      paint(canvas.current, scene, { view, screen, detail, chosen, statuses, palette: palette.current });
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
  }, [scene, camera, statuses, chosen, detail]);

  useLayoutEffect(() => {
    const element = canvas.current?.parentElement as HTMLElement;
    let first = !(steady && opened.current);
    const measure = (): void => {
      const { width, height } = element.getBoundingClientRect();
      const { screen } = camera;
      const resized = width !== screen.width || height !== screen.height;
      const corner = cornerOf(element);
      if (resized || corner.x !== camera.corner.x || corner.y !== camera.corner.y)
        camera.resize({ width, height }, corner);
      if (width === 0 || height === 0 || !(first || (resized && !camera.moved))) return;
      const { layout } = scene;
      const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
      // Of very many that are only read, how they stand all together is worth more than their names.
      const start = steady || layout.boxes.length <= WINDOW ? entryOf(layout) : null;
      camera.open(opening(whole, camera.screen, start));
      first = false;
      opened.current = true;
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

/** Where an element begins on the page, however far that is scrolled. */
function cornerOf(element: HTMLElement): Point {
  const at = { x: 0, y: 0 };
  for (let each: Element | null = element; each instanceof HTMLElement; each = each.offsetParent) {
    at.x += each.offsetLeft;
    at.y += each.offsetTop;
  }
  return at;
}
