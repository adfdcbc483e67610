import { connect, type Store } from 'cenote';
import { afterAll, beforeAll, describe } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { keyspacesSuite } from './keyspaces.suite.js';

describe('on Redis', () => {
  let redis: RedisServer;
  let store: Store;

  beforeAll(async () => {
    redis = await startRedis();
    store = connect({ url: redis.url, deadline: '5s' });
  });

  afterAll(async () => {
    await store.close();
    await redis.stop();
  });

  keyspacesSuite(() => store);
});
