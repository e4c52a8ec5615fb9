/** What the fake transport answers: workflows of any size, and an execution as it was recorded. */
import { readFile } from 'node:fs/promises';

const CAN = { edit: true, publish: true, start: true, start_draft: true, duplicate: true, archive: true };

export function workflowRows(count) {
  return Array.from({ length: count }, (_, at) => ({
    id: `w${at + 1}`,
    name: `workflow-${at + 1}`,
    description: 'What it is for.',
    latest_version: 1,
    changed: false,
    draft_errors: 0,
    archived_at: null,
    created_by: 'ana',
    created_at: '2026-11-20T08:00:00Z',
    updated_at: '2026-11-20T08:00:00Z',
    recent: Array.from({ length: 20 }, (_, of) => ({
      id: `e${at}-${of}`,
      status: 'succeeded',
      duration_seconds: 1,
    })),
    can: CAN,
  }));
}

const NODE_TYPES = JSON.parse(
  await readFile(
    new URL('../../src/components/Workflow/builder/nodeTypes.sample.json', import.meta.url),
    'utf8',
  ),
);

/** Layers of 50 nodes, each behind one of the layer before. */
export function graphOf(size, wide = 50) {
  const nodes = Array.from({ length: size }, (_, at) => ({
    id: `n${at}`,
    type: 'transform',
    config: { output: at },
  }));
  const edges = nodes.flatMap(({ id }, at) => (at < wide ? [] : [{ from: `n${at - wide}`, to: id }]));
  return { schema: 'fermata/1', name: 'large', nodes, edges };
}

export function workflowAnswers(definition) {
  return {
    'GET /workflows/w1': workflowRows(1)[0],
    'GET /workflows/w1/versions/1': { version: 1, definition },
    'GET /workflows/w1/draft': { rev: 1, definition, editor: {}, source: null },
  };
}

/** A builder whose drafts are on their way for ever: what is measured is the screen. */
export function builderAnswers(definition) {
  return {
    ...workflowAnswers(definition),
    'GET /node-types': { results: NODE_TYPES },
    'GET /workflows/w1/executions': { results: [], next: null },
    'POST /workflows/w1/validate': { problems: [], digest: '' },
    'PATCH /workflows/w1/draft': () => new Promise(() => undefined),
  };
}

export function executionAnswers({ snapshot, graph, events }) {
  const there = `/workflows/executions/${snapshot.execution.id}`;
  const detail = (step) => ({ ...step, attempts: [], can: {} });
  return {
    [`GET ${there}`]: snapshot.execution,
    [`GET ${there}/graph`]: graph,
    [`GET ${there}/why`]: { status: 'running', sentence: '', steps: [] },
    [`GET ${there}/events`]: ({ searchParams }) => {
      const before = searchParams.get('before') ?? 'ffffffffffff';
      const found = events.filter(({ cursor }) => cursor < before).slice(-Number(searchParams.get('limit')));
      const cursor = found.at(-1)?.cursor ?? '000000000000';
      return { type: 'events', after: found[0]?.cursor ?? cursor, cursor, events: found };
    },
    [`GET ${there}/snapshot`]: { type: 'snapshot', ...snapshot },
    ...Object.fromEntries(
      snapshot.steps.flatMap((step) => [
        [`GET ${there}/steps/${step.id}`, detail(step)],
        [`GET ${there}/steps/${step.id}/value`, { value: 1, complete: true, size_bytes: 1 }],
      ]),
    ),
  };
}

/** The recorded journal over a socket: all but its last 4,000 events at once, those as fast as is said. */
export function play({ snapshot, events }, socket) {
  const cut = Math.max(1, events.length - 4_000);
  const frame = (from, to) => {
    const part = events.slice(from, to);
    const [after, cursor] = [events[from - 1]?.cursor ?? '000000000000', part.at(-1).cursor];
    return JSON.stringify({ type: 'events', after, cursor, events: part });
  };
  const execution = { ...snapshot.execution, status: 'running', output: null, finished_at: null };
  const begun = { ...snapshot, type: 'snapshot', cursor: '000000000000', execution, nodes: [], steps: [] };
  const turn = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    async begin() {
      while (!socket()) await turn(5);
      socket().send(JSON.stringify({ ...begun, steps_truncated: false }));
      for (let from = 0; from < cut; from += 1_000) socket().send(frame(from, Math.min(cut, from + 1_000)));
    },
    async rest({ perSecond, seconds }) {
      const began = performance.now();
      let sent = cut;
      while (performance.now() - began < seconds * 1000 && sent < events.length) {
        await turn(16);
        const due = Math.min(
          events.length,
          cut + Math.floor(((performance.now() - began) / 1000) * perSecond),
        );
        if (due > sent) socket().send(frame(sent, due));
        sent = Math.max(sent, due);
      }
      return sent - cut;
    },
  };
}
