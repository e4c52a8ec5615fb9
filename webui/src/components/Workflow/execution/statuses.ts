/** How the nodes of a graph stand in an execution. */
import { isFinal } from '../../../execution/status';
import type { ExecutionStore } from '../../../stores/ExecutionStore';
import { dominant, total, type EdgeState, type GraphStatuses } from '../../../surface/statuses';

/** Of one step its port says which way it went; of many whether the other end ever had a step that was not skipped. */
function edgeState(store: ExecutionStore, from: string, port: string, to: string): EdgeState {
  const [source, target] = [store.nodeCounts(from), store.nodeCounts(to)];
  const status = dominant(source);
  if (status === null || !isFinal(status)) return total(target) > (target.skipped ?? 0) ? 'taken' : 'open';
  if (total(source) === (source.skipped ?? 0)) return 'dead';
  const taken = store.stepOf(from)?.port;
  if (total(source) === 1 && taken && port) return taken === port ? 'taken' : 'dead';
  return total(target) > (target.skipped ?? 0) ? 'taken' : 'dead';
}

export function statusesOf(store: ExecutionStore): GraphStatuses {
  return {
    status: (id) => dominant(store.nodeCounts(id)),
    counts: (id) => store.nodeCounts(id),
    edge: (from, port, to) => edgeState(store, from, port, to),
    subscribe: (id, call) => store.subscribeNode(id, call),
    subscribeAll: (call) => store.subscribe('steps', call),
  };
}
