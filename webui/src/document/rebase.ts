/**
 * What somebody else made of a draft, put under what was done here and is not saved yet.
 *
 * Different fields both survive. Where both changed the same one, theirs stays in the draft and the conflict holds
 * both values. Undo takes back one's own deeds only: of those that were saved before, what others have overwritten
 * since is left as they made it.
 */
import { applyAll, valueAt, type Change, type Target } from './change';
import { diff } from './diff';
import type { Entry, History, Step } from './history';
import { isObject, same, type Json, type Path } from './json';
import {
  edgeIndex,
  edgeKeys,
  edgesOf,
  endOf,
  freshId,
  keyText,
  nodeOf,
  nodesOf,
  parentOf,
  withInside,
  type Draft,
  type EdgeKey,
  type NodeJson,
} from './model';
import { carriedOut, renamedIn, type Operation } from './operation';

/** A missing value: absent or removed. */
export interface Conflict {
  readonly target: Target;
  readonly path: Path;
  readonly mine?: Json;
  readonly theirs?: Json;
  /** Do this to have mine after all. */
  readonly take: Operation;
}

export interface Rebased {
  readonly history: History;
  readonly conflicts: readonly Conflict[];
}

/** Put `theirs` under the history's unsaved steps. */
export function rebase(history: History, theirs: Draft): Rebased {
  const foreign = new Foreign(diff(history.base, theirs), theirs);
  const replay = new Replay(history.base, theirs, foreign);
  const log: Step[] = [];
  const fresh = new Map<number, Entry | null>();
  const entries = new Map([...history.done, ...history.undone].map((entry) => [entry.n, entry]));
  for (const step of history.log) {
    const { operations, inverse } = replay.step(step);
    const entry = entries.get(step.entry);
    const nothing = inverse.length === 0;
    if (!nothing) log.push({ ...step, operations });
    if (entry && step.kind === 'do') fresh.set(entry.n, nothing ? null : { ...entry, operations, inverse });
  }
  const kept = (entry: Entry): Entry[] => {
    const known = fresh.get(entry.n);
    if (known === null) return [];
    return [
      known ?? {
        ...entry,
        inverse: foreign.spared(entry.inverse),
        operations: foreign.followed(entry.operations),
      },
    ];
  };
  return {
    history: {
      ...history,
      base: theirs,
      draft: replay.now,
      done: history.done.flatMap(kept),
      undone: history.undone.flatMap(kept),
      log,
      sent: 0,
    },
    conflicts: replay.conflicts,
  };
}

/** What others did. */
class Foreign {
  /** Nodes that are called otherwise now. */
  readonly names: ReadonlyMap<string, string>;
  private known: ReadonlySet<string> | null = null;

  constructor(
    readonly changes: readonly Change[],
    readonly draft: Draft,
  ) {
    this.names = new Map(
      changes.flatMap((change) => (change.do === 'nameNode' ? [[change.id, change.to]] : [])),
    );
  }

  /** The target by the name it had. */
  asBefore(target: Target): Target {
    if (target.in !== 'node') return target;
    const [id] = [...this.names].find(([, to]) => to === target.id) ?? [target.id];
    return { in: 'node', id };
  }

  followed(operations: readonly Operation[]): Operation[] {
    return operations.map((operation) => renamedIn(operation, this.names));
  }

  /** Whether they wrote at that place, above it or below it. */
  wrote(target: Target, path: Path): boolean {
    return this.changes.some((change) => {
      if (change.do === 'place')
        return target.in === 'editor' && path[0] === 'positions' && this.hasPlaced(change, path[1]);
      return (
        change.do === 'set' &&
        JSON.stringify(change.target) === JSON.stringify(target) &&
        change.path.slice(0, path.length).every((key, i) => String(key) === String(path[i]))
      );
    });
  }

  private hasPlaced({ rows }: Extract<Change, { do: 'place' }>, id: string | number | undefined): boolean {
    return id === undefined || rows.some((row) => row.id === id);
  }

  /** Whom they have placed, or taken the place of. */
  get placed(): ReadonlySet<string> {
    return (this.known ??= new Set(this.changes.flatMap(placedBy)));
  }

  /** Whether they did something to a node or put something at it. */
  touched(id: string): boolean {
    return this.changes.some(
      (change) =>
        (change.do === 'set' && change.target.in === 'node' && change.target.id === id) ||
        (change.do === 'addNode' && change.node.parent === id) ||
        (change.do === 'addEdge' && (change.edge.to === id || change.edge.from.split('.')[0] === id)),
    );
  }

