/**
 * One execution as it is now, for everything that shows it: table, timeline, graph, header.
 *
 * Frames of the stream are applied once a frame of the screen; then only those are told whose step or node changed,
 * so one change renders one row. What the reads give is replaced when it changes and never changed in place: all of
 * them may serve as `getSnapshot` of `useSyncExternalStore` (the hooks below do that).
 *
 * For the graph: `subscribeNode(nodeId, call)` tells of a node's counts and steps, `nodeCounts(nodeId)` are its steps
 * by status (absolute, superseded runs left out, empty before the first), `stepOf(nodeId)` is the step of the node
 * that changed last; `select(stepId)` lies in the URL, not here.
 */
import { useCallback, useSyncExternalStore } from 'react';
import { answered, client, type ApiError, type Schemas } from '../api/client';
import {
  RealtimeClient,
  transportOf,
  type EventsFrame,
  type Freshness,
  type Transport,
} from '../api/realtime';
import { useSession } from '../api/session';
import type { Batch, Counts, NodeCounts, Snapshot, Step } from '../execution/model';
import {
  addSteps,
  applyBatch,
  applyCounts,
  fromSnapshot,
  shownStatus,
  type State,
} from '../execution/reduce';
import { statusOf, type Status } from '../execution/status';
import { useConnections } from './connection';
import { pagesOf, RestReader, type ReadPage } from './RestReader';

export type Execution = Schemas['Execution'];
type Call = () => void;

const NO_COUNTS: Counts = {};
/** A hidden page draws no frames; what came is applied nevertheless. */
const LATEST_MS = 250;

/** Calls by name: a node, a step. */
class Subscribers {
  private readonly calls = new Map<string, Set<Call>>();

  add(name: string, call: Call): Call {
    const calls = this.calls.get(name) ?? new Set();
    this.calls.set(name, calls.add(call));
    return () => {
      calls.delete(call);
      if (calls.size === 0 && this.calls.get(name) === calls) this.calls.delete(name);
    };
  }

  tell(names: Iterable<string>): void {
    for (const name of names) for (const call of this.calls.get(name) ?? []) call();
  }
}

/** What is worked out of all steps follows them ten times a second: nobody reads faster. */
const SUMMARY_MS = 100;

/** What can be told of besides steps and nodes. */
type Topic = 'execution' | 'list' | 'steps' | 'summary' | 'freshness' | 'cursor' | 'rest';

export interface Overall {
  execution: Execution;
  /** What to show: `waiting` when every live step of a running execution waits. */
  status: Status;
  /** Not all steps are here: `useRest` reads the others. */
  truncated: boolean;
}

export class ExecutionStore {
  private state: State<Execution> | null = null;
  private shown: Overall | null = null;
  private fresh: Freshness = { state: 'connecting' };
  private refusal: ApiError | null = null;
  private ids: readonly string[] = [];
  private latest = new Map<string, string>();
  private changes = 0;
  private asks = 0;
  private pending: (() => void)[] = [];
  private scheduled: Call | null = null;
  private summaryDue = -Infinity;
  private summaryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly nodes = new Subscribers();
  private readonly steps = new Subscribers();
  private readonly topics = new Subscribers();
  private readonly batches = new Set<(batch: Batch) => void>();
  private readonly stream: RealtimeClient;
  /** Reads the steps that a snapshot had no room for. */
  readonly rest: RestReader;
  private unwatch: Call | null = null;

  constructor(
    readonly executionId: string,
    transport: Transport = transportOf(executionId),
    pages: ReadPage = pagesOf(executionId),
  ) {
    this.rest = new RestReader(pages, {
      page: (steps) => this.later(() => this.add(steps)),
      changed: () => this.later(() => this.told.topics.add('rest')),
    });
    this.stream = new RealtimeClient(transport, {
      snapshot: (frame) => this.later(() => this.begin(frame as Snapshot<Execution>)),
      events: (frame) => this.later(() => this.follow(frame)),
      counts: (nodes) => this.later(() => this.count(nodes)),
      freshness: (fresh) => this.setFreshness(fresh),
      signedOut: () => useSession.setState((session) => ({ ended: session.me !== null })),
      refused: (error) => {
        this.refusal = error;
        useConnections.getState().tell(executionId, null);
        this.topics.tell(['execution']);
      },
    });
  }

