/** The outline: nodes by container, each level in the order in which it runs. */
import { edgesOf, endOf, nodesOf, parentOf, type Draft, type NodeJson } from '../../../document/model';

export interface Row {
  readonly node: NodeJson;
  readonly level: number;
  readonly place: number;
  readonly of: number;
  readonly open: boolean | null;
  readonly parent: string | null;
}

/** Every row that is seen; what lies in a closed container is not. */
export function rowsOf(
  draft: Draft,
  closed: ReadonlySet<string>,
  isContainer: (node: NodeJson) => boolean,
): Row[] {
  const nodes = nodesOf(draft);
  const known = new Set(nodes.map(({ id }) => id));
  const levels = new Map<string | null, NodeJson[]>();
  for (const node of nodes) {
    const parent = parentOf(node);
    const key = parent !== null && known.has(parent) && parent !== node.id ? parent : null;
    const level = levels.get(key);
    if (level) level.push(node);
    else levels.set(key, [node]);
  }
  const next = followersOf(draft);
  const rows: Row[] = [];
  const seen = new Set<string>();
  const walk = (parent: string | null, level: number): void => {
    const members = inOrder(levels.get(parent) ?? [], next);
    members.forEach((node, at) => {
      if (seen.has(node.id)) return;
      seen.add(node.id);
      const has = levels.has(node.id) || isContainer(node);
      const open = has ? !closed.has(node.id) : null;
      rows.push({ node, level, place: at + 1, of: members.length, open, parent });
      if (open) walk(node.id, level + 1);
    });
  };
  walk(null, 1);
  return rows;
}

function followersOf(draft: Draft): Map<string, string[]> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edgesOf(draft)) {
    const { node } = endOf(from);
    const known = next.get(node);
    if (known) known.push(to);
    else next.set(node, [to]);
  }
  return next;
}

/** What follows comes after what it follows; otherwise as the document has it. Loops are cut where they close. */
function inOrder(members: readonly NodeJson[], next: ReadonlyMap<string, string[]>): NodeJson[] {
  const byId = new Map(members.map((node) => [node.id, node]));
  const done = new Set<string>();
  const found: NodeJson[] = [];
  // Depth first with a stack of its own: a chain may be longer than the call stack.
  for (const start of members.toReversed()) {
    const stack: { id: string; left: string[] }[] = [];
    const enter = (id: string): void => {
      if (done.has(id) || !byId.has(id)) return;
      done.add(id);
      stack.push({ id, left: [...(next.get(id) ?? [])] });
    };
    enter(start.id);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const follower = top.left.pop();
      if (follower !== undefined) enter(follower);
      else {
        found.push(byId.get(top.id) as NodeJson);
        stack.pop();
      }
    }
  }
  return found.reverse();
}
