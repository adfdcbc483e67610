import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../test/servers/redis.js';
import { protocolSuite } from './protocol.suite.js';
import { redisWorld } from './world.fixture.js';

let redis: SharedRedis;
beforeAll(async () => void (redis = await testRedis()));
afterAll(() => redis.stop());

protocolSuite(() => redisWorld(redis.url, `${redis.prefix}-${randomBytes(4).toString('hex')}`));