  /** An old inverse without what they have overwritten or stand on. */
  spared(inverse: readonly Change[]): Change[] {
    const [followed] = this.followed([{ op: 'change', changes: inverse }]);
    const changes = followed?.op === 'change' ? followed.changes : [];
    return changes
      .flatMap((change) => {
        if (change.do !== 'place') return change;
        const rows = change.rows.filter(({ id }) => !this.placed.has(id));
        return rows.length > 0 ? { ...change, rows } : [];
      })
      .filter((change) => {
        if (change.do === 'set') return !this.wrote(change.target, change.path);
        return change.do !== 'removeNode' || !this.touched(change.id);
      });
  }
}

function placedBy(change: Change): string[] {
  if (change.do === 'place') return change.rows.map(({ id }) => id);
  if (change.do !== 'set' || change.target.in !== 'editor' || change.path[0] !== 'positions') return [];
  const id = change.path[1];
  return id === undefined ? Object.keys(isObject(change.value) ? change.value : {}) : [String(id)];
}

/** One's own steps done anew on theirs, beside what they were on one's own. */
class Replay {
  readonly conflicts: Conflict[] = [];
  private readonly names: Map<string, string>;

  private readonly base: Draft;

  constructor(
    private own: Draft,
    public now: Draft,
    private readonly foreign: Foreign,
  ) {
    this.base = own;
    this.names = new Map(foreign.names);
  }

  step(step: Step): { operations: Operation[]; inverse: Change[] } {
    const operations: Operation[] = [];
    const inverse: Change[] = [];
    for (const original of step.operations) {
      this.avoidTaken(original);
      const operation = this.agreed(renamedIn(original, this.names), step.kind === 'undo');
      this.own = carriedOut(this.own, original).draft;
      if (!operation) continue;
      const done = carriedOut(this.now, operation);
      this.now = done.draft;
      inverse.unshift(...done.inverse.toReversed());
      operations.push(operation);
    }
    const loose = looseEnds(this.now, this.foreign.draft);
    if (loose.length > 0) {
      const mended = applyAll(this.now, loose);
      this.now = mended.draft;
      inverse.unshift(...mended.inverse);
      operations.push({ op: 'change', changes: loose });
    }
    return { operations, inverse };
  }

  /** Nodes new here whose ids others took meanwhile get others. */
  private avoidTaken(operation: Operation): void {
    const nodes =
      operation.op === 'add'
        ? operation.nodes
        : operation.op === 'insert'
          ? [operation.node]
          : operation.op === 'wrap'
            ? [operation.container]
            : [];
    const wishes = operation.op === 'rename' ? [operation.to] : nodes.map((node) => node.id);
    for (const wish of wishes) {
      const taken = new Set([...nodesOf(this.now), ...nodesOf(this.own)].map((node) => node.id));
      for (const name of this.names.values()) taken.add(name);
      if (nodeOf(this.now, wish) && !nodeOf(this.own, wish)) this.names.set(wish, freshId(wish, taken));
    }
  }

  /** The operation without what others decided otherwise; null if nothing is left of it. */
  private agreed(operation: Operation, quiet: boolean): Operation | null {
    if (operation.op === 'set') {
      const { op: _, ...change } = operation;
      return this.settles({ do: 'set', ...change }, quiet) ? operation : null;
    }
    if (operation.op === 'change') {
      return { op: 'change', changes: operation.changes.filter((change) => this.settles(change, quiet)) };
    }
    if (operation.op === 'remove')
      return { op: 'remove', ids: operation.ids.filter((id) => this.mayRemove(id)) };
    if (operation.op === 'rename') return this.renameAgreed(operation);
    return operation;
  }

  private renameAgreed(operation: Extract<Operation, { op: 'rename' }>): Operation | null {
    const to = this.names.get(operation.to) ?? operation.to;
    const theirs = [...this.foreign.names.values()].includes(operation.id);
    if (!theirs) return { ...operation, to };
    const take: Operation = { op: 'rename', id: operation.id, to };
    const target: Target = { in: 'node', id: operation.id };
    this.conflicts.push({ target, path: ['id'], mine: to, theirs: operation.id, take });
    return null;
  }

