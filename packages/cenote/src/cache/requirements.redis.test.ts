import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../test/servers/redis.js';
import { connect, storeFromEnv } from '../store/connect.js';
import { Cache } from './cache.js';
import { requirementsSuite } from './requirements.suite.js';

describe('on Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis.stop());

  requirementsSuite(async () => {
    const store = connect({ url: redis.url, deadline: '5s' });
    return { store, prefix: 'req', close: () => store.close() };
  });

  test('R0.8: storing, reading and dropping many is one command each, counted by the server', async () => {
    const store = connect({ url: redis.url, deadline: '5s' });
    const cache = new Cache({ store, prefix: 'many' });
    const entries = Array.from({ length: 100 }, (_, index) => [`room:${index}`, index] as const);
    const keys = entries.map(([key]) => key);
    const all = async (): Promise<void> => {
      await cache.setMany(entries);
      expect(await cache.getMany(keys)).toEqual(new Map(entries));
      expect(await cache.delMultiple(keys)).toBe(100);
    };
    await all(); // The server learns the scripts.
    await redis.command('CONFIG', 'RESETSTAT');
    await all();
    const counted = String(await redis.command('INFO', 'commandstats'));
    const calls = (name: string): number => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(counted)?.[1] ?? 0);
    expect([calls('evalsha'), calls('mget'), calls('eval')]).toEqual([2, 1, 0]);
    await store.close();
  });

  test.each(['REDIS_URL', 'REDIS_HOST and REDIS_PORT'])('R3.8: %s name the server', async (form) => {
    const { port } = redis;
    const env = form === 'REDIS_URL' ? { REDIS_URL: redis.url } : { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(port) };
    const store = storeFromEnv(env);
    expect(await store.health()).toMatchObject({ kind: 'redis', status: 'ok' });
    await store.close();
  });

  test('R3.8, R4.1: a password that stands beside the host is used', async () => {
    const locked = await startRedis({ args: ['--requirepass', 'hunter2'] });
    const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(locked.port) };
    const [right, wrong] = [storeFromEnv({ ...env, REDIS_PASSWORD: 'hunter2' }), storeFromEnv(env)];
    expect([(await right.health()).status, (await wrong.health()).status]).toEqual(['ok', 'down']);
    await Promise.all([right.close(), wrong.close(), locked.stop()]);
  });
});
