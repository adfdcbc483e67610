import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';

import { life, type OpenSubject } from './subject.js';

export const open: OpenSubject = async (url, load) => {
  const cache = createCache({ stores: [new Keyv(new KeyvRedis(url))], ttl: life });
  return {
    get: (key) => cache.get(key),
    wrap: (key) => cache.wrap(key, () => load(key)),
    close: () => cache.disconnect(),
  };
};
