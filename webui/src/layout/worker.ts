/** The layout on a thread of its own, so that a large graph does not hold up the page. */
import { layoutOf } from './layout';
import type { Graph } from './model';

addEventListener('message', ({ data }: MessageEvent<{ id: number; graph: Graph }>) => {
  postMessage({ id: data.id, layout: layoutOf(data.graph) });
});
