import { describe, expect, test } from 'vitest';

import { Cache } from '../cache.js';
import type { CacheOptions } from '../options.js';
import type { EntryOptions } from '../plan.js';
import { memoryWorld, type World } from '../world.fixture.js';
import * as scenario from './near-scenarios.fixture.js';

describe('what was loaded before a change is not served', () => {
  test.each<[string, (world: World) => Promise<string>]>([
    ...(['del', 'set', 'tag', 'pattern'] as const).flatMap((change): [string, (world: World) => Promise<string>][] => [
      [`after a ${change} elsewhere`, (world) => scenario.changeElsewhere(world, change)],
      [`when a ${change} overtakes the reply`, (world) => scenario.changeOvertakesReply(world, change)],
      [`when the feed was lost during a ${change}`, (world) => scenario.feedLost(world, change)],
      [`beyond the bound after a ${change} in silence`, (world) => scenario.silence(world, change)],
      [`after its own ${change}, whatever was read meanwhile`, (world) => scenario.readDuringOwn(world, change)],
    ]),
    ...(['del', 'tag', 'pattern'] as const).map((change): [string, (world: World) => Promise<string>] => [
      `while a ${change} is kept`,
      (world) => scenario.readsDuringKept(world, change),
    ]),
    ['when a tag changes during the second round', scenario.tagOvertakesSecondReply],
    ['when the feed is lost and found during a read', scenario.feedLostDuringRead],
    ['by a process that was frozen', scenario.frozen],
    ['by a machine that was suspended', scenario.suspended],
    ['after a failover', scenario.failover],
    ['under a tag that a batch asked for on behalf of another entry', scenario.tagOfNeighbour],
  ])('%s', async (_, play) => {
    expect(await play(memoryWorld())).toBe('fresh');
  });
});

/** One process with a memory tier on a store of its own, whose clock stands still. */
function arrange(options: Parameters<World['process']>[0] = {}) {
  const world = memoryWorld();
  const process = world.process({ ttl: '1h', near: { bound: scenario.bound }, ...options });
  const { cache, store, events } = process;
  return {
    world,
    cache,
    store,
    events,
    clock: world.clock,
    /** Has a key read until it is in memory. */
    warm: async (key: string, value: unknown = 'value', entry: EntryOptions = {}): Promise<void> => {
      for (let reads = 0; reads < 3; reads++) await cache.wrap(key, () => value, entry);
      expect(await isNear(() => cache.wrap(key, () => value, entry))).toBe(true);
    },
    isNear,
  };

  /** Whether a read is answered without the store. */
  async function isNear(read: () => Promise<unknown>): Promise<boolean> {
    const before = [(await cache.stats()).near, store.calls.length] as const;
    await read();
    const near = (await cache.stats()).near - before[0];
    expect(near > 0).toBe(store.calls.length === before[1]);
    return near > 0;
  }
}

