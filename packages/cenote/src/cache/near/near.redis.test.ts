import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { TcpProxy } from '../../../../../test/servers/tcp-proxy.js';
import { UsageError } from '../../core/errors.js';
import { connect } from '../../store/connect.js';
import type { Store } from '../../store/store.js';
import { Cache } from '../cache.js';
import type { CacheOptions, NearSettings } from '../options.js';

const prefix = 'near';
const bound = 300;

let redis: RedisServer;
let proxy: TcpProxy;
const stores: Store[] = [];
/** What is true of each key. */
const truth = new Map<string, number>();

beforeAll(async () => {
  redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-random'] });
  proxy = await TcpProxy.start({ port: redis.port });
});
beforeEach(async () => {
  truth.clear();
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  redis.resume();
  await proxy.pass();
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await proxy.close();
  await redis.stop();
});

function storeAt(url = redis.url): Store {
  const store = connect({ url, deadline: 100, breaker: { cooldown: 100 } });
  stores.push(store);
  return store;
}

function cacheOn(store: Store, near: NearSettings | false = {}): Cache {
  return new Cache({ store, prefix, ttl: '10m', jitter: 0, near: near && { bound, ...near } });
}

const throughProxy = (): string => `redis://127.0.0.1:${proxy.port}`;
const keysOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `k${index}`);
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

const load = (key: string): number => truth.get(key) ?? 0;
const read = (cache: Cache, key: string): Promise<number> => cache.wrap(key, () => load(key));

/** How many of these keys a cache has in memory. */
async function held(cache: Cache, keys: readonly string[]): Promise<number> {
  const before = (await cache.stats()).near;
  await cache.getMany(keys);
  return (await cache.stats()).near - before;
}

/** Resolves when a cache has all of these keys in memory. */
async function warm(cache: Cache, keys: readonly string[]): Promise<void> {
  await expect
    .poll(
      async () => {
        await Promise.all(keys.map((key) => read(cache, key)));
        return held(cache, keys);
      },
      { timeout: 10_000 },
    )
    .toBe(keys.length);
}

/** How many of these keys a cache gives otherwise than they are. */
async function stale(cache: Cache, keys: readonly string[]): Promise<number> {
  const values = await Promise.all(keys.map((key) => read(cache, key)));
  return values.filter((value, index) => value !== load(keys[index] as string)).length;
}

async function change(writer: Cache, keys: readonly string[]): Promise<void> {
  for (const key of keys) truth.set(key, load(key) + 1);
  await writer.delMultiple(keys, { strict: true, deadline: 5_000 });
}

