import fc from 'fast-check';
import { expect, test } from 'vitest';

import { milliseconds } from './duration.js';
import { UsageError } from './errors.js';

test.each([
  [1, 1],
  [1.4, 1],
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['7d', 604_800_000],
])('%o is %i milliseconds', (value, expected) => {
  expect(milliseconds(value, 'ttl')).toBe(expected);
});

test.each([
  0,
  -1,
  0.4,
  Number.NaN,
  Infinity,
  1e300,
  '',
  '5',
  's',
  '5 s',
  '-5s',
  '1e3s',
  '5S',
  '5sec',
  '0s',
  ' 5s',
  '5s\n',
  null,
  undefined,
  true,
  [5],
  { ms: 5 },
])('%o is none', (value) => {
  expect(() => milliseconds(value, 'ttl')).toThrow(UsageError);
  expect(() => milliseconds(value, 'ttl')).toThrow(/^ttl must be a duration of at least 1 ms/);
});

test('0 and Infinity are accepted where they mean something', () => {
  expect(milliseconds(0, 'grace', { zero: true })).toBe(0);
  expect(milliseconds('0s', 'grace', { zero: true })).toBe(0);
  expect(milliseconds(Infinity, 'ttl', { infinite: true })).toBe(Infinity);
  expect(() => milliseconds(-Infinity, 'ttl', { infinite: true, zero: true })).toThrow(UsageError);
});

test('whatever is written comes out as whole milliseconds', () => {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
      (count, unit) => {
        expect(milliseconds(`${count}${unit}`, 'ttl')).toBe(count * units[unit]);
      },
    ),
  );
});
