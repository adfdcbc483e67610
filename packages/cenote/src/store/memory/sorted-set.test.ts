import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SortedSet, type Scored } from './sorted-set.js';

/** All at once, sorted by the bytes: what the set must be like. */
function ordered(scores: ReadonlyMap<string, number>): Scored[] {
  return [...scores].toSorted(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

test('a set of thousands keeps its order through additions, moves and removals', () => {
  // Enough that runs are cut in two and run empty.
  const step = fc.record({
    member: fc.nat(3_000).map((n) => `m${n}`),
    score: fc.option(fc.integer({ min: 0, max: 50 })),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 5_000, maxLength: 6_000 }), fc.nat(50), (steps, low) => {
      const set = new SortedSet();
      const model = new Map<string, number>();
      const check = (): void => {
        const all = ordered(model);
        const members = all.map(([member]) => member);
        expect(set.byRank(0, -1, false)).toEqual(members);
        expect(set.byRank(5, -600, true)).toEqual(members.toReversed().slice(5, Math.max(members.length - 599, 5)));
        const range = all.filter(([, score]) => score >= low && score < low + 10);
        expect(set.byScore(low, `(${low + 10}`, Infinity, false)).toEqual(range);
        expect(set.count(low, `(${low + 10}`)).toBe(range.length);
        expect(set.byScore(low, `(${low + 10}`, 7, true)).toEqual(range.toReversed().slice(0, 7));
      };
      for (const { member, score } of steps) {
        if (score === null) expect(set.delete(member)).toBe(model.delete(member));
        else {
          set.set(member, score);
          model.set(member, score);
        }
      }
      check();
      for (const member of [...model.keys()].slice(0, model.size - 3)) {
        set.delete(member);
        model.delete(member);
      }
      check();
    }),
    { numRuns: 20 },
  );
});