describe.each(['default', 'broadcast'] as const)('with %s tracking', (tracking) => {
  test.each<[string, () => Promise<unknown>]>([
    ['is written', () => redis.command('SET', `${prefix}:k0`, 'something else')],
    ['is deleted', () => redis.command('DEL', `${prefix}:k0`)],
    ['expires', () => redis.command('PEXPIRE', `${prefix}:k0`, '20')],
    ['is renamed', () => redis.command('RENAME', `${prefix}:k0`, 'elsewhere')],
    ['is changed by a script', () => redis.command('EVAL', "redis.call('DEL', KEYS[1])", '1', `${prefix}:k0`)],
    ['is flushed', () => redis.command('FLUSHALL')],
    ['is flushed with its database', () => redis.command('FLUSHDB', 'ASYNC')],
  ])('a copy goes when its key %s', async (_, act) => {
    const cache = cacheOn(storeAt(), { tracking });
    await warm(cache, ['k0']);
    await act();
    await expect.poll(() => held(cache, ['k0']), { timeout: 500, interval: 5 }).toBe(0);
    truth.set('k0', 1);
    await expect.poll(() => read(cache, 'k0')).toBe(1);
  });

  test('copies go when their keys are evicted', async () => {
    const cache = cacheOn(storeAt(), { tracking });
    const keys = keysOf(200);
    await warm(cache, keys);
    const used = Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1]);
    const stored = (): Promise<unknown> => redis.command('EXISTS', ...keys.map((key) => `${prefix}:${key}`));
    await redis.command('CONFIG', 'SET', 'maxmemory', String(used - 15_000));
    await expect.poll(stored).toBeLessThan(200);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await expect.poll(() => held(cache, keys)).toBeLessThanOrEqual(Number(await stored()));
  });

  test('a cache that is made when the connection has long been in use is told too', async () => {
    const store = storeAt();
    await cacheOn(store, false).get('k0');
    const [cache, writer] = [cacheOn(store, { tracking }), cacheOn(storeAt(), false)];
    await warm(cache, ['k0']);
    await change(writer, ['k0']);
    await expect.poll(() => held(cache, ['k0']), { timeout: 500, interval: 5 }).toBe(0);
    expect(await stale(cache, ['k0'])).toBe(0);
  });

  test.each([5, 30, 45, 60, 75, 90])(
    'a cache that is made %i ms after a store that is slow to connect is told too',
    async (wait) => {
      proxy.delay(10);
      const store = storeAt(throughProxy());
      await sleep(wait);
      const [cache, writer] = [cacheOn(store, { tracking }), cacheOn(storeAt(), false)];
      await warm(cache, ['k0']);
      await change(writer, ['k0']);
      await expect.poll(() => held(cache, ['k0']), { timeout: 500, interval: 5 }).toBe(0);
    },
  );

  test('caches under several prefixes share a connection that is in use', async () => {
    const store = storeAt();
    const caches = ['one', 'one:inner', 'two'].map(
      (own) => new Cache({ store, prefix: own, near: { bound, tracking } }),
    );
    await Promise.all(caches.map((cache) => warm(cache, ['k0'])));
    for (const own of ['one', 'one:inner', 'two']) await redis.command('DEL', `${own}:k0`);
    for (const cache of caches) await expect.poll(() => held(cache, ['k0']), { timeout: 500, interval: 5 }).toBe(0);
  });

  test('a near hit sends no command, tagged or not', async () => {
    const cache = cacheOn(storeAt(), { tracking, bound: '10s' });
    const rows = cache.keyspace('row:{id}', { tags: () => ['all'], load: () => 'row' });
    await warm(cache, ['k0']);
    for (let reads = 0; reads < 3; reads++) await rows.get({ id: 1 });
    await redis.command('CONFIG', 'RESETSTAT');
    for (let reads = 0; reads < 100; reads++) {
      await read(cache, 'k0');
      await rows.get({ id: 1 });
      await rows.getMany([{ id: 1 }]);
      await cache.wrap('row:1', () => 'row', { tags: ['all'] });
    }
    const stats = String(await redis.command('INFO', 'commandstats'));
    expect(stats).not.toMatch(/cmdstat_(get|mget|eval)/);
  });

  test('filling some entries of a tag leaves the copies of the others', async () => {
    const cache = cacheOn(storeAt(), { tracking });
    const rows = cache.keyspace('row:{id}', { groups: ['all'], load: () => 'row' });
    const ids = Array.from({ length: 50 }, (_, id) => ({ id }));
    for (let reads = 0; reads < 3; reads++) await rows.getMany(ids);
    await sleep(20);
    await rows.getMany(ids);
    for (let id = 100; id < 110; id++) {
      await rows.get({ id });
      await sleep(2);
    }
    expect(
      await held(
        cache,
        ids.map((params) => rows.key(params)),
      ),
    ).toBe(50);
    await rows.invalidate();
    expect(
      await held(
        cache,
        ids.map((params) => rows.key(params)),
      ),
    ).toBe(0);
  });
});

