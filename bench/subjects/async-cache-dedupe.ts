import { createCache } from 'async-cache-dedupe';

import { connectIoredis } from './ioredis.js';
import { life, type OpenSubject } from './subject.js';

export const open: OpenSubject = async (url, load) => {
  const redis = connectIoredis(url);
  const cache = createCache({ ttl: life / 1_000, storage: { type: 'redis', options: { client: redis } } }).define(
    'value',
    load,
  );
  return {
    get: (key) => cache.get('value', key),
    wrap: (key) => cache.value(key),
    close: () => redis.quit(),
  };
};
