import type { EntryOptions, LoadContext } from 'cenote';

import type { Family } from './kinds.js';
import { pause, type Random } from './random.js';
import { tagsOf, type Place, type Shelf, type Value } from './shelf.js';

/** Reads some rows; aligned with them, `undefined` where the cache had nothing and the way does not load. */
export type Reading = (
  shelf: Shelf,
  family: Family,
  places: readonly Place[],
  random: Random,
) => Promise<readonly (Value | undefined)[]>;

/** Every way to read what is cached. */
export const readings: Readonly<Record<string, Reading>> = {
  wrap: each((shelf, family, place, random) =>
    shelf.cache.wrap(keyOf(shelf, family, place), () => shelf.load(place, random), entryOf(family, place)),
  ),
  'wrap, tags named by the loader': each((shelf, family, place, random) => {
    if (!family.startsWith('tagged')) return shelf.rows(family).wrap(place, () => shelf.load(place, random));
    const load = async ({ addTags }: LoadContext): Promise<Value> => {
      await addTags(...tagsOf(place));
      return shelf.load(place, random);
    };
    return shelf.cache.wrap(keyOf(shelf, family, place), load, lifeOf(family));
  }),
  'wrap, storing nothing': each((shelf, family, place, random) =>
    shelf.rows(family).wrap(place, () => shelf.load(place, random), { fill: false }),
  ),
  'wrap, left early': each(async (shelf, family, place, random) => {
    const leaving = new AbortController();
    void pause(random, 4).then(() => leaving.abort());
    return shelf
      .rows(family)
      .wrap(place, () => shelf.load(place, random), { signal: leaving.signal })
      .catch((error: unknown) => {
        if (leaving.signal.aborted) return undefined;
        throw error;
      });
  }),
  get: each((shelf, family, place) => shelf.cache.get<Value>(keyOf(shelf, family, place))),
  getMany: async (shelf, family, places) => {
    const keys = places.map((place) => keyOf(shelf, family, place));
    const values = await shelf.cache.getMany<Value>(keys);
    return keys.map((key) => values.get(key));
  },
  wrapMany: async (shelf, family, places, random) => {
    // One list of tags serves all keys of a batch, so tagged rows come one by one.
    if (family !== 'plain' && family !== 'plain-brief') return shelf.rows(family).getMany(places);
    const byKey = new Map(places.map((place) => [keyOf(shelf, family, place), place]));
    const values = await shelf.cache.wrapMany(
      [...byKey.keys()],
      async (missing) =>
        new Map(
          await Promise.all(
            missing.map(async (key) => [key, await shelf.load(byKey.get(key) as Place, random)] as const),
          ),
        ),
      entryOf(family),
    );
    return [...byKey.keys()].map((key) => values.get(key));
  },
  'wrap, past memory': each((shelf, family, place, random) =>
    shelf.cache.wrap(keyOf(shelf, family, place), () => shelf.load(place, random), {
      ...entryOf(family, place),
      near: false,
    }),
  ),
  'keyspace.get, past memory': each((shelf, family, place) => shelf.rows(family).get(place, { near: false })),
  'keyspace.getMany, past memory': (shelf, family, places) => shelf.rows(family).getMany(places, { near: false }),
  'get, past memory': each((shelf, family, place) =>
    shelf.cache.get<Value>(keyOf(shelf, family, place), { near: false }),
  ),
  'keyspace.get': each((shelf, family, place) => shelf.rows(family).get(place)),
  'keyspace.getMany': (shelf, family, places) => shelf.rows(family).getMany(places),
  'keyspace.peek': each((shelf, family, place) => shelf.rows(family).peek(place)),
  'keyspace.refresh': each((shelf, family, place) => shelf.rows(family).refresh(place)),
};

/** Names of readings, the common ones more often. */
export const readingNames = [
  'wrap',
  'wrap',
  'wrap',
  'keyspace.get',
  'keyspace.get',
  'keyspace.get',
  'get',
  'get',
  ...Object.keys(readings),
];

/** The ways to read that memory can answer, and that load nothing more often than they must. */
export const glancing = ['wrap', 'keyspace.get', 'keyspace.get', 'keyspace.getMany', 'get'] as const;

/** Whether a way of reading may be answered by this process's memory, where it has some. */
export function mayBeNear(name: string): boolean {
  return !name.endsWith('past memory');
}

function each(
  read: (shelf: Shelf, family: Family, place: Place, random: Random) => Promise<Value | undefined>,
): Reading {
  return (shelf, family, places, random) => Promise.all(places.map((place) => read(shelf, family, place, random)));
}

export function keyOf(shelf: Shelf, family: Family, place: Place): string {
  return shelf.rows(family).key(place);
}

/** What `cache.wrap` must be told to store what the keyspace would. A family with groups can be filled by its keyspace only. */
function entryOf(family: Family, place?: Place): EntryOptions {
  return {
    ...lifeOf(family),
    ...(family.startsWith('tagged') && place ? { tags: tagsOf(place) } : {}),
    ...(family.startsWith('grouped') ? { fill: false } : {}),
  };
}

function lifeOf(family: Family): EntryOptions {
  return family.endsWith('-brief') ? { ttl: 4, grace: 300_000 } : {};
}
