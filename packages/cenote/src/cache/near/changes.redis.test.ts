import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../../test/servers/redis.js';
import { connect } from '../../store/connect.js';
import { fakeClock } from '../../testing/fake-clock.js';
import { faultyStore } from '../../testing/faulty-store.js';
import { Cache } from '../cache.js';

let redis: SharedRedis;
beforeAll(async () => void (redis = await testRedis()));
afterAll(() => redis.stop());

test.each(['default', 'broadcast'] as const)(
  'with %s tracking a waiter is told of the end of a lease',
  async (tracking) => {
    async function open() {
      const store = faultyStore(connect({ url: redis.url, deadline: '5s' }));
      onTestFinished(() => store.close());
      // Where time stands still nobody asks again of himself.
      const cache = new Cache({
        store,
        prefix: `${redis.prefix}-${tracking}`,
        near: { tracking },
        clock: fakeClock(),
      });
      const isServed = async (): Promise<number> => {
        await cache.wrap('warm', () => 'row');
        return (await cache.stats()).near;
      };
      await expect.poll(isServed).toBeGreaterThan(0);
      return { store, cache };
    }
    const [loader, waiter] = [await open(), await open()];

    let answer = (): void => {};
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const first = loader.cache.wrap('k', async () => {
      begin();
      await answered;
      return 'loaded once';
    });
    await begun;
    const before = waiter.store.calls.length;
    const second = waiter.cache.wrap('k', () => 'loaded twice');
    await expect.poll(() => waiter.store.calls.slice(before)).toContain('run:acquire');
    answer();
    expect([await first, await second]).toEqual(['loaded once', 'loaded once']);
  },
);
