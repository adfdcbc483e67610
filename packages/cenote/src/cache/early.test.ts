import { describe, expect, test } from 'vitest';

import { earlyRefresh } from './early.js';

/** Numbers from 0 to below 1, the same in each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const trials = 2_000;

describe('probabilistic early refresh', () => {
  test.each([
    { beta: 1, cost: 100, perMs: 1 },
    { beta: 1, cost: 20, perMs: 5 },
    { beta: 2, cost: 100, perMs: 1 },
    { beta: 0.5, cost: 200, perMs: 0.5 },
  ])('leads expiry by β·δ·(ln(λβδ) + 0.577) on the average: %o', ({ beta, cost, perMs }) => {
    const early = earlyRefresh({ beta }, 'refreshAhead', seeded(1));
    let sum = 0;
    for (let trial = 0; trial < trials; trial++) {
      for (let left = 30 * beta * cost; left > 0; left -= 1 / perMs) {
        if (!early?.(left, cost, 0)) continue;
        sum += left;
        break;
      }
    }
    const expected = beta * cost * (Math.log(perMs * beta * cost) + 0.577);
    expect(sum / trials / expected).toBeGreaterThan(0.95);
    expect(sum / trials / expected).toBeLessThan(1.05);
  });

  test.each([0.5, 1, 2])('without a lease would load e^(1/β) times an expiry, β = %d', (beta) => {
    // Reads go on while the first of those that were told to refresh loads: until it is done each throws its own dice.
    const [cost, perMs] = [100, 2];
    const early = earlyRefresh({ beta }, 'refreshAhead', seeded(2));
    let loads = 0;
    for (let trial = 0; trial < trials; trial++) {
      let done = -Infinity;
      for (let left = 30 * beta * cost; left > done; left -= 1 / perMs) {
        if (!(left <= 0 || early?.(left, cost, 0))) continue;
        loads++;
        if (done === -Infinity) done = left - cost;
      }
    }
    const expected = Math.exp(1 / beta);
    expect(loads / trials / expected).toBeGreaterThan(0.85);
    expect(loads / trials / expected).toBeLessThan(1.15);
  });

  test('is never due long before expiry, nor where loading takes no time', () => {
    const early = earlyRefresh(true, 'refreshAhead', () => 1 - Number.EPSILON);
    expect(early?.(2_001, 100, 0)).toBe(false);
    expect(early?.(1_999, 100, 0)).toBe(true);
    expect(early?.(1, 0, 0)).toBe(false);
    expect(early?.(Infinity, 100, 0)).toBe(false);
    expect(earlyRefresh(false, 'refreshAhead')).toBeUndefined();
  });

  test.each([{ beta: 0 }, { beta: 101 }, { beta: '1' }, { betta: 1 }, 1])('refuses %o', (option) => {
    expect(() => earlyRefresh(option, 'refreshAhead')).toThrow(
      expect.objectContaining({ name: 'UsageError' }) as Error,
    );
  });
});
