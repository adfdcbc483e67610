import { Cache, type Store } from 'cenote';
import { expect, test } from 'vitest';

import type { Database } from '../../db/database.js';
import { festivalCacheOptions, festivalKeyspaces } from './keyspaces.js';

const minute = 60_000;

/** The document's key tree: every key with its life, in milliseconds. */
const tree = {
  'badges:all': 60 * minute,
  'user:7:badges': 5 * minute,
  'user:7:stats': minute,
  'user:7:rank': 5 * minute,
  'user:7:rsvps': 2 * minute,
  'leaderboard:page:1:limit:20': 5 * minute,
  'experience:3:detail': 2 * minute,
  'experience:3:slots:2026-07-20:2026-07-27': minute,
  'experiences:list:cat:crafts:page:1:limit:20': 5 * minute,
  'event:5:detail': 5 * minute,
  'event:list:cat:all:page:1:limit:20': 10 * minute,
  'config:system': 120 * minute,
};

export function keyspacesSuite(store: () => Store): void {
  test('the festival has the keys and lives of its document, under one prefix', async () => {
    const cache = new Cache({ store: store(), ...festivalCacheOptions, jitter: 0 });
    const keys = festivalKeyspaces(cache, noDatabase);
    const load = (): never => [] as unknown as never;
    const page = { page: 1, limit: 20 };
    await Promise.all([
      keys.badges.wrap(load),
      keys.userBadges.wrap({ userId: 7 }, load),
      keys.stats.wrap({ userId: 7 }, load),
      keys.rank.wrap({ userId: 7 }, load),
      keys.rsvps.wrap({ userId: 7 }, load),
      keys.leaderboard.wrap(page, load),
      keys.experience.wrap({ expId: 3 }, load),
      keys.slots.wrap({ expId: 3, startDate: '2026-07-20', endDate: '2026-07-27' }, load),
      keys.experiences.wrap({ cat: 'crafts', ...page }, load),
      keys.event.wrap({ eventId: 5 }, load),
      keys.events.wrap({ cat: 'all', ...page }, load),
      keys.settings.wrap(load),
    ]);
    const held = await Promise.all(
      Object.keys(tree).map(async (key) => {
        const left = await store().expiry(`guelaguetza:${key}`);
        return [key, Math.ceil((left ?? 0) / 10_000) * 10_000]; // Some time has passed.
      }),
    );
    expect(Object.fromEntries(held)).toEqual(tree);
    expect(Object.keys(tree)).toHaveLength(Object.keys(keys).length);
  });
}

/** Loaders of the moment stand in for it. */
const noDatabase = {} as Database;