  private mayRemove(id: string): boolean {
    const touched = [...withInside(this.now, [id])].filter((each) => this.foreign.touched(each));
    for (const each of touched)
      this.refuse({ in: 'node', id: each }, [], undefined, { op: 'remove', ids: [id] });
    return touched.length === 0;
  }

  /**
   * Whether a change may stand; if not, the conflict is noted. A place is contested where theirs differs both from
   * what it was and from what is wanted here.
   */
  private settles(change: Change, quiet = false): boolean {
    if (change.do === 'removeNode') return this.mayRemove(change.id);
    if (change.do === 'addNode') return this.mayAdd(change.node);
    if (change.do !== 'set' || change.target.in === 'editor') return true;
    const { target, path, value } = change;
    if (this.isGone(target)) {
      if (!quiet) this.noteGone(target, change);
      return false;
    }
    const theirs = valueAt(this.foreign.draft, target, path);
    if (same(theirs, valueAt(this.base, this.foreign.asBefore(target), path)) || same(theirs, value))
      return true;
    const set: Operation = { op: 'set', target, path, ...(value === undefined ? {} : { value }) };
    if (!quiet) this.refuse(target, path, value, set);
    return false;
  }

  /** Text or an undo brings a node back whose id others took meanwhile. */
  private mayAdd(node: NodeJson): boolean {
    const theirs = nodeOf(this.now, node.id);
    if (!theirs || nodeOf(this.own, node.id)) return true;
    const changes: Change[] = [
      { do: 'removeNode', id: node.id },
      { do: 'addNode', node, index: nodesOf(this.now).indexOf(theirs) },
    ];
    if (!same(theirs, node)) this.refuse({ in: 'node', id: node.id }, [], node, { op: 'change', changes });
    return false;
  }

  private isGone(target: Target): boolean {
    if (target.in === 'node') return !nodeOf(this.now, target.id);
    return target.in === 'edge' && edgeIndex(edgesOf(this.now), target.key) < 0;
  }

  /** Changed here, removed there: mine is the whole node as it was here. */
  private noteGone(target: Target, change: Extract<Change, { do: 'set' }>): void {
    const own = applyAll(this.own, [change]).draft;
    if (target.in === 'node') {
      const node = nodeOf(own, target.id);
      if (node) this.refuse(target, [], node, { op: 'add', nodes: [node] });
    } else if (target.in === 'edge') {
      const edge = edgesOf(own)[edgeIndex(edgesOf(own), target.key)];
      if (edge) this.refuse(target, [], edge, { op: 'connect', edge });
    }
  }

  /** One conflict for one place; the last value typed counts. */
  private refuse(target: Target, path: Path, mine: Json | undefined, take: Operation): void {
    const theirs = valueAt(this.foreign.draft, target, path);
    const place = JSON.stringify([target, path]);
    const others = this.conflicts.filter((each) => JSON.stringify([each.target, each.path]) !== place);
    const both = { ...(mine === undefined ? {} : { mine }), ...(theirs === undefined ? {} : { theirs }) };
    this.conflicts.splice(0, Infinity, ...others, { target, path, ...both, take });
  }
}

/** Edges to nodes that others removed and containers that are no more, unless theirs has them so too. */
function looseEnds(draft: Draft, theirs: Draft): Change[] {
  const parents = new Map(nodesOf(draft).map((node) => [node.id, parentOf(node)]));
  const isLoose = ({ from, to }: EdgeKey): boolean => !parents.has(endOf(from).node) || !parents.has(to);
  const known = new Set(edgeKeys(edgesOf(theirs)).map(keyText));
  const edges = edgeKeys(edgesOf(draft)).filter((key) => isLoose(key) && !known.has(keyText(key)));
  const isOutside = (id: string): boolean => {
    const seen = new Set([id]);
    for (let up = parents.get(id); typeof up === 'string'; up = parents.get(up)) {
      if (!parents.has(up) || seen.has(up)) return true;
      seen.add(up);
    }
    return false;
  };
  const lost = nodesOf(draft).filter((node) => {
    const before = nodeOf(theirs, node.id);
    return isOutside(node.id) && (!before || parentOf(before) !== parentOf(node));
  });
  return [
    ...edges.reverse().map((key): Change => ({ do: 'removeEdge', key })),
    ...lost.map(({ id }): Change => ({ do: 'set', target: { in: 'node', id }, path: ['parent'] })),
  ];
}
