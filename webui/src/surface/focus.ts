/** What the eye and the keyboard stand on stays where it is while the graph below changes. */
import { useCallback, useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import type { Camera } from './camera';
import type { Scene } from './paint';

export interface FocusKept {
  /** The active node gets the focus as soon as it is there. */
  want: () => void;
  /** The same, if the graph had the focus last. */
  wantIfHere: () => void;
}

/** The focus goes with the active node while it is in the graph, also past dialogs and what is laid out anew. */
export function useFocusKept(root: RefObject<HTMLElement | null>, active: string | null): FocusKept {
  const wanted = useRef(false);
  const here = useRef(false);
  const stood = useRef(active);
  const settle = useCallback(() => {
    const id = stood.current;
    if (!wanted.current || id === null) return;
    const found = root.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`);
    if (!found || document.activeElement?.closest('[role=dialog], [role=menu], [data-overlay] input')) return;
    wanted.current = false;
    found.focus({ preventScroll: true });
  }, [root]);
  useEffect(() => {
    const look = ({ target }: Event): void => {
      const element = target as Element;
      if (root.current?.contains(element)) here.current = true;
      else if (!element.closest('[role=dialog], [role=menu]')) here.current = false;
    };
    document.addEventListener('focusin', look);
    document.addEventListener('pointerdown', look);
    return () => {
      document.removeEventListener('focusin', look);
      document.removeEventListener('pointerdown', look);
    };
  }, [root]);
  useEffect(() => {
    stood.current = active;
    settle();
    // A dialog that closes gives the focus back first, and nothing may be rendered after it.
    const timer = setTimeout(settle);
    const back = (): void => void setTimeout(settle);
    document.addEventListener('focusin', back);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('focusin', back);
    };
  });
  return {
    want: useCallback(() => {
      wanted.current = true;
      // It may stand there already: then nothing is rendered, and what is wanted must not be wanted later.
      setTimeout(settle);
    }, [settle]),
    wantIfHere: useCallback(() => {
      if (here.current) wanted.current = true;
    }, []),
  };
}

/**
 * What is laid out anew leaves the active node where it was on the screen; one that is placed by hand comes to stand
 * where it was put, so that the ground it is placed on stays.
 */
export function useAnchor(scene: Scene, camera: Camera, active: string | null): void {
  const before = useRef(scene);
  useLayoutEffect(() => {
    const boxes = [before.current.byId.get(active ?? ''), scene.byId.get(active ?? '')] as const;
    const ground = boxes[1]?.parent ?? '';
    const [old, now] = boxes.some((box) => box?.placed)
      ? [before.current.layout.origins.get(ground), scene.layout.origins.get(ground)]
      : boxes;
    if (before.current !== scene && old && now && (camera.moved || boxes[1]?.placed)) {
      const { zoom } = camera.view;
      camera.shift((old.x - now.x) * zoom, (old.y - now.y) * zoom);
    }
    before.current = scene;
    camera.keep(boxes[1] ?? null);
  }, [scene, camera, active]);
}
