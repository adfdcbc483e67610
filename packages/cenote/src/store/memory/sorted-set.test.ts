import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SortedSet, type Scored } from './sorted-set.js';

/** All at once, sorted by the bytes: what the set must be like. */
function ordered(scores: ReadonlyMap<string, number>): Scored[] {
  return [...scores].toSorted(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Asks the set whatever can be asked, from `low` on. */
function check(set: SortedSet, model: ReadonlyMap<string, number>, low: number): void {
  const all = ordered(model);
  const members = all.map(([member]) => member);
  expect(set.byRank(0, -1, false)).toEqual(members);
  expect(set.byRank(low, -3, true)).toEqual(members.toReversed().slice(low, -2));
  const range = all.filter(([, score]) => score >= low && score < low + 5);
  expect(set.byScore(low, `(${low + 5}`, Infinity, false)).toEqual(range);
  expect(set.byScore(low, `(${low + 5}`, 3, true)).toEqual(range.toReversed().slice(0, 3));
}

test('a set keeps its order through additions, moves and removals, as its runs are cut in two and run empty', () => {
  const step = fc.record({
    member: fc.oneof(
      fc.nat(40).map((n) => `m${n}`),
      fc.constantFrom('', 'é', '\uffee', '🜛'),
    ),
    score: fc.option(fc.integer({ min: 0, max: 12 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.nat(12), (steps, low) => {
      const set = new SortedSet(4);
      const model = new Map<string, number>();
      for (const { member, score } of steps) {
        if (score === null) {
          expect(set.delete(member)).toBe(model.delete(member));
        } else {
          set.set(member, score);
          model.set(member, score);
        }
      }
      check(set, model, low);
      for (const member of [...model.keys()].slice(2)) {
        expect(set.delete(member)).toBe(model.delete(member));
      }
      check(set, model, low);
      expect(set.size).toBe(model.size);
    }),
  );
});
