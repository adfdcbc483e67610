import { expect, test } from 'vitest';

import { fakeClock } from './fake-clock.js';

test('timers run in order, each at its own time, those they start included', () => {
  const clock = fakeClock(1_000);
  const seen: [string, number][] = [];
  clock.after(30, () => seen.push(['late', clock.now()]));
  clock.after(10, () => {
    seen.push(['early', clock.now()]);
    clock.after(5, () => seen.push(['from early', clock.monotonic()]));
  });
  clock.after(20, () => seen.push(['never', 0]))();
  clock.advance(100);
  expect(seen).toEqual([
    ['early', 1_010],
    ['from early', 15],
    ['late', 1_030],
  ]);
  expect([clock.now(), clock.monotonic(), clock.pending]).toEqual([1_100, 100, 0]);
});

test('elapse lets what awaits a timer go on and start the next', async () => {
  const clock = fakeClock();
  const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => clock.after(milliseconds, resolve));
  let done = false;
  void (async () => {
    for (let i = 0; i < 10; i++) await pause(10);
    done = true;
  })();
  await clock.elapse(100);
  expect(done).toBe(true);
});

test('set moves the wall clock alone', () => {
  const clock = fakeClock();
  clock.set(5);
  clock.advance(10);
  expect([clock.now(), clock.monotonic()]).toEqual([15, 10]);
});
