import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';

import { connectIoredis } from './ioredis.js';
import { life, type OpenSubject } from './subject.js';

export const open: OpenSubject = async (url, load) => {
  const redis = connectIoredis(url);
  const bento = new BentoCache({
    default: 'redis',
    ttl: life,
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection: redis })) },
  });
  return {
    get: (key) => bento.get({ key }),
    wrap: (key) => bento.getOrSet({ key, factory: () => load(key) }),
    close: () => bento.disconnectAll(),
  };
};