describe('a near hit', () => {
  test('asks the store nothing, and is told as such', async () => {
    const { cache, warm, isNear, events, store } = arrange();
    await warm('k');
    const asked = store.calls.length;
    for (const read of [() => cache.get('k'), () => cache.wrap('k', () => 'other'), () => cache.getMany(['k'])])
      expect(await isNear(read)).toBe(true);
    expect(store.calls.length).toBe(asked);
    expect(events.at(-1)).toEqual({ type: 'hit', name: 'world', key: 'k', tier: 'near', stale: false, ms: 0 });
    const { hits, near, byName } = await cache.stats();
    expect([hits > near, byName['world']?.near]).toEqual([true, near]);
  });

  test('comes from the store, never straight from a fill of its own', async () => {
    const { cache, isNear } = arrange();
    expect(await isNear(() => cache.wrap('k', () => 1))).toBe(false);
    expect(await isNear(() => cache.wrap('k', () => 1))).toBe(false);
    expect(await isNear(() => cache.wrap('k', () => 1))).toBe(true);
    await cache.set('k', 2);
    expect(await isNear(async () => expect(await cache.get('k')).toBe(2))).toBe(false);
  });

  test('of a tagged entry needs no round trip, under the tags that it carries and no others', async () => {
    const { cache, warm, isNear } = arrange();
    await warm('k', 'value', { tags: ['a', 'b'] });
    expect(await isNear(() => cache.wrap('k', () => 1, { tags: ['a'] }))).toBe(true);
    expect(await isNear(() => cache.wrap('k', () => 1, { tags: ['b', 'a'] }))).toBe(true);
    expect(await isNear(() => cache.get('k'))).toBe(true);
    expect(await cache.wrap('k', () => 'loaded', { tags: ['a', 'c'] })).toBe('loaded');
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['zero', 0],
    ['an empty text', ''],
    ['false', false],
  ])('may be %s', async (_, value) => {
    const { cache, warm, store } = arrange({ negativeTtl: '1h' });
    await warm('k', [value]);
    await cache.set('k', value);
    await cache.get('k');
    const asked = store.calls.length;
    expect(await cache.wrap('k', () => 'loaded')).toBe(value);
    expect(store.calls.length).toBe(asked);
  });

  test('is past with { near: false }, which leaves nothing behind', async () => {
    const { cache, warm, isNear, store } = arrange();
    await warm('k');
    expect(await isNear(() => cache.get('k', { near: false }))).toBe(false);
    expect(await isNear(() => cache.wrap('k', () => 1, { near: false }))).toBe(false);
    expect((await cache.getMany(['k'], { near: false })).get('k')).toBe('value');
    expect(await isNear(() => cache.get('k'))).toBe(true);
    await cache.set('other', 1);
    await cache.get('other', { near: false });
    expect(await isNear(() => cache.get('other'))).toBe(false);
    store.feed.silence();
    await store.delete(['world:k']);
    expect(await cache.get('k')).toBe('value');
    expect(await cache.get('k', { near: false })).toBeUndefined();
  });

  test('is for callers who have not given up', async () => {
    const { cache, warm } = arrange();
    await warm('k');
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(cache.get('k', { signal })).rejects.toThrow('gone');
    await expect(cache.wrap('k', () => 1, { signal })).rejects.toThrow('gone');
  });

  test('and what is not near are answered in one batch', async () => {
    const { cache, warm, store } = arrange();
    await warm('a', 1);
    await cache.set('b', 2);
    const asked = store.calls.length;
    expect([...(await cache.getMany(['a', 'b', 'c']))]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    const loaded: string[][] = [];
    const all = await cache.wrapMany(['a', 'b', 'c'], (missing) => {
      loaded.push(missing);
      return new Map([['c', 3]]);
    });
    expect([loaded, [...all]]).toEqual([
      [['c']],
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
    ]);
    expect(store.calls.slice(asked).filter((call) => call.startsWith('read'))).toEqual(['read', 'read']);
  });
});

describe('what is handed out', () => {
  test('is frozen, and one for all', async () => {
    const { cache, warm } = arrange();
    await warm('k', { list: [{ a: 1 }] });
    const [one, other] = [await cache.get<{ list: { a: number }[] }>('k'), await cache.get('k')];
    expect(one).toBe(other);
    expect(() => one?.list.push({ a: 2 })).toThrow(TypeError);
  });

  test('is a copy for each caller of a cache that clones', async () => {
    const { cache, warm } = arrange({ copy: 'clone' });
    await warm('k', { list: [1] });
    const one = await cache.get<{ list: number[] }>('k');
    one?.list.push(2);
    expect(await cache.get('k')).toEqual({ list: [1] });
  });

  test('is a copy for each caller where freezing does not protect', async () => {
    const { cache, warm } = arrange({ codec: 'msgpack' as 'json' });
    await warm('k', { at: new Date(0), map: new Map([[1, 'one']]) });
    const read = async (): Promise<{ at: Date; map: Map<number, string> }> => {
      const value: unknown = await cache.get('k');
      return value as { at: Date; map: Map<number, string> };
    };
    const one = await read();
    one.at.setTime(1);
    one.map.clear();
    const other = await read();
    expect([other.at.getTime(), other.map.size]).toEqual([0, 1]);
    await cache.set('plain', { a: 1 });
    await cache.get('plain');
    expect(await cache.get('plain')).toBe(await cache.get('plain'));
  });

  test('is what the schema of the reader makes of it', async () => {
    const { cache } = arrange();
    const upper = cache.keyspace('k:{id}', { schema: schemaOf((value) => `${String(value)}!`) });
    await cache.set('k:1', 'value');
    for (let reads = 0; reads < 4; reads++) {
      expect(await upper.peek({ id: 1 })).toBe('value!');
      expect(await cache.get('k:1')).toBe('value');
    }
  });
});

describe('how long', () => {
  test('a copy is served while the feed is alive, and for the bound after its last sign of life', async () => {
    const { warm, isNear, cache, store, world } = arrange();
    await warm('k');
    await world.pass(10 * scenario.bound);
    expect(await isNear(() => cache.get('k'))).toBe(true);
    store.feed.silence();
    await world.pass(scenario.bound - 1);
    expect(await isNear(() => cache.get('k'))).toBe(true);
    await world.pass(1);
    expect(await isNear(() => cache.get('k'))).toBe(false);
    store.feed.mend();
    await world.turns();
    expect(await isNear(() => cache.get('k'))).toBe(true);
  });

  test('a process that was frozen within a turn of the event loop goes on: 64 hits', async () => {
    const { warm, cache, store, clock, world } = arrange();
    await warm('k');
    await world.turns();
    await cache.get('k');
    store.feed.silence();
    clock.block(10 * scenario.bound);
    const before = (await cache.stats()).near;
    for (let reads = 0; reads < 200; reads++) await cache.get('k');
    expect((await cache.stats()).near - before).toBeLessThanOrEqual(64);
  });

  test.each([
    ['forward', 900_000],
    ['back', -900_000],
  ])('a wall clock that jumps %s costs the copies once, and nothing else', async (_, by) => {
    const { warm, isNear, cache, clock, world } = arrange();
    await warm('k');
    clock.set(clock.now() + by);
    await world.turns();
    expect(await isNear(() => cache.get('k'))).toBe(false);
    expect(await isNear(() => cache.get('k'))).toBe(true);
  });

  test('after a jump of the wall clock nothing is trusted until a sign of life that was sent after it', async () => {
    const { warm, isNear, cache, store, clock, world } = arrange();
    await warm('k');
    store.feed.silence();
    clock.set(clock.now() + 60_000);
    await world.turns();
    expect(await isNear(() => cache.get('k'))).toBe(false);
    await world.turns();
    expect(await isNear(() => cache.get('k'))).toBe(false);
    store.feed.mend();
    await world.turns();
    await cache.get('k');
    expect(await isNear(() => cache.get('k'))).toBe(true);
  });

  test('a copy lives as long as its entry is fresh', async () => {
    const { warm, cache, store, world } = arrange({ ttl: 5_000, grace: '1h' });
    await warm('k');
    await world.pass(4_999);
    expect(await cache.wrap('k', () => 'new')).toBe('value');
    const asked = store.calls.length;
    await world.pass(1);
    expect(await cache.wrap('k', () => 'new')).toBe('value');
    expect(store.calls.length).toBeGreaterThan(asked);
    await world.turns();
    expect(await cache.wrap('k', () => 'new')).toBe('new');
  });

  test('a copy lives for near.ttl at most', async () => {
    const { warm, isNear, cache, world } = arrange({ near: { ttl: 500, bound: scenario.bound } });
    await warm('k');
    await world.pass(499);
    expect(await isNear(() => cache.get('k'))).toBe(true);
    await world.pass(1);
    expect(await isNear(() => cache.get('k'))).toBe(false);
  });
});

describe('what is not kept near', () => {
  test('what was written before a failover, though a keyspace trusts it', async () => {
    const { cache, store, isNear } = arrange();
    const rows = cache.keyspace('row:{id}', { onFailover: 'trust', load: () => 'row' });
    await rows.get({ id: 1 });
    store.restore('another');
    for (let reads = 0; reads < 3; reads++) expect(await isNear(() => rows.get({ id: 1 }))).toBe(false);
    expect(await cache.get('row:1')).toBeUndefined();
  });

  test.each(['del', 'tag', 'pattern'] as const)('what a kept %s means', async (way) => {
    const { cache, warm, store, world } = arrange();
    await warm('k', 'value', { tags: ['t'] });
    store.fail('run:remove', undefined, 5);
    store.fail('run:retire', undefined, 5);
    store.fail('scan', undefined, 5);
    await (way === 'del' ? cache.del('k')
    : way === 'tag' ? cache.invalidateTags('t')
    : cache.invalidate('k*'));
    for (let reads = 0; reads < 4; reads++) expect(await cache.get('k')).toBeUndefined();
    await world.pass(60_000);
    expect((await cache.stats()).pending).toBe(0);
    await warm('k', 'new', { tags: ['t'] });
  });

  test('what is stale', async () => {
    const { cache, isNear, world } = arrange({ ttl: 10, grace: '1h' });
    await cache.set('k', 'value');
    await world.pass(20);
    for (let reads = 0; reads < 3; reads++) expect(await isNear(() => cache.get('k'))).toBe(false);
  });

  test('more entries than it may hold', async () => {
    const { cache } = arrange({ near: { maxEntries: 10 } });
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`);
    for (const key of keys) await cache.set(key, 1);
    for (const key of keys) await cache.get(key);
    const before = (await cache.stats()).near;
    await cache.getMany(keys);
    expect((await cache.stats()).near - before).toBeLessThanOrEqual(10);
  });

  test('more bytes than it may hold', async () => {
    const { cache } = arrange({ near: { maxBytes: 10_000 } });
    const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
    for (const key of keys) await cache.set(key, 'x'.repeat(1_000));
    for (const key of keys) await cache.get(key);
    const before = (await cache.stats()).near;
    await cache.getMany(keys);
    expect((await cache.stats()).near - before).toBeLessThan(10);
    await cache.set('huge', 'x'.repeat(20_000));
    await cache.get('huge');
    expect((await cache.get('huge')) === 'x'.repeat(20_000)).toBe(true);
  });

  test('more tags than entries: those that were known first are asked for again', async () => {
    const { cache } = arrange({ near: { maxEntries: 10 } });
    for (let index = 0; index < 50; index++) {
      const tags = [`a${index}`, `b${index}`];
      for (let reads = 0; reads < 3; reads++) expect(await cache.wrap(`k${index}`, () => index, { tags })).toBe(index);
    }
    await cache.invalidateTags('a49');
    expect(await cache.wrap('k49', () => 'new', { tags: ['a49'] })).toBe('new');
  });
});

test.each<[string, (cache: Cache) => Promise<unknown>]>([
  ['ttl', (cache) => cache.wrap('k', () => 'value', 'nonsense' as '1s')],
  ['ttl', (cache) => cache.wrap('k', () => 'value', 0)],
  ['load', (cache) => cache.wrap('k', 'value' as never)],
  ['options', (cache) => cache.wrap('k', () => 'value', { speed: 1 } as never)],
])('a wrong %s is told of even when the value is near', async (field, call) => {
  const { cache, warm, isNear } = arrange();
  await warm('k');
  await expect(call(cache)).rejects.toMatchObject({
    name: 'UsageError',
    field: expect.stringContaining(field) as string,
  });
  expect(await isNear(() => cache.wrap('k', () => 'value', '5m'))).toBe(true);
});

describe('caches of one store and prefix', () => {
  test('share one tier, and what one invalidates the other does not serve', async () => {
    const { cache, store, warm, clock } = arrange();
    const other = new Cache({ store, prefix: 'world', ttl: '1h', clock, near: { bound: scenario.bound } });
    const without = new Cache({ store, prefix: 'world', clock });
    await warm('k');
    const asked = store.calls.length;
    expect(await other.get('k')).toBe('value');
    expect(await cache.named('label').get('k')).toBe('value');
    expect(store.calls.length).toBe(asked);
    store.feed.silence();
    await without.del('k');
    expect([await cache.get('k'), await other.get('k')]).toEqual([undefined, undefined]);
  });

  test.each<[string, CacheOptions]>([
    ['options.near.bound', { near: { bound: '2s' } }],
    ['options.near.maxEntries', { near: { bound: scenario.bound, maxEntries: 5 } }],
    ['options.near.tracking', { near: { bound: scenario.bound, tracking: 'broadcast' } }],
    ['options.copy', { near: { bound: scenario.bound }, copy: 'clone' }],
  ])('must agree on %s', (field, options) => {
    const { store, clock } = arrange();
    const make = (): unknown => new Cache({ store, clock, prefix: 'world', ...options });
    expect(make).toThrow(expect.objectContaining({ name: 'UsageError', field }) as Error);
    expect(() => new Cache({ store, clock, prefix: 'another', ...options, near: {} })).not.toThrow();
  });

  test('have an empty tier when their store is closed', async () => {
    const { cache, warm, store } = arrange();
    await warm('k');
    await cache.close();
    await store.close();
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.wrap('k', () => 'loaded')).toBe('loaded');
  });
});

describe('early refresh', () => {
  test('is done by one reader, behind the others, and not for keys that nobody reads', async () => {
    const { cache, world, store } = arrange({ ttl: 10_000, refreshAhead: true, random: () => 0.999 });
    const loads: string[] = [];
    const read = (key: string): Promise<unknown> =>
      cache.wrap(key, async () => {
        loads.push(key);
        await new Promise<void>((resolve) => void world.clock.after(1_000, resolve));
        return loads.length;
      });
    for (const key of ['read', 'unread']) for (let reads = 0; reads < 3; reads++) await world.soon(read(key));
    expect(loads).toEqual(['read', 'unread']);
    await world.pass(5_000);
    const values = await world.soon(Promise.all(Array.from({ length: 50 }, () => read('read'))));
    expect(new Set(values)).toEqual(new Set([1]));
    expect(loads).toEqual(['read', 'unread', 'read']);
    await world.pass(1_100);
    const asked = store.calls.length;
    expect(await read('read')).toBe(3);
    expect(store.calls.length).toBeGreaterThan(asked);
    await world.pass(60_000);
    expect(loads).toEqual(['read', 'unread', 'read']);
  });

  test.each([
    ['from memory', { near: { bound: scenario.bound } }],
    ['from the store', { near: false as const }],
  ])('is done for keys that are read in a batch too, %s', async (_, options) => {
    const { cache, world } = arrange({ ttl: 10_000, refreshAhead: true, random: () => 0.999, ...options });
    const loads: string[][] = [];
    const read = (keys: readonly string[]): Promise<unknown> =>
      world.soon(
        cache.wrapMany(keys, async (missing) => {
          loads.push(missing);
          await new Promise<void>((resolve) => void world.clock.after(1_000, resolve));
          return new Map(missing.map((key) => [key, loads.length]));
        }),
      );
    for (let reads = 0; reads < 3; reads++) await read(['a', 'b', 'unread']);
    await world.pass(5_000);
    expect(await read(['a', 'b'])).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    );
    await world.pass(1_100);
    expect(loads).toEqual([['a', 'b', 'unread'], ['a'], ['b']]);
    expect(await read(['a', 'b'])).toEqual(
      new Map([
        ['a', 3],
        ['b', 3],
      ]),
    );
  });

  test('of one key is done by one process, and once', async () => {
    const world = memoryWorld();
    const random = (): number => 0.999;
    const processes = Array.from({ length: 3 }, () =>
      world.process({ ttl: 10_000, refreshAhead: true, random, near: { bound: scenario.bound } }),
    );
    let loads = 0;
    const readAll = (): Promise<unknown> =>
      world.soon(
        Promise.all(
          processes.map(({ cache }) =>
            cache.wrap('k', async () => {
              loads++;
              await new Promise<void>((resolve) => void world.clock.after(1_000, resolve));
              return loads;
            }),
          ),
        ),
      );
    for (let reads = 0; reads < 3; reads++) await readAll();
    expect(loads).toBe(1);
    await world.pass(5_000);
    await readAll();
    await readAll();
    await world.pass(1_100);
    for (let reads = 0; reads < 5; reads++) await readAll();
    expect(loads).toBe(2);
  });
});

function schemaOf(transform: (value: unknown) => string) {
  return {
    '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value: transform(value) }) },
  };
}
