import { expect, test } from 'vitest';

import { crowdOf } from './crowd.js';

test('a seed makes the same crowd everywhere, another seed another one', () => {
  expect(crowdOf(200, 1)).toEqual(crowdOf(200, 1));
  expect(crowdOf(200, 1)).not.toEqual(crowdOf(200, 2));
  expect(crowdOf(3, 1).map(({ username }) => username)).toEqual(['crowd-1', 'crowd-2', 'crowd-3']);
});

test('many have little and few have much', () => {
  const xp = crowdOf(10_000, 1)
    .map((member) => member.xp)
    .sort((a, b) => a - b);
  const [median = 0, most = 0] = [xp[5_000], xp.at(-1)];
  expect(median).toBeGreaterThan(0);
  expect(most).toBeGreaterThan(5 * median);
  expect(xp.every((amount) => Number.isInteger(amount) && amount >= 0)).toBe(true);
});
