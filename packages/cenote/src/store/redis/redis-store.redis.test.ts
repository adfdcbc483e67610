import { afterAll, beforeAll, describe, test } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../../test/servers/redis.js';
import { storeContract } from '../../testing/store-contract.js';
import { connect } from '../connect.js';

let redis: SharedRedis;
beforeAll(async () => void (redis = await testRedis()));
afterAll(() => redis.stop());

describe('the contract of stores', () => {
  for (const { name, run } of storeContract(() => connect({ url: redis.url, deadline: '5s' }))) test(name, run);
});
