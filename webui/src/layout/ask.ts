/** Layouts on request: from the worker, kept by structure. A browser without workers lays out on the page. */
import { layoutOf } from './layout';
import { structureKey, type Graph, type Layout } from './model';

const KEPT = 8;

interface Answer {
  id: number;
  layout: Layout;
}

const kept = new Map<string, Promise<Layout>>();
const waiting = new Map<number, { resolve: (layout: Layout) => void; graph: Graph }>();
let worker: Worker | null = null;
let asked = 0;

/** Whoever still waits is answered from here. */
function fallBack(): void {
  worker?.terminate();
  worker = null;
  for (const { resolve, graph } of waiting.values()) resolve(layoutOf(graph));
  waiting.clear();
}

function begin(): Worker {
  const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  made.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.resolve(data.layout);
    waiting.delete(data.id);
  });
  made.addEventListener('error', fallBack);
  return made;
}

function ask(graph: Graph): Promise<Layout> {
  if (typeof Worker === 'undefined') return Promise.resolve(layoutOf(graph));
  return new Promise((resolve) => {
    asked += 1;
    waiting.set(asked, { resolve, graph });
    try {
      worker ??= begin();
      worker.postMessage({ id: asked, graph });
    } catch {
      fallBack();
    }
  });
}

/** The layout of a graph; the same promise for the same structure. */
export function askLayout(graph: Graph): Promise<Layout> {
  const key = structureKey(graph);
  const known = kept.get(key) ?? ask(graph);
  kept.delete(key); // to the end: what was asked last is kept longest
  kept.set(key, known);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return known;
}
