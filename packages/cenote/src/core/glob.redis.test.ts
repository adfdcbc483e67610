import { createClient } from '@redis/client';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../test/servers/redis.js';
import { globMatcher } from './glob.js';

let redis: RedisServer;
let client: ReturnType<typeof createClient>;
beforeAll(async () => {
  redis = await startRedis();
  client = createClient({ url: redis.url });
  client.on('error', () => {});
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await redis.stop();
});

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', '-', '*', '[', ']', '\\', '^', '?', 'é', '\n'), { maxLength: 6 })
  .map((parts) => parts.join(''));
const patterns = fc
  .array(fc.constantFrom('a', 'b', 'c', '*', '**', '?', '[', ']', '^', '-', '\\', 'a-c', '[a-c]', '[^a', 'é'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
  // Whether C's `char` is signed decides ranges that mix ASCII with other bytes: it depends on the server's machine.
  .filter((pattern) => !(pattern.includes('-') && pattern.includes('é')));

test('globMatcher matches what the server matches', async () => {
  await fc.assert(
    fc.asyncProperty(patterns, fc.uniqueArray(texts, { minLength: 1, maxLength: 8 }), async (pattern, keys) => {
      await client.flushAll();
      await Promise.all(keys.map((key) => client.set(key, '')));
      const { keys: found } = await client.scan('0', { MATCH: pattern, COUNT: 1_000 });
      expect(found.sort()).toEqual(keys.filter(globMatcher(pattern)).sort());
    }),
    { numRuns: 1_500 },
  );
});