  /** Open the stream. Returns how to close it. */
  start(): Call {
    this.stream.start();
    this.unwatch = useSession.subscribe((now, before) => {
      if (before.ended && !now.ended && now.me !== null) this.stream.wake();
    });
    return () => {
      this.stream.stop();
      this.unwatch?.();
      this.scheduled?.();
      this.scheduled = null;
      clearTimeout(this.summaryTimer);
      this.summaryTimer = undefined;
      useConnections.getState().tell(this.executionId, null);
    };
  }

  // What is known.

  overall(): Overall | null {
    return this.shown;
  }

  /** Why nothing can be shown. */
  refused(): ApiError | null {
    return this.refusal;
  }

  freshness(): Freshness {
    return this.fresh;
  }

  /** Of the last event that was applied. */
  cursor(): string | null {
    return this.state?.cursor ?? null;
  }

  step(stepId: string): Step | undefined {
    return this.state?.steps.get(stepId);
  }

  /** The step of a node that changed last. */
  stepOf(nodeId: string): Step | undefined {
    const id = this.latest.get(nodeId);
    return id === undefined ? undefined : this.step(id);
  }

  /** Steps of a node by status. */
  nodeCounts(nodeId: string): Counts {
    return this.state?.counts.get(nodeId) ?? NO_COUNTS;
  }

  allCounts(): ReadonlyMap<string, Counts> {
    return this.state?.counts ?? new Map();
  }

  /** Ids of all steps that are here; another array when there are more or others. */
  stepIds(): readonly string[] {
    return this.ids;
  }

  /** How many steps are here and how many there are, superseded ones left out. */
  known(): { here: number; all: number } {
    const sum = (counts: Counts): number => Object.values(counts).reduce((one, other) => one + other, 0);
    const all = [...this.allCounts().values()].reduce((total, counts) => total + sum(counts), 0);
    return { here: sum(this.state?.tally ?? NO_COUNTS), all };
  }

  /** Grows whenever any step or count changed. */
  version(): number {
    return this.changes;
  }

  // Who is told. Each returns how to stop.

  subscribeNode(nodeId: string, call: Call): Call {
    return this.nodes.add(nodeId, call);
  }

  subscribeStep(stepId: string, call: Call): Call {
    return this.steps.add(stepId, call);
  }

  /**
   * `execution`: its status and values; `list`: which steps there are; `steps`: anything about any step;
   * `summary`: the same, at once after a rest and then not more often than every `SUMMARY_MS`.
   */
  subscribe(topic: Topic, call: Call): Call {
    return this.topics.add(topic, call);
  }

  /** The batches as they are applied. */
  onBatch(call: (batch: Batch) => void): Call {
    this.batches.add(call);
    return () => this.batches.delete(call);
  }

  /** Read the execution anew: after a command, or when it ended. */
  async reload(): Promise<void> {
    const ask = ++this.asks;
    const path = { execution_id: this.executionId };
    const execution = await answered(
      client.GET('/api/v1/workflows/executions/{execution_id}', { params: { path } }),
    );
    if (ask !== this.asks || !this.state) return; // a later answer knows more
    this.state.execution = execution;
    this.show();
  }

  private setFreshness(fresh: Freshness): void {
    const before = this.fresh;
    const same = before.state === fresh.state && JSON.stringify(before) === JSON.stringify(fresh);
    if (same && useConnections.getState().streams[this.executionId]) return;
    this.fresh = fresh;
    useConnections.getState().tell(this.executionId, fresh);
    this.topics.tell(['freshness']);
  }

