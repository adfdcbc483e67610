import { Cache, connect, glob } from 'cenote';
import { describe, expect, onTestFinished, test } from 'vitest';

import { maximumPending } from '../packages/cenote/src/cache/pending.js';
import { Callers, deadline, keysOf, loadTime, tagOf, until, World } from './faults.fixture.js';
import { arrangements } from './thorough.js';

interface Fault {
  readonly name: string;
  begin(world: World): Promise<unknown>;
  end(world: World): Promise<unknown>;
  /** Whether Redis takes what removes, so that nothing needs to be kept. */
  readonly removes: boolean;
  /** Whether calls go unanswered, so that the breaker opens. */
  readonly isSilent: boolean;
  /** Milliseconds that it lasts at least. */
  readonly lasts: number;
}

const faults: readonly Fault[] = [
  {
    name: 'stopped',
    begin: ({ redis }) => redis.kill('SIGTERM'),
    end: ({ redis }) => redis.start(),
    removes: false,
    isSilent: false,
    lasts: 500,
  },
  {
    name: 'hung',
    begin: async ({ redis }) => redis.pause(),
    end: async ({ redis }) => redis.resume(),
    removes: false,
    isSilent: true,
    lasts: 2_500,
  },
  {
    name: 'full',
    begin: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '1'),
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
    removes: true,
    isSilent: false,
    lasts: 500,
  },
  {
    name: 'made a replica',
    begin: ({ redis }) => redis.command('REPLICAOF', '127.0.0.1', '1'),
    end: ({ redis }) => redis.command('REPLICAOF', 'NO', 'ONE'),
    removes: false,
    isSilent: false,
    lasts: 500,
  },
  {
    name: 'killed, and restarted from a snapshot',
    begin: ({ redis }) => redis.kill(),
    end: ({ redis }) => redis.start(),
    removes: false,
    isSilent: false,
    lasts: 500,
  },
  {
    name: 'cut off by a silent network',
    begin: async ({ network }) => network.blackhole(),
    end: ({ network }) => network.pass(),
    removes: false,
    isSilent: true,
    lasts: 2_500,
  },
];

/** Milliseconds for a lookup and a fill at their deadlines, two loads one after the other, and a busy machine. */
const patience = 2 * deadline + 2 * loadTime + 400;

/** How many rows are invalidated in each way while Redis is in trouble. */
const many = 200;
const ways = ['del', 'invalidateTags', 'invalidate'] as const;

function invalidate(world: World, way: (typeof ways)[number], keys: readonly string[]): Promise<unknown> {
  const { cache } = world;
  if (way === 'del') return Promise.all(keys.map((key) => cache.del(key)));
  if (way === 'invalidateTags') return Promise.all(keys.map((key) => cache.invalidateTags(tagOf(key))));
  return cache.invalidate(glob`${keys[0]?.split(':')[0] ?? ''}:*`);
}

async function start(isNear?: boolean): Promise<World> {
  const world = await World.start(isNear);
  onTestFinished(() => world.stop());
  return world;
}

/** By turns with and without memory in front; in a thorough run both. */
const cases = faults.flatMap((fault, index) => {
  const memories = index % 2 === 0 ? ['with', 'without'] : ['without', 'with'];
  return arrangements(memories).map((memory) => ({ name: fault.name, memory, fault }));
});

