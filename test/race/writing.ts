import { glob } from 'cenote';

import type { Family, Means } from './kinds.js';
import { keyOf } from './reading.js';
import type { Random } from './random.js';
import { tagsOf, type Place, type Shelf } from './shelf.js';

/** Invalidates rows that have just been committed; resolves when it is acknowledged for all of them. */
type Invalidating = (shelf: Shelf, family: Family, places: readonly Place[], random: Random) => Promise<unknown>;

export const invalidatings: Readonly<Record<Means, Invalidating>> = {
  del: (shelf, family, places) => Promise.all(places.map((place) => shelf.cache.del(keyOf(shelf, family, place)))),
  delMultiple: (shelf, family, places) => shelf.cache.delMultiple(places.map((place) => keyOf(shelf, family, place))),
  'keyspace.del': (shelf, family, places) => Promise.all(places.map((place) => shelf.rows(family).del(place))),
  invalidate: (shelf, family, places) => {
    const [only] = places;
    return places.length === 1 && only ?
        shelf.cache.invalidate(glob`${family}:${only.episode}:${only.row}*`)
      : shelf.cache.invalidate(glob`${family}:${only?.episode ?? ''}:*`);
  },
  invalidateTags: (shelf, _family, places, random) =>
    shelf.cache.invalidateTags(
      random.chance(0.5) ?
        places.slice(0, 1).map(({ episode }) => `episode:${episode}`)
      : places.map((place) => tagsOf(place)[1] as string),
    ),
  'keyspace.invalidate': (shelf, family, places, random) =>
    random.chance(0.5) ?
      Promise.all(places.slice(0, 1).map(({ episode }) => shelf.rows(family).invalidate({ episode })))
    : Promise.all(places.map(({ row }) => shelf.rows(family).invalidate({ row }))),
};
