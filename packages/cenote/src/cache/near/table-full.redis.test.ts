/** The server forgets whom to tell of what when its table is full: it tells of a change that was none, so nothing goes stale. */
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { connect } from '../../store/connect.js';
import type { Store } from '../../store/store.js';
import { Cache } from '../cache.js';

const mostTracked = 50;
const keys = Array.from({ length: 4 * mostTracked }, (_, index) => `k${index}`);

let redis: RedisServer;
const stores: Store[] = [];

beforeAll(async () => {
  redis = await startRedis({ args: ['--tracking-table-max-keys', String(mostTracked)] });
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await redis.stop();
});

function cacheOf(near: boolean): Cache {
  const store = connect(redis.url);
  stores.push(store);
  return new Cache({ store, prefix: 'full', near: near && {} });
}

/** The number of copies in memory, each read once. */
async function held(cache: Cache): Promise<number> {
  const before = (await cache.stats()).near;
  await Promise.all(keys.map((key) => cache.get(key)));
  return (await cache.stats()).near - before;
}

test('with more keys read than the server tracks, some copies go unasked, and no change is missed', async () => {
  const [reader, writer] = [cacheOf(true), cacheOf(false)];
  await writer.setMany(keys.map((key) => [key, 'old']));
  await expect.poll(() => held(reader)).toBeGreaterThan(0);
  // The server makes room at its next command, so the last reads may still be held beyond it.
  expect(await held(reader)).toBeLessThan(keys.length);
  await writer.setMany(keys.map((key) => [key, 'new']));
  await expect
    .poll(async () => (await Promise.all(keys.map((key) => reader.get(key)))).filter((value) => value !== 'new').length)
    .toBe(0);
  const tracked = /^tracking_total_keys:(\d+)/m.exec(String(await redis.command('INFO', 'stats')))?.[1];
  expect(Number(tracked)).toBeLessThanOrEqual(mostTracked + 32);
});
