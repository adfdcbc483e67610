/** Redis stands still for 5 s, connections open, nothing answering: what readers notice. */
import { Cache, connect } from 'cenote';
import { expect, onTestFinished, test } from 'vitest';

import { keysOf, until } from './faults.fixture.js';
import { startRedis } from './servers/redis.js';
import { percentile, Stopwatch } from './stopwatch.fixture.js';

const lasts = 5_000;
/** Milliseconds of one load, of one call to the store, and of the ticks by which such a call may end late. */
const loadTime = 20;
const deadline = 250;
const ticks = 20;
/** For timers that fire late and for others at work, at each of the steps. */
const slack = 80;
const bound = 4_000;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds that each run of `act` takes, by so many callers that pause between runs, until `isOver`. */
async function timed(
  stopwatch: Stopwatch,
  callers: number,
  isOver: () => boolean,
  act: (turn: number) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  const call = async (first: number): Promise<void> => {
    for (let turn = first; !isOver(); turn += callers) {
      const began = stopwatch.now();
      await act(turn);
      times.push(stopwatch.now() - began);
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
  const [loadsBefore, hitsBefore] = [loads, await nearHits()];
  const stopwatch = new Stopwatch();
  const [hits, reads] = await Promise.all([
    // Signs of life come four times in `bound`, so that it is served for more than half of it.
    timed(
      stopwatch,
      20,
      () => performance.now() - began > bound / 2,
      (turn) => read(turn, true),
    ),
    timed(
      stopwatch,
      50,
      () => performance.now() - began > lasts,
      (turn) => read(turn, false),
    ),
  ]);
  stopwatch.stop();
  console.log(
    `Redis frozen for ${lasts} ms, this process for ${stopwatch.lost.toFixed()} ms of it`,
    `\nnear hits ${summary(hits)}\nreads ${summary(reads)}`,
  );
  expect([loads - loadsBefore, (await nearHits()) - hitsBefore]).toEqual([0, hits.length]);
  expect(percentile(hits, 0.99), 'ms of a near hit').toBeLessThan(loadTime);
  expect(reads.length).toBeGreaterThan(1_000);
  expect(percentile(reads, 0.99), 'ms of a read').toBeLessThan(deadline + ticks + loadTime + slack);
  expect(percentile(reads, 1), 'ms of the slowest read').toBeLessThan(lasts / 5);

  redis.resume();
  await untilHeld();
});
