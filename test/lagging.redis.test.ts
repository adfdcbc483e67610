/** The source of truth is read from a replica that lags: what it says after an invalidation may be from before it. */
import { Cache, connect } from 'cenote';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { testRedis, type SharedRedis } from './servers/redis.js';
import { stale, Truth, warm, type Read } from './truth.fixture.js';
import { arrangements } from './thorough.js';

const many = 200;
const keysOf = (name: string): string[] => Array.from({ length: many }, (_, index) => `${name}-${index}`);
const tagOf = (key: string): string => `of ${key}`;

let redis: SharedRedis;
beforeAll(async () => void (redis = await testRedis()));
afterAll(() => redis.stop());

describe.each(
  arrangements([
    ['with memory in front', true],
    ['without memory in front', false],
  ] as const),
)('%s', (_, isNear) => {
  /** Two processes, the second of which only reads. */
  function processes(name: string): [Cache, Cache] {
    const prefix = `${redis.prefix}-${name.replaceAll(' ', '-')}-${isNear ? 'near' : 'far'}`;
    const open = (): Cache => {
      const store = connect({ url: redis.url, deadline: '5s' });
      onTestFinished(() => store.close());
      return new Cache({ store, prefix, ttl: '10m', ...(isNear ? {} : { near: false }) });
    };
    return [open(), open()];
  }

  /** Reads while the source lags, and once it does no more; then how many stay stale for each reader. */
  async function outlive(truth: Truth, keys: readonly string[], readers: readonly Read[]): Promise<number[]> {
    for (let round = 0; round < 3; round++) for (const read of readers) await Promise.all(keys.map(read));
    truth.catchUp();
    const counts: number[] = [];
    for (const read of readers) counts.push(await stale(truth, keys, read));
    for (const read of readers) await warm(truth, keys, read);
    for (const read of readers) counts.push(await stale(truth, keys, read));
    return counts;
  }

  test.each<[string, (cache: Cache, keys: readonly string[], options: object) => Promise<unknown>]>([
    ['keys', (cache, keys, options) => cache.delMultiple(keys, options)],
    ['tags', (cache, keys, options) => cache.invalidateTags(keys.map(tagOf), options)],
  ])('%s: with time to settle nothing that the source said meanwhile is stored', async (name, invalidate) => {
    const truth = new Truth();
    const [writer, reader] = processes(name);
    const readers = [writer, reader].map(
      (cache): Read =>
        (key) =>
          cache.wrap(key, () => truth.load(key), { tags: [tagOf(key)] }),
    );
    const [settled, hasty] = [keysOf('settled'), keysOf('hasty')];
    for (const read of readers) await warm(truth, [...settled, ...hasty], read);
    truth.commit([...settled, ...hasty], { lag: true });
    await invalidate(writer, hasty, {});
    for (const read of readers) await Promise.all(hasty.map(read));
    await invalidate(writer, settled, { settle: '4s' });
    expect(await outlive(truth, settled, readers)).toEqual([0, 0, 0, 0]);
    // What the time to settle is for.
    expect(await stale(truth, hasty, readers[1] as Read)).toBe(many);
  });

  test.each(['said by the loader', 'found by the keyspace'])(
    'with versions, %s, an invalidation keeps out what is older than it says',
    async (who) => {
      const truth = new Truth();
      const [writer, reader] = processes(who);
      const readers = [writer, reader].map((cache): Read => {
        const rows = cache.keyspace('row:{id}', {
          load: ({ id }) => truth.load(String(id)),
          version: (version) => version,
        });
        if (who === 'found by the keyspace') return (id) => rows.get({ id });
        return (id) =>
          cache.wrap(`row:${id}`, ({ setVersion }) => {
            const version = truth.load(id);
            setVersion(version);
            return version;
          });
      });
      const [versioned, plain] = [keysOf('versioned'), keysOf('plain')];
      for (const read of readers) await warm(truth, versioned, read);
      truth.commit([...versioned, ...plain], { lag: true });
      await writer.delMultiple(plain.map((id) => `row:${id}`));
      for (const read of readers) await Promise.all(plain.map(read));
      await Promise.all(versioned.map((id) => writer.del(`row:${id}`, { version: truth.version(id) })));
      expect(await outlive(truth, versioned, readers)).toEqual([0, 0, 0, 0]);
      // What the version is for: nothing was there that had one, and none was said.
      expect(await stale(truth, plain, readers[1] as Read)).toBe(many);
    },
  );
});
