import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { ClockErrors, GivenClock } from './clocks.js';
import { moment } from './truth.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the errors of each server are its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clocks-'));
  const path = join(folder, 'clocks');
  await writeFile(path, Buffer.alloc(ClockErrors.size(2)));
  const errors = new ClockErrors(path);
  errors.write(1, { skew: -900_000, asleep: 250.5 });
  expect(new ClockErrors(path).read(0)).toEqual({ skew: 0, asleep: 0 });
  expect(new ClockErrors(path).read(1)).toEqual({ skew: -900_000, asleep: 250.5 });
  errors.close();
  await rm(folder, { recursive: true });
});

test('a given clock is wrong by its errors, and a timer waits for what its clock has slept', async () => {
  let error = { skew: 0, asleep: 0 };
  const clock = new GivenClock(() => error);
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  let fired = -Infinity;
  clock.after(5, () => (fired = clock.monotonic()));
  error = { skew: 900_000, asleep: 30 };
  expect(clock.now()).toBeGreaterThanOrEqual(wall + 900_000);
  expect(clock.monotonic()).toBeLessThan(monotonic);
  await expect.poll(() => fired, { interval: 5 }).toBeGreaterThan(monotonic + 3);
});

test('a turn began when the clock was first looked at in it, or in the one before', async () => {
  const clock = new GivenClock(() => ({ skew: 0, asleep: 0 }));
  const before = moment();
  clock.monotonic();
  const first = clock.turnBegan;
  expect(first).toBeGreaterThanOrEqual(before);
  clock.monotonic();
  expect(clock.turnBegan).toBe(first);
  await turn();
  expect(clock.turnBegan).toBe(first);
  await turn();
  await turn();
  const later = moment();
  expect(clock.turnBegan).toBeGreaterThanOrEqual(later);
});
