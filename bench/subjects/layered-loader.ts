import { Loader, RedisCache } from 'layered-loader';

import { connectIoredis } from './ioredis.js';
import { life, type OpenSubject } from './subject.js';

/** It has one verb, which loads what is not there. */
export const open: OpenSubject = async (url, load) => {
  const redis = connectIoredis(url);
  const loader = new Loader<object>({
    asyncCache: new RedisCache<object>(redis, { json: true, ttlInMsecs: life }),
    dataSources: [{ name: 'bench', get: load, getMany: (keys) => Promise.all(keys.map(load)) }],
  });
  return {
    get: (key) => loader.get(key),
    wrap: (key) => loader.get(key),
    close: () => redis.quit(),
  };
};