describe.each(cases)('Redis $name under load, $memory memory in front', ({ fault, memory }) => {
  test('every request is answered, in time, and no invalidation is lost', { timeout: 60_000 }, async () => {
    const world = await start(memory === 'with');
    const busy = keysOf('busy', 50);
    const rows = Object.fromEntries(ways.map((way) => [way, keysOf(way, many)])) as Record<
      (typeof ways)[number],
      string[]
    >;
    const all = ways.flatMap((way) => rows[way]);
    await world.warm([...all, ...busy]);
    await world.redis.command('SAVE');
    const callers = new Callers(world, 200, busy);
    await callers.more(500);

    const began = performance.now();
    await fault.begin(world);
    await callers.more(200);
    for (const key of [...all, ...busy]) world.commit(key);
    await Promise.all([
      ...ways.map((way) => invalidate(world, way, rows[way])),
      ...busy.map((key) => world.cache.del(key)),
    ]);
    const { pending } = await world.cache.stats();
    if (fault.removes) expect(pending).toBe(0);
    else expect(pending).toBe(2 * many + 1 + busy.length);
    for (const key of [...all, ...busy]) world.promise(key);
    for (const way of ways) expect(await world.stale(rows[way]), `stale of ${many} by ${way}, while it lasts`).toBe(0);
    if (fault.isSilent) await until('the breaker opens', async () => (await world.store.health()).breaker !== 'closed');
    await until('it has lasted', () => performance.now() - began > fault.lasts);
    await callers.more(200);

    await fault.end(world);
    while ((await world.cache.stats()).pending > 0)
      for (const way of ways)
        expect(await world.stale(rows[way].slice(0, 50)), `stale of ${many} by ${way}, before replay`).toBe(0);
    await until(
      'Redis is trusted again',
      async () => world.store.epoch !== undefined && (await world.store.health()).status === 'ok',
    );
    const other = new Cache({ store: connect(world.redis.url), prefix: 'faults', near: false });
    for (const way of ways) {
      expect(await world.stale(rows[way]), `stale of ${many} by ${way}, afterwards`).toBe(0);
      expect(await world.stale(rows[way], other), `stale of ${many} by ${way}, to others afterwards`).toBe(0);
    }
    await callers.more(500);
    await callers.end();
    await world.warm([...all, ...busy]);
    expect((await world.store.health()).breaker).toBe('closed');

    expect(callers.failures).toEqual([]);
    expect(callers.stale).toBe(0);
    expect(
      callers.times.filter((time) => time > patience).length,
      `of ${callers.times.length} answers later than ${patience} ms`,
    ).toBeLessThan(callers.times.length / 100);
    expect(world.rejections).toEqual([]);
  });
});

describe('invalidations that cannot reach Redis', () => {
  test('reject when they must not be kept, and are not kept', async () => {
    const world = await start();
    await world.read('row');
    await world.redis.kill('SIGTERM');
    await until('the loss is noticed', () => world.store.epoch === undefined);
    const strict = { strict: true };
    for (const call of [
      world.cache.del('row', strict),
      world.cache.delMultiple(['row'], strict),
      world.cache.invalidateTags('a', strict),
      world.cache.invalidate('row*', strict),
      world.cache.clear(strict),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    }
    expect((await world.cache.stats()).pending).toBe(0);
  });

  test('are merged: one is kept however often it is asked for', async () => {
    const world = await start();
    await world.redis.kill('SIGTERM');
    await until('the loss is noticed', () => world.store.epoch === undefined);
    for (let times = 0; times < 1_000; times++) {
      await Promise.all([world.cache.del('row'), world.cache.invalidateTags('a'), world.cache.invalidate('row*')]);
    }
    expect((await world.cache.stats()).pending).toBe(3);
  });

  test(
    'become one for everything when there are too many: memory stays bounded, nothing stored is trusted, all is removed',
    { timeout: 60_000 },
    async () => {
      const world = await start();
      const known = keysOf('known', many);
      await world.warm(known);
      await world.redis.command('SET', 'foreign', 'x');
      await world.redis.command('SAVE');
      await world.redis.kill();
      await until('the loss is noticed', () => world.store.epoch === undefined);
      let most = 0;
      for (let round = 0; round < 30; round++) {
        await Promise.all(keysOf(`round${round}`, 1_000).map((key) => world.cache.del(key)));
        most = Math.max(most, (await world.cache.stats()).pending);
      }
      expect(most).toBeLessThanOrEqual(maximumPending);
      expect(await world.stored(known)).toBe(0);
      for (const key of known) world.commit(key); // Nobody invalidates these by name: they went under in the flood.
      expect(await world.stale(known)).toBe(0);

      await world.redis.start();
      while ((await world.cache.stats()).pending > 0) expect(await world.stale(known)).toBe(0);
      expect(await world.stale(known)).toBe(0);
      await world.warm(known);
      expect(await world.redis.command('GET', 'foreign')).toBe('x');
    },
  );
});
