import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deed, operationFor, SOURCE, START, type Deed } from './arbitrary.testkit';
import { applyAll } from './change';
import { copied, pasted } from './clipboard';
import { diff } from './diff';
import { arrived, begin, lost, perform, redo, sending, undo, type History } from './history';
import { asRecord, recordOf, replayed } from './journal';
import { canonicalJson, same, type Json } from './json';
import { edgesOf, endOf, isReadable, nodesOf, parentOf, type Draft } from './model';
import { patchOf, patched } from './patch';
import { rebase } from './rebase';
import { fromYaml, SourceText, toYaml, withComments } from './yaml';

// Other numbers find other cases; this one keeps a run like the one before.
const SEED = 20261126;

const exact = (draft: Draft): string => JSON.stringify(draft);
const value = (draft: Draft): string => canonicalJson({ ...draft } as unknown as Json);

function done(history: History, deeds: readonly Deed[], prefix?: string): History {
  return deeds.reduce((now, each) => {
    const operation = operationFor(now.draft, each, prefix);
    return operation ? perform(now, [operation]) : now;
  }, history);
}

function sound(draft: Draft): void {
  expect(isReadable(draft.definition)).toBe(true);
  const ids = new Set(nodesOf(draft).map((node) => node.id));
  for (const edge of edgesOf(draft)) expect(ids.has(endOf(edge.from).node) && ids.has(edge.to)).toBe(true);
  for (const node of nodesOf(draft)) expect(ids.has(parentOf(node) ?? node.id)).toBe(true);
}

const many = (most: number, least = 0): fc.Arbitrary<Deed[]> =>
  fc.array(deed, { minLength: least, maxLength: most, size: 'max' });

it('takes 500 random deeds back one by one: the same text, the same order, and does them again', () => {
  fc.assert(
    fc.property(many(500, 500), (deeds) => {
      const source = new SourceText();
      source.begin(SOURCE, START.definition);
      const past: string[] = [];
      let history = begin(START);
      for (const each of deeds) {
        const operation = operationFor(history.draft, each);
        const next = operation ? perform(history, [operation]) : history;
        if (next === history) continue;
        past.push(exact(history.draft));
        history = next;
      }
      sound(history.draft);
      const end = exact(history.draft);
      const commented = source.of(history.draft.definition) as string;
      expect(fromYaml(commented)).toEqual({ definition: history.draft.definition });
      const count = history.done.length;
      expect(count).toBeGreaterThan(50);
      for (; history.done.length > 0; history = undo(history)) {
        expect(exact(history.draft) === (past[history.done.length] ?? end)).toBe(true);
      }
      expect(exact(history.draft)).toBe(exact(START));
      expect(canonicalJson(history.draft.definition)).toBe(canonicalJson(START.definition));
      expect(toYaml(history.draft.definition)).toBe(toYaml(START.definition));
      expect(source.of(history.draft.definition)).toBe(SOURCE);
      expect(history.log).toEqual([]);
      for (; history.undone.length > 0; history = redo(history));
      expect(history.done.length).toBe(count);
      expect(exact(history.draft)).toBe(end);
    }),
    { numRuns: 4, seed: SEED },
  );
}, 60_000);

it('leads from any draft to any other', () => {
  fc.assert(
    fc.property(many(30), many(30), (some, others) => {
      const one = done(begin(START), some).draft;
      const other = done(begin(START), others, 'm').draft;
      const changes = diff(one, other);
      const { draft, inverse } = applyAll(one, changes);
      expect(value(draft)).toBe(value(other));
      expect(exact(applyAll(draft, inverse).draft)).toBe(exact(one));
      const whole = { definition: one.definition, editor: one.editor };
      const sent = patched(whole, patchOf(one, changes));
      expect(same(sent as Json, { ...other } as unknown as Json)).toBe(true);
    }),
    { numRuns: 80, seed: SEED },
  );
}, 60_000);

it('puts foreign deeds under its own: undone, exactly theirs is left', () => {
  fc.assert(
    fc.property(many(15), many(15), many(15), many(10), (before, mine, theirs, later) => {
      let history = done(begin(START), before);
      history = arrived(sending(history), history.draft);
      const saved = history.done.length;
      history = done(history, mine);
      const foreign = done(begin(history.base), theirs, 'm').draft;
      const { history: merged } = rebase(history, foreign);
      sound(merged.draft);
      const replay = merged.log.reduce((now, step) => perform(now, step.operations), begin(merged.base));
      expect(value(replay.draft)).toBe(value(merged.draft));
      let after = done(merged, later);
      for (; after.done.length > saved; after = undo(after));
      expect(value(after.draft)).toBe(value(foreign));
      for (; after.done.length > 0; after = undo(after));
      for (; after.undone.length > 0; after = redo(after));
      expect(isReadable(after.draft.definition)).toBe(true);
    }),
    { numRuns: 150, seed: SEED },
  );
}, 60_000);

it('replays its journal to the draft on the screen, whatever was sent, lost or undone', () => {
  const move = fc.constantFrom<'send' | 'arrive' | 'lose' | 'undo' | 'redo'>(
    'send',
    'arrive',
    'lose',
    'undo',
    'redo',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(deed, move), { maxLength: 80, size: 'max' }), (moves) => {
      let history = begin(START);
      let way: Draft | null = null;
      for (const each of moves) {
        if (typeof each === 'object') history = done(history, [each]);
        else if (each === 'undo') history = undo(history);
        else if (each === 'redo') history = redo(history);
        else if (each === 'send' && !way) {
          way = history.draft;
          history = sending(history);
        } else if (each === 'arrive' && way) {
          history = arrived(history, way);
          way = null;
        } else if (each === 'lose') {
          history = lost(history);
          way = null;
        }
        const record = recordOf(history, { workflow: 'w', page: 'p', at: 1, rev: 1 });
        const read = asRecord(JSON.parse(JSON.stringify(record)));
        expect(exact(replayed(read as NonNullable<typeof read>).draft)).toBe(exact(history.draft));
      }
    }),
    { numRuns: 60, seed: SEED },
  );
}, 60_000);

it('pastes without a collision, references following', () => {
  fc.assert(
    fc.property(many(40), many(20), (some, others) => {
      const from = done(begin(START), some).draft;
      const to = done(begin(START), others).draft;
      const ids = nodesOf(from).map((node) => node.id);
      fc.pre(ids.length > 0);
      const result = pasted(to, copied(from, ids));
      if ('error' in result) throw new Error(result.error.message);
      const before = nodesOf(to).length;
      const history = perform(begin(to), [result.operation]);
      expect(nodesOf(history.draft).length).toBe(before + ids.length);
      sound(history.draft);
      expect(exact(undo(history).draft)).toBe(exact(to));
    }),
    { numRuns: 40, seed: SEED },
  );
}, 60_000);

it('keeps a text that says the same as the definition', () => {
  fc.assert(
    fc.property(many(25), (deeds) => {
      const { definition } = done(begin(START), deeds).draft;
      const text = withComments(SOURCE, definition);
      expect(fromYaml(text)).toEqual({ definition });
      expect(text).toContain('# what finance wants');
      expect(fromYaml(toYaml(definition))).toEqual({ definition });
    }),
    { numRuns: 40, seed: SEED },
  );
}, 60_000);
