import type { Cache, CacheOptions } from 'cenote';

import type { Database } from '../../db/database.js';
import { eventDetail, eventsPage, rsvpsOfUser } from './events/queries.js';
import { experienceDetail, experiencesPage, slotsBetween } from './experiences/queries.js';
import { allBadges, badgesOfUser, leaderboardPage, rankOfUser, statsOfUser } from './gamification/queries.js';
import { allSettings } from './settings.js';

/** The database gives up on a statement first; see its limits. */
export const festivalCacheOptions = {
  prefix: 'guelaguetza',
  name: 'festival',
  deadline: { hard: '10s' },
} as const satisfies CacheOptions;

/** Every key of the festival under the prefix of its cache: how long it lives, where it comes from, how it is invalidated. */
export function festivalKeyspaces(cache: Cache, db: Database) {
  const gamification = cache.named('gamification');
  const experiences = cache.named('experiences');
  const events = cache.named('events');
  return {
    badges: gamification.keyspace('badges:all', { ttl: '1h', load: () => allBadges(db) }),
    userBadges: gamification.keyspace('user:{userId}:badges', {
      ttl: '5m',
      load: ({ userId }) => badgesOfUser(db, Number(userId)),
    }),
    stats: gamification.keyspace('user:{userId}:stats', {
      ttl: '1m',
      load: ({ userId }) => statsOfUser(db, Number(userId)),
    }),
    rank: gamification.keyspace('user:{userId}:rank', {
      ttl: '5m',
      load: ({ userId }) => rankOfUser(db, Number(userId)),
    }),
    leaderboard: gamification.keyspace('leaderboard:page:{page}:limit:{limit}', {
      ttl: '5m',
      groups: 'all',
      load: ({ page, limit }) => leaderboardPage(db, Number(page), Number(limit)),
    }),

    experience: experiences.keyspace('experience:{expId}:detail', {
      ttl: '2m',
      load: ({ expId }) => experienceDetail(db, Number(expId)),
    }),
    slots: experiences.keyspace('experience:{expId}:slots:{startDate}:{endDate}', {
      ttl: '1m',
      groups: 'expId',
      load: ({ expId, startDate, endDate }) => slotsBetween(db, Number(expId), String(startDate), String(endDate)),
    }),
    experiences: experiences.keyspace('experiences:list:cat:{cat}:page:{page}:limit:{limit}', {
      ttl: '5m',
      groups: 'all',
      load: ({ cat, page, limit }) => experiencesPage(db, String(cat), Number(page), Number(limit)),
    }),

    event: events.keyspace('event:{eventId}:detail', {
      ttl: '5m',
      load: ({ eventId }) => eventDetail(db, Number(eventId)),
    }),
    events: events.keyspace('event:list:cat:{cat}:page:{page}:limit:{limit}', {
      ttl: '10m',
      groups: 'all',
      load: ({ cat, page, limit }) => eventsPage(db, String(cat), Number(page), Number(limit)),
    }),
    rsvps: events.keyspace('user:{userId}:rsvps', { ttl: '2m', load: ({ userId }) => rsvpsOfUser(db, Number(userId)) }),

    settings: cache.keyspace('config:system', { ttl: '2h', load: () => allSettings(db) }),
  };
}

export type FestivalKeyspaces = ReturnType<typeof festivalKeyspaces>;
