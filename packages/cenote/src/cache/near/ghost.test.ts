import { describe, expect, test } from 'vitest';

import { Ghost } from './ghost.js';

const names = (count: number, prefix = 'k'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('ghosts', () => {
  test('a key is recalled once', () => {
    const ghost = new Ghost(100);
    ghost.remember('a');
    expect([ghost.recall('b'), ghost.recall('a'), ghost.recall('a')]).toEqual([false, true, false]);
  });

  test.each([8, 1_000, 90_000])(
    'of %i, nearly all of the last half are known, and nearly none from before twice as many',
    (capacity) => {
      const ghost = new Ghost(capacity);
      for (const key of names(capacity * 3)) ghost.remember(key);
      const known = names(capacity * 3).map((key) => ghost.recall(key));
      const count = (from: number, to: number): number => known.slice(from, to).filter(Boolean).length;
      expect(count(0, capacity)).toBeLessThanOrEqual(capacity * 0.1);
      expect(count(Math.ceil(capacity * 2.5), capacity * 3)).toBeGreaterThanOrEqual(Math.floor(capacity / 2) * 0.9);
    },
  );

  test('a key that never was there is not known', () => {
    const ghost = new Ghost(10_000);
    for (const key of names(20_000)) ghost.remember(key);
    expect(names(20_000, 'other').filter((key) => ghost.recall(key)).length).toBeLessThan(10);
  });
});
