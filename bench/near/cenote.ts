import { Cache, connect, type Store } from 'cenote';

import { life } from '../subjects/subject.js';
import { keyCount, keys, some, type NearSubject, type OpenNearSubject } from './subject.js';

const all = keys(keyCount);

type Read = NearSubject['read'];
type Load = (key: string) => Promise<object>;

export async function openCache(url: string, maxEntries: number): Promise<{ store: Store; cache: Cache }> {
  // The others wait for ever; many processes on few cores may well keep a call waiting for the default of 250 ms.
  const store = connect({ url, deadline: '10s' });
  await store.ready();
  return { store, cache: new Cache({ store, prefix: `near:${process.pid}`, ttl: life, near: { maxEntries } }) };
}

/** A way to read, over a cache whose memory tier has all keys. */
function reading(reader: (cache: Cache, load: Load) => Read | Promise<Read>): OpenNearSubject {
  return async (url, load) => {
    const { store, cache } = await openCache(url, keyCount);
    const read = await reader(cache, load);
    // The first read loads, the second finds it in the store and keeps it.
    for (let time = 0; time < 2; time++) await some(all.keys(), read);
    return {
      read,
      async close() {
        await cache.close();
        await store.close();
      },
    };
  };
}

export const wrap = reading((cache, load) => (number) => {
  const key = all[number] as string;
  return cache.wrap(key, () => load(key));
});

export const taggedWrap = reading((cache, load) => (number) => {
  const key = all[number] as string;
  return cache.wrap(key, () => load(key), { tags: ['makers', 'oaxaca'] });
});

export const get = reading(async (cache, load) => {
  await some(all, async (key) => cache.set(key, await load(key)));
  return (number) => cache.get(all[number] as string);
});

export const keyspace = reading((cache, load) => {
  const makers = cache.keyspace('maker:{id}', { load: ({ id }) => load(`maker:${id}`) });
  return (number) => makers.get({ id: number });
});

export const groupedKeyspace = reading((cache, load) => {
  const makers = cache.keyspace('maker:{id}', { load: ({ id }) => load(`maker:${id}`), groups: ['id', 'all'] });
  return (number) => makers.get({ id: number });
});

export const keyspaceOfTwo = reading((cache, load) => {
  const makers = cache.keyspace('city:{city}:maker:{id}', { load: ({ id }) => load(`maker:${id}`) });
  return (number) => makers.get({ city: 'oaxaca', id: number });
});

export const groupedKeyspaceOfTwo = reading((cache, load) => {
  const makers = cache.keyspace('city:{city}:maker:{id}', {
    load: ({ id }) => load(`maker:${id}`),
    groups: ['city', 'all'],
  });
  return (number) => makers.get({ city: 'oaxaca', id: number });
});
