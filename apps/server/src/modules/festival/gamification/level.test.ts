import { expect, test } from 'vitest';

import { levelOf, xpOfLevel } from './level.js';

test.each([
  [0, 1],
  [99, 1],
  [100, 2],
  [299, 2],
  [300, 3],
  [600, 4],
])('%i XP are level %i', (xp, level) => {
  expect(levelOf(xp)).toBe(level);
});

test('a level begins at its XP and not one earlier', () => {
  for (let level = 2; level < 500; level++) {
    expect([levelOf(xpOfLevel(level)), levelOf(xpOfLevel(level) - 1)]).toEqual([level, level - 1]);
  }
});