describe('when the connection fails', () => {
  const keys = keysOf(100);

  test.each<[string, () => unknown]>([
    ['cut', () => proxy.cut()],
    ['refused', () => proxy.refuse()],
    ['killed', () => redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')],
    ['black-holed', () => proxy.blackhole()],
    ['black-holed one way', () => proxy.blackhole('down')],
  ])('%s while another process invalidates 100 keys, nothing stale is served beyond the bound', async (_, fail) => {
    const [cache, writer] = [cacheOn(storeAt(throughProxy())), cacheOn(storeAt(), false)];
    await warm(cache, keys);
    await writer.get('k0');
    await fail();
    await expect
      .poll(() =>
        change(writer, keys).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    const changed = performance.now();
    let oldest = 0;
    while (performance.now() - changed < 2 * bound) {
      const began = performance.now();
      if ((await stale(cache, keys.slice(0, 10))) > 0) oldest = began - changed;
      await sleep(5);
    }
    expect(oldest).toBeLessThan(bound);
    await proxy.pass();
    expect(await stale(cache, keys)).toBe(0);
    await warm(cache, keys);
    expect(await stale(cache, keys)).toBe(0);
  });

  test('Redis stops for 2 s: near hits for as long as the bound, then loads within the deadline', async () => {
    const cache = cacheOn(storeAt());
    await warm(cache, keys);
    redis.pause();
    const began = performance.now();
    const times: number[] = [];
    let near = 0;
    let lastNear = 0;
    while (performance.now() - began < 2_000) {
      const before = (await cache.stats()).near;
      const sent = performance.now();
      await read(cache, keys[times.length % 100] as string);
      times.push(performance.now() - sent);
      if ((await cache.stats()).near > before) [near, lastNear] = [near + 1, sent - began];
      await sleep(2);
    }
    redis.resume();
    expect(near).toBeGreaterThan(20);
    expect(lastNear).toBeGreaterThan(bound / 4);
    expect(lastNear).toBeLessThan(bound);
    expect(Math.max(...times)).toBeLessThan(400);
    await warm(cache, keys);
  });
});

describe('a user who may not track', () => {
  test('has no memory tier, is told so, and is served from the first call on', async () => {
    await redis.command('ACL', 'SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', '-client|tracking');
    const store = storeAt(`redis://deaf:secret@127.0.0.1:${redis.port}`);
    const [one, another] = [cacheOn(store), new Cache({ store, prefix: 'late', near: { bound } })];
    await one.set('k0', 1);
    expect(await one.get('k0')).toBe(1);
    for (const cache of [one, another]) for (let reads = 0; reads < 5; reads++) await read(cache, 'k0');
    expect((await one.stats()).near + (await another.stats()).near).toBe(0);
    const { status, warnings } = await one.health();
    expect([status, warnings.join()]).toEqual(['degraded', expect.stringContaining('client|tracking')]);
    expect((await one.stats()).storeFaults).toBe(0);
  });

  test('and who is forbidden it later has none from then on', async () => {
    await redis.command('ACL', 'SETUSER', 'later', 'on', '>secret', '~*', '+@all');
    const store = storeAt(`redis://later:secret@127.0.0.1:${redis.port}`);
    await cacheOn(store, false).get('k0');
    await redis.command('ACL', 'SETUSER', 'later', '-client|tracking');
    const caches = [cacheOn(store), new Cache({ store, prefix: 'other', near: { bound } })];
    for (const cache of caches) for (let reads = 0; reads < 5; reads++) await read(cache, 'k0');
    for (const cache of caches) expect((await cache.stats()).near).toBe(0);
    expect((await store.health()).warnings.join()).toContain('client|tracking');
  });
});

test('a server that restarts with what it had saved brings nothing back', async () => {
  const keys = keysOf(50);
  const [cache, writer] = [cacheOn(storeAt()), cacheOn(storeAt(), false)];
  await warm(cache, keys);
  await redis.command('SAVE');
  await change(writer, keys);
  await redis.kill();
  await redis.start();
  await expect.poll(() => stale(cache, keys)).toBe(0);
  await warm(cache, keys);
  expect(await stale(cache, keys)).toBe(0);
});

describe('by default', () => {
  test('a cache on Redis has a memory tier, and a keyspace with groups is answered from it', async () => {
    const cache = new Cache({ store: storeAt(), prefix, ttl: '10m' });
    const rows = cache.keyspace('row:{group}:{id}', { load: ({ id }) => ({ id }), groups: ['group', 'all'] });
    const params = Array.from({ length: 100 }, (_, id) => ({ group: id % 7, id }));
    const readAll = (): Promise<unknown> => Promise.all(params.map((each) => rows.get(each)));
    await expect
      .poll(async () => {
        await readAll();
        const before = (await cache.stats()).near;
        await readAll();
        return (await cache.stats()).near - before;
      })
      .toBe(100);
    await rows.invalidate({ group: 3 });
    expect(await rows.peek({ group: 3, id: 3 })).toBeUndefined();
    expect(await rows.peek({ group: 4, id: 4 })).toEqual({ id: 4 });
  });

  test('a cache takes the tier that is there, unless it hands out copies', () => {
    const store = storeAt();
    const make = (options: CacheOptions): Cache => new Cache({ store, prefix: 'shared', ...options });
    make({ near: { maxEntries: 5 } });
    expect(() => make({})).not.toThrow();
    expect(() => make({ near: {} })).toThrow(UsageError);
    expect(() => make({ copy: 'clone' })).toThrow(UsageError);
    expect(() => make({ copy: 'clone', near: false })).not.toThrow();
  });
});
