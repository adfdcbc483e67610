/** Where the suites of domain caches run: in memory and on Redis, each process on a connection of its own, time as fake as they like. */
import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll } from 'vitest';

import { testRedis, type SharedRedis } from '../../../../../test/servers/redis.js';
import { memoryWorld, redisWorld, type World } from '../../cache/world.fixture.js';
import type { CacheEvent } from '../../core/events.js';
import type { FaultyStore } from '../../testing/faulty-store.js';
import type { DomainOptions } from './ground.js';

/** Tests of what a domain cache does on whatever store; each test makes a world of its own, and closes it. */
export type Suite = (makeWorld: () => World) => void;

/** Runs a suite on the in-process store, on whose clock time passes too: for `*.test.ts`. */
export function onMemory(suite: Suite): void {
  suite(() => memoryWorld());
}

/** Runs a suite on a real Redis, where `world.pass` sleeps: for `*.redis.test.ts`. */
export function onRedis(suite: Suite): void {
  let redis: SharedRedis;
  beforeAll(async () => void (redis = await testRedis()));
  afterAll(() => redis.stop());
  suite(() => redisWorld(redis.url, `${redis.prefix}-${randomBytes(4).toString('hex')}`));
}

export interface DomainProcess<Domain> {
  readonly domain: Domain;
  /** Its own connection, which fails when told to. */
  readonly store: FaultyStore;
  /** What the domain cache has told so far. */
  readonly events: CacheEvent[];
}

/** A process of a world, with a domain cache. */
export function domainProcess<Domain>(world: World, make: (options: DomainOptions) => Domain): DomainProcess<Domain> {
  const { store } = world.process();
  const events: CacheEvent[] = [];
  const domain = make({ store, prefix: world.prefix, clock: world.clock, onEvent: (event) => void events.push(event) });
  return { domain, store, events };
}
