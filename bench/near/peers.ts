/** The others, with their memory tier in front of the same Redis where they have two tiers, as their manuals set them up. */
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';

import { connectIoredis } from '../subjects/ioredis.js';
import { life } from '../subjects/subject.js';
import { keyCount, keys, some, type NearSubject, type OpenNearSubject } from './subject.js';

const all = keys(keyCount);
const room = 2 * keyCount;

type Load = (key: string) => Promise<object>;

async function filled(read: (key: string) => Promise<unknown>, close: () => Promise<unknown>): Promise<NearSubject> {
  for (let time = 0; time < 2; time++) await some(all, read);
  return { read: (number) => read(all[number] as string), close };
}

export const layeredLoader: OpenNearSubject = async (url, load: Load) => {
  const { Loader, RedisCache } = await import('layered-loader');
  const redis = connectIoredis(url);
  const loader = new Loader<object>({
    inMemoryCache: { cacheType: 'lru-map', maxItems: room, ttlInMsecs: life },
    asyncCache: new RedisCache<object>(redis, { json: true, ttlInMsecs: life, prefix: `layered-loader` }),
    dataSources: [{ name: 'bench', get: load, getMany: (some) => Promise.all(some.map(load)) }],
  });
  return filled(
    (key) => loader.get(key),
    () => redis.quit(),
  );
};

/** It has one tier, here the memory one. */
export const asyncCacheDedupe: OpenNearSubject = async (_url, load: Load) => {
  const { createCache } = await import('async-cache-dedupe');
  const cache = createCache({ ttl: life / 1_000, storage: { type: 'memory', options: { size: room } } }).define(
    'value',
    load,
  );
  return filled(
    (key) => cache.value(key),
    () => Promise.resolve(),
  );
};

export const bentocache: OpenNearSubject = async (url, load) => {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const bento = new BentoCache({
    default: 'both',
    ttl: life,
    prefix: 'bentocache',
    stores: {
      both: bentostore()
        .useL1Layer(memoryDriver({ maxItems: room }))
        .useL2Layer(redisDriver({ connection: connectIoredis(url) })),
    },
  });
  return filled(
    (key) => bento.getOrSet({ key, factory: () => load(key) }),
    () => bento.disconnectAll(),
  );
};

export const cacheable: OpenNearSubject = async (url, load) => {
  const { Cacheable } = await import('cacheable');
  const cache = new Cacheable({ secondary: new Keyv(new KeyvRedis(url), { namespace: 'cacheable' }), ttl: life });
  return filled(
    (key) => cache.getOrSet(key, () => load(key)),
    () => cache.disconnect(),
  );
};

export const cacheManager: OpenNearSubject = async (url, load) => {
  const { createCache } = await import('cache-manager');
  const cache = createCache({
    stores: [new Keyv(), new Keyv(new KeyvRedis(url), { namespace: 'cache-manager' })],
    ttl: life,
  });
  return filled(
    (key) => cache.wrap(key, () => load(key)),
    () => cache.disconnect(),
  );
};
