import { z } from 'zod';

import { Day, Id, Instant, listOf, pageOf } from '../../../shapes.js';
import { badgeCriteria } from '../schema.js';

const Badge = z.object({ id: Id, code: z.string(), name: z.string(), description: z.string() });

export const EarnedBadges = listOf(Badge.extend({ earnedAt: Instant }));

/** `earnedAt` is that of the caller. */
export const Badges = listOf(
  Badge.extend({ criterion: z.enum(badgeCriteria), threshold: z.int(), earnedAt: Instant.nullable() }),
);

export const Stats = z.object({
  userId: Id,
  username: z.string(),
  displayName: z.string(),
  xp: z.int(),
  level: z.int(),
  nextLevelAt: z.int().describe('The XP at which the next level begins.'),
  checkIns: z.int(),
  badges: z.int(),
  lastCheckInAt: Instant.nullable(),
});

export const Rank = z.object({
  userId: Id,
  xp: z.int(),
  rank: z.int(),
  of: z.int().describe('How many users there are.'),
});

export const Leaderboard = pageOf(
  z.object({ rank: z.int(), userId: Id, username: z.string(), displayName: z.string(), xp: z.int(), level: z.int() }),
);

export const CheckInBody = z
  .strictObject({ eventId: Id.optional().describe('Where; the festival grounds without one.') })
  .nullish();

export const CheckIn = z.object({
  userId: Id,
  place: z.string(),
  day: Day,
  checkedIn: z.enum(['now', 'already']).describe('A place counts once a day; `already` has changed nothing.'),
  xpGained: z.int(),
  xp: z.int(),
  level: z.int(),
  checkIns: z.int(),
  badgesWon: z.array(Badge),
});
