import { Cache, connect } from 'cenote';

import { life, type OpenSubject } from './subject.js';

export const open: OpenSubject = async (url, load) => {
  // The others wait for ever; five processes on two cores may well keep a call waiting for the default of 250 ms.
  const store = connect({ url, deadline: '10s' });
  await store.ready();
  const cache = new Cache({ store, prefix: 'bench', ttl: life, near: false });
  return {
    get: (key) => cache.get(key),
    wrap: (key) => cache.wrap(key, () => load(key)),
    async close() {
      await cache.close();
      await store.close();
    },
  };
};
