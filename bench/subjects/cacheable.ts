import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';

import { life, type OpenSubject } from './subject.js';

/** Redis as its first and only tier: it has no way to switch the first one off. */
export const open: OpenSubject = async (url, load) => {
  const cache = new Cacheable({ primary: new Keyv(new KeyvRedis(url)), ttl: life });
  return {
    get: (key) => cache.get(key),
    wrap: (key) => cache.getOrSet(key, () => load(key)),
    close: () => cache.disconnect(),
  };
};