  /** Do it with the next frame. */
  private later(change: () => void): void {
    this.pending.push(change);
    if (this.scheduled) return;
    const flush = (): void => {
      this.scheduled?.();
      this.scheduled = null;
      this.flush();
    };
    const frame = requestAnimationFrame(flush);
    const timer = setTimeout(flush, LATEST_MS);
    this.scheduled = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  private told = { nodes: new Set<string>(), steps: new Set<string>(), topics: new Set<Topic>() };

  private flush(): void {
    for (const change of this.pending.splice(0)) change();
    const { nodes, steps, topics } = this.told;
    this.told = { nodes: new Set(), steps: new Set(), topics: new Set() };
    if (steps.size > 0 || nodes.size > 0) {
      this.changes += 1;
      topics.add('steps');
      if (this.isSummaryDue()) topics.add('summary');
    }
    if (topics.has('summary')) {
      this.summaryDue = performance.now() + SUMMARY_MS;
      clearTimeout(this.summaryTimer);
      this.summaryTimer = undefined;
    }
    if (topics.has('list')) this.ids = [...(this.state?.steps.keys() ?? [])];
    this.show();
    this.steps.tell(steps);
    this.nodes.tell(nodes);
    this.topics.tell(topics);
  }

  /** Whether the summary may follow now; else it does with a later frame: what is told together is rendered together. */
  private isSummaryDue(): boolean {
    const left = this.summaryDue - performance.now();
    if (left <= 0) return true;
    this.summaryTimer ??= setTimeout(() => this.later(() => this.told.topics.add('summary')), left);
    return false;
  }

  /** Every reader's view of the whole, replaced only when it is another. */
  private show(): void {
    if (!this.state) return;
    const { execution, truncated } = this.state;
    const status = statusOf(shownStatus(this.state));
    const before = this.shown;
    if (before?.execution === execution && before.status === status && before.truncated === truncated) return;
    this.shown = { execution, status, truncated };
    this.topics.tell(['execution']);
  }

  private begin(snapshot: Snapshot<Execution>): void {
    const before = this.state;
    this.state = fromSnapshot(snapshot);
    this.latest = new Map();
    for (const step of snapshot.steps) {
      if (!this.latest.has(step.node_id)) this.latest.set(step.node_id, step.id);
      const known = before?.steps.get(step.id);
      if (known?.rev === step.rev) this.state.steps.set(step.id, known);
      else this.told.steps.add(step.id);
    }
    const left = [...(before?.steps.values() ?? [])].filter(({ id }) => !this.state?.steps.has(id));
    for (const { id } of left) this.told.steps.add(id);
    if (snapshot.steps_truncated) {
      addSteps(this.state, left); // shown until they are read anew
      this.rest.begin();
    }
    for (const node of [...this.state.counts.keys(), ...(before?.counts.keys() ?? [])])
      this.told.nodes.add(node);
    for (const topic of ['list', 'cursor'] as const) this.told.topics.add(topic);
  }

  private follow(frame: EventsFrame): void {
    if (!this.state) return;
    const changes = applyBatch(this.state, frame);
    if (!changes) return;
    for (const id of changes.steps) {
      const node = (this.state.steps.get(id) as Step).node_id;
      this.latest.set(node, id);
      this.told.steps.add(id);
      this.told.nodes.add(node);
    }
    if (changes.added.length > 0) this.told.topics.add('list');
    this.told.topics.add('cursor');
    for (const call of this.batches) call(frame);
    dispatchEvent(new CustomEvent('fermata:applied', { detail: frame })); // journeys check what was applied
    if (changes.execution) void this.reload().catch(() => undefined); // what it may now, its output
  }

  /** Steps that were read beyond the snapshot. */
  private add(steps: readonly Step[]): void {
    if (!this.state) return;
    const changes = addSteps(this.state, steps);
    for (const id of changes.steps) {
      const node = (this.state.steps.get(id) as Step).node_id;
      if (!this.latest.has(node)) this.latest.set(node, id);
      this.told.steps.add(id);
    }
    if (changes.added.length > 0) this.told.topics.add('list');
    if (this.rest.rest.state === 'done') this.state.truncated = false;
  }

  private count(nodes: readonly NodeCounts[]): void {
    if (!this.state) return;
    for (const node of applyCounts(this.state, nodes)) this.told.nodes.add(node);
  }
}

/** The store's view of the whole; null before the first snapshot. */
export function useOverall(store: ExecutionStore): Overall | null {
  return useSyncExternalStore(
    useCallback((call) => store.subscribe('execution', call), [store]),
    () => store.overall(),
  );
}

export function useFreshness(store: ExecutionStore): Freshness {
  return useSyncExternalStore(
    useCallback((call) => store.subscribe('freshness', call), [store]),
    () => store.freshness(),
  );
}

/** One step; renders when this step changes. */
export function useStep(store: ExecutionStore, stepId: string): Step | undefined {
  return useSyncExternalStore(
    useCallback((call) => store.subscribeStep(stepId, call), [store, stepId]),
    () => store.step(stepId),
  );
}

/** One node's counts; renders when they change. */
export function useNodeCounts(store: ExecutionStore, nodeId: string): Counts {
  return useSyncExternalStore(
    useCallback((call) => store.subscribeNode(nodeId, call), [store, nodeId]),
    () => store.nodeCounts(nodeId),
  );
}

/** Which steps there are. */
export function useStepIds(store: ExecutionStore): readonly string[] {
  return useSyncExternalStore(
    useCallback((call) => store.subscribe('list', call), [store]),
    () => store.stepIds(),
  );
}

/** Another number whenever any step changed, at most once a frame. */
export function useVersion(store: ExecutionStore): number {
  return useSyncExternalStore(
    useCallback((call) => store.subscribe('steps', call), [store]),
    () => store.version(),
  );
}
