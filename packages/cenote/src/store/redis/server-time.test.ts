import { expect, test } from 'vitest';

import { fakeClock } from '../../testing/fake-clock.js';
import { ServerTime } from './server-time.js';

/** A server whose clock is 1,000,000 ms ahead of the monotonic clock here. */
const ahead = 1_000_000;

test("is this machine's own time until the first reading", () => {
  const clock = fakeClock(5_000);
  const time = new ServerTime(clock);
  clock.advance(10);
  expect(time.now()).toBe(5_010);
});

test('takes the middle of the first reading, and follows the monotonic clock from there', () => {
  const clock = fakeClock();
  const time = new ServerTime(clock);
  clock.advance(100);
  time.learn(ahead + 60, 0, 100);
  expect(time.now()).toBe(ahead + 110);
  clock.set(0);
  clock.advance(50);
  expect(time.now()).toBe(ahead + 160);
});

test('a slow reading cannot spoil what a fast one has shown, a contradiction moves it as far as needed', () => {
  const clock = fakeClock();
  const time = new ServerTime(clock);
  time.learn(ahead, 0, 0);
  time.learn(ahead + 990, 0, 1_000);
  expect(time.now()).toBe(ahead);
  time.learn(ahead + 500, 400, 410);
  expect(time.now()).toBe(ahead + 90);
});

test('another server begins anew', () => {
  const clock = fakeClock();
  const time = new ServerTime(clock);
  time.learn(ahead, 0, 0);
  time.forget();
  time.learn(5, 0, 10);
  expect(time.now()).toBe(0);
});
