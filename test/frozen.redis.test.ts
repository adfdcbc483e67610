/** Redis stands still for 5 s, connections open, nothing answering: what readers notice. */
import { Cache, connect } from 'cenote';
import { expect, onTestFinished, test } from 'vitest';

import { keysOf, until } from './faults.fixture.js';
import { startRedis } from './servers/redis.js';

const lasts = 5_000;
/** Milliseconds of one load, of one call to the store, and of the ticks by which such a call may end late. */
const loadTime = 20;
const deadline = 250;
const ticks = 20;
const bound = 4_000;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The value that so many of all are not above. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Milliseconds that each run of `act` takes, by so many callers that pause between runs, until `isOver`. */
async function timed(
  callers: number,
  isOver: () => boolean,
  act: (turn: number) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  const call = async (first: number): Promise<void> => {
    for (let turn = first; !isOver(); turn += callers) {
      const began = performance.now();
      await act(turn);
      times.push(performance.now() - began);
      await sleep(5);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return times;
}

/** Times of many, for people. */
function summary(times: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(times, share).toFixed(1));
  return `${times.length}: p50 ${p50} ms, p99 ${p99} ms, max ${most} ms`;
}

test('99 of 100 reads end within a deadline and a load; near hits are as ever', { timeout: 60_000 }, async () => {
  const redis = await startRedis();
  const store = connect({ url: redis.url, deadline });
  onTestFinished(async () => {
    redis.resume();
    await store.close();
    await redis.stop();
  });
  const cache = new Cache({ store, prefix: 'frozen', ttl: '10m', near: { bound } });
  const keys = keysOf('row', 500);
  let loads = 0;
  const read = (turn: number, near: boolean): Promise<string> =>
    cache.wrap(
      keys[turn % keys.length] as string,
      async () => {
        if (near) loads++;
        await sleep(loadTime);
        return 'row';
      },
      { near },
    );
  const nearHits = async (): Promise<number> => (await cache.stats()).near;
  const untilHeld = (): Promise<void> =>
    until('all is held in memory', async () => {
      const before = await nearHits();
      await Promise.all(keys.map((_, turn) => read(turn, true)));
      return (await nearHits()) - before === keys.length;
    });
  await untilHeld();

  redis.pause();
  const began = performance.now();
  const until5s = (): boolean => performance.now() - began > lasts;
  const [loadsBefore, hitsBefore] = [loads, await nearHits()];
  const [hits, reads, ideal] = await Promise.all([
    // Signs of life come four times in `bound`, so that it is served for more than half of it.
    timed(
      20,
      () => performance.now() - began > bound / 2,
      (turn) => read(turn, true),
    ),
    timed(50, until5s, (turn) => read(turn, false)),
    // What it takes on this machine at this moment to wait for the deadline and to load, without a cache.
    timed(20, until5s, () => sleep(deadline + ticks).then(() => sleep(loadTime))),
  ]);
  console.log(
    `Redis frozen for ${lasts} ms\nnear hits ${summary(hits)}\nreads ${summary(reads)}\nideal ${summary(ideal)}`,
  );
  expect([loads - loadsBefore, (await nearHits()) - hitsBefore]).toEqual([0, hits.length]);
  expect(percentile(hits, 0.99), 'ms of a near hit').toBeLessThan(loadTime);
  expect(reads.length).toBeGreaterThan(1_000);
  expect(percentile(reads, 0.99), 'ms of a read').toBeLessThanOrEqual(percentile(ideal, 0.99));
  expect(percentile(reads, 1), 'ms of the slowest read').toBeLessThan(lasts / 5);

  redis.resume();
  await untilHeld();
});
