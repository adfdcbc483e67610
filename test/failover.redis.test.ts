/** What was invalidated stays so when another server takes over, or an old one comes back with what it had saved. */
import { Cache, connect, glob, type Store } from 'cenote';
import { describe, expect, onTestFinished, test } from 'vitest';

import { Pair } from './failover.fixture.js';
import { until } from './faults.fixture.js';
import { startRedis } from './servers/redis.js';
import { stale, Truth, warm, type Read } from './truth.fixture.js';
import { arrangements } from './thorough.js';

/** How many rows are invalidated in each way. */
const many = 200;
const ways = ['del', 'tag', 'pattern'] as const;
type Way = (typeof ways)[number];

/** `cold` entries are not good on another server; `trusted` ones are, so that only being told again makes them go. */
const spaces = ['cold', 'trusted'] as const;

const bound = 200;
const prefix = 'failover';

const keysOf = (space: (typeof spaces)[number], name: string): string[] =>
  Array.from({ length: many }, (_, index) => `${space}:${name}-${index}`);
const tagOf = (key: string): string => `of ${key}`;
const all = spaces.flatMap((space) => ways.flatMap((way) => keysOf(space, way)));

/** A process: a connection and a cache of its own. */
interface Process {
  readonly store: Store;
  readonly cache: Cache;
  readonly read: Read;
}

function processAt(url: string, isNear: boolean, truth: Truth): Process {
  const store = connect({ url, deadline: '1s' });
  onTestFinished(() => store.close());
  const cache = new Cache({ store, prefix, ttl: '10m', near: isNear ? { bound } : false });
  const trusted = cache.keyspace('trusted:{id}', {
    onFailover: 'trust',
    tags: ({ id }) => [tagOf(`trusted:${id}`)],
    load: ({ id }) => truth.load(`trusted:${id}`),
  });
  const read: Read = (key) =>
    key.startsWith('trusted:') ?
      trusted.get({ id: key.slice('trusted:'.length) })
    : cache.wrap(key, () => truth.load(key), { tags: [tagOf(key)] });
  return { store, cache, read };
}

/** Resolves when the store has acknowledged it. */
async function invalidate(cache: Cache, way: Way): Promise<void> {
  for (const space of spaces) {
    const keys = keysOf(space, way);
    if (way === 'del') await cache.delMultiple(keys, { strict: true });
    else if (way === 'tag') await cache.invalidateTags(keys.map(tagOf), { strict: true });
    else await cache.invalidate(glob`${space}:${way}-*`, { strict: true });
  }
}

/** How many are stale, by space and way. */
async function staleOf(truth: Truth, { read }: Process): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const space of spaces)
    for (const way of ways) counts[`${space} ${way}`] = await stale(truth, keysOf(space, way), read);
  return counts;
}

const each = (count: number): Record<string, number> =>
  Object.fromEntries(spaces.flatMap((space) => ways.map((way) => [`${space} ${way}`, count])));

const onServer = (
  server: { command(...args: string[]): Promise<unknown> },
  keys: readonly string[],
): Promise<unknown> => server.command('EXISTS', ...keys.map((key) => `${prefix}:${key}`));

/** Resolves when a process uses another server than before, and has told it all. */
async function settled({ store, cache }: Process, before: string | undefined): Promise<void> {
  await until('another server is in use', () => store.epoch !== undefined && store.epoch !== before);
  await until('it has been told', async () => (await cache.stats()).pending === 0);
}

describe.each(
  arrangements([
    ['with memory in front', true],
    ['without memory in front', false],
  ] as const),
)('%s', (_, isNear) => {
  test('a replica takes over that lacks the last invalidations', async () => {
    const pair = await Pair.start();
    onTestFinished(() => pair.stop());
    const truth = new Truth();
    const writer = processAt(pair.url, isNear, truth);
    const untouched = keysOf('trusted', 'untouched');
    await warm(truth, [...all, ...untouched], writer.read);
    await pair.inStep();
    pair.isolate();
    truth.commit(all);
    for (const way of ways) await invalidate(writer.cache, way);
    const { epoch } = writer.store;

    await pair.promote();
    expect(await onServer(pair.replica, all)).toBe(all.length);
    pair.switchOver();
    await pair.main.kill();
    await until('another server is in use', () => writer.store.epoch !== undefined && writer.store.epoch !== epoch);
    expect(await staleOf(truth, writer)).toEqual(each(0));
    await settled(writer, epoch);
    const { loads } = truth;
    expect(await stale(truth, untouched, writer.read)).toBe(0);
    expect(truth.loads).toBe(loads);
    expect(await staleOf(truth, processAt(pair.url, isNear, truth))).toEqual(each(0));
    expect(await staleOf(truth, writer)).toEqual(each(0));
  });

  test('while a process still invalidates on the old server, another has loaded on the new one', async () => {
    const pair = await Pair.start();
    onTestFinished(() => pair.stop());
    const truth = new Truth();
    const writer = processAt(pair.url, isNear, truth);
    await warm(truth, all, writer.read);
    await pair.inStep();
    await pair.promote();
    const moved = processAt(pair.replica.url, isNear, truth);
    await warm(truth, all, moved.read);
    const slow = keysOf('cold', 'slow');
    const { loads } = truth;
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const loading = slow.map((key) =>
      moved.cache.wrap(key, async () => {
        const version = truth.load(key);
        await answered;
        return version;
      }),
    );
    await until('the slow loads have begun', () => truth.loads === loads + many);
    const { epoch } = writer.store;
    truth.commit([...all, ...slow]);
    for (const way of ways) await invalidate(writer.cache, way);
    await writer.cache.delMultiple(slow, { strict: true });
    expect(await staleOf(truth, moved)).toEqual(each(many));

    pair.switchOver();
    await settled(writer, epoch);
    answer();
    await Promise.all(loading);
    await new Promise((resolve) => setTimeout(resolve, bound));
    for (const process of [moved, writer]) {
      expect(await staleOf(truth, process)).toEqual(each(0));
      expect(await stale(truth, slow, process.read)).toBe(0);
    }
  });

  test('Redis is killed, and comes back with what it had saved before', async () => {
    const redis = await startRedis({ args: ['--dbfilename', 'before.rdb'] });
    onTestFinished(() => redis.stop());
    const truth = new Truth();
    const writer = processAt(redis.url, isNear, truth);
    await warm(truth, all, writer.read);
    await redis.command('SAVE');
    truth.commit(all);
    for (const way of ways) await invalidate(writer.cache, way);
    const { epoch } = writer.store;

    await redis.kill();
    await redis.start();
    expect(await onServer(redis, all)).toBeGreaterThan(0);
    await settled(writer, epoch);
    expect(await staleOf(truth, writer)).toEqual(each(0));
    expect(await staleOf(truth, processAt(redis.url, isNear, truth))).toEqual(each(0));
  });
});
