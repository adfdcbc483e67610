import { and, asc, count, desc, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';

import type { Database, Transaction } from '../../../db/database.js';
import { users } from '../../../db/users.js';
import { badges, checkIns, events, progress, userBadges } from '../schema.js';
import { levelOf, xpOfLevel } from './level.js';

const badgeColumns = { id: badges.id, code: badges.code, name: badges.name, description: badges.description };

/** All badges, the easiest first. */
export function allBadges(db: Database) {
  return db
    .select({ ...badgeColumns, criterion: badges.criterion, threshold: badges.threshold })
    .from(badges)
    .orderBy(asc(badges.criterion), asc(badges.threshold), asc(badges.id));
}

/** The badges of a user, the newest first; `undefined` without such a user. */
export async function badgesOfUser(db: Database, userId: number) {
  const rows = await db
    .select({ badge: badgeColumns, earnedAt: userBadges.earnedAt })
    .from(users)
    .leftJoin(userBadges, eq(userBadges.userId, users.id))
    .leftJoin(badges, eq(badges.id, userBadges.badgeId))
    .where(eq(users.id, userId))
    .orderBy(desc(userBadges.earnedAt), asc(badges.id));
  if (rows.length === 0) return undefined;
  return rows.flatMap(({ badge, earnedAt }) => (badge !== null && earnedAt !== null ? [{ ...badge, earnedAt }] : []));
}

const xp = sql<number>`coalesce(${progress.xp}, 0)`.mapWith(Number);

/** What a user has gained; `undefined` without such a user. */
export async function statsOfUser(db: Database, userId: number) {
  const [row] = await db
    .select({
      userId: users.id,
      username: users.username,
      displayName: users.displayName,
      xp,
      checkIns: sql<number>`coalesce(${progress.checkIns}, 0)`.mapWith(Number),
      lastCheckInAt: progress.lastCheckInAt,
      badges: sql<number>`(select count(*) from ${userBadges} where ${userBadges.userId} = ${users.id})`.mapWith(
        Number,
      ),
    })
    .from(users)
    .leftJoin(progress, eq(progress.userId, users.id))
    .where(eq(users.id, userId));
  if (row === undefined) return undefined;
  return { ...withLevel(row), nextLevelAt: xpOfLevel(levelOf(row.xp) + 1) };
}

/** One more than the number of users with more XP; `undefined` without such a user. Reads the leaderboard's index down to the user. */
export async function rankOfUser(db: Database, userId: number) {
  const [user] = await db
    .select({ userId: users.id, xp })
    .from(users)
    .leftJoin(progress, eq(progress.userId, users.id))
    .where(eq(users.id, userId));
  if (user === undefined) return undefined;
  const [[ahead], [all]] = await Promise.all([
    db.select({ users: count() }).from(progress).where(gt(progress.xp, user.xp)),
    db.select({ users: count() }).from(users),
  ]);
  return { ...user, rank: (ahead?.users ?? 0) + 1, of: all?.users ?? 0 };
}

/** A page of those who have gained anything, by XP; equals share a rank. */
export async function leaderboardPage(db: Database, page: number, limit: number) {
  const [rows, [all]] = await Promise.all([
    db
      .select({
        rank: sql<number>`rank() over (order by ${progress.xp} desc)`.mapWith(Number),
        userId: progress.userId,
        username: users.username,
        displayName: users.displayName,
        xp: progress.xp,
      })
      .from(progress)
      .innerJoin(users, eq(users.id, progress.userId))
      .orderBy(desc(progress.xp), asc(progress.userId))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ users: count() }).from(progress),
  ]);
  return { items: rows.map(withLevel), page, limit, total: all?.users ?? 0 };
}

function withLevel<Row extends { xp: number }>(row: Row) {
  return { ...row, level: levelOf(row.xp) };
}

export async function eventToCheckInAt(db: Database, eventId: number) {
  const [event] = await db
    .select({ xp: events.checkInXp, endsAt: events.endsAt })
    .from(events)
    .where(eq(events.id, eventId));
  return event;
}

/** False when the user has been there on that day. */
export async function insertCheckIn(tx: Transaction, checkIn: typeof checkIns.$inferInsert): Promise<boolean> {
  const rows = await tx.insert(checkIns).values(checkIn).onConflictDoNothing().returning({ id: checkIns.id });
  return rows.length > 0;
}

/** Adds to what the user has gained and locks it until the transaction ends. */
export async function gainXp(tx: Transaction, userId: number, amount: number) {
  const [row] = await tx
    .insert(progress)
    .values({ userId, xp: amount, checkIns: 1, lastCheckInAt: sql`now()` })
    .onConflictDoUpdate({
      target: progress.userId,
      set: { xp: sql`${progress.xp} + ${amount}`, checkIns: sql`${progress.checkIns} + 1`, lastCheckInAt: sql`now()` },
    })
    .returning({ xp: progress.xp, checkIns: progress.checkIns });
  if (row === undefined) throw new Error('an upsert returned no row');
  return row;
}

/** Gives the user every badge that these figures reach, and returns those that are new. */
export async function awardBadges(tx: Transaction, userId: number, reached: { xp: number; checkIns: number }) {
  const won = await tx
    .select(badgeColumns)
    .from(badges)
    .leftJoin(userBadges, and(eq(userBadges.badgeId, badges.id), eq(userBadges.userId, userId)))
    .where(
      and(
        isNull(userBadges.badgeId),
        or(
          and(eq(badges.criterion, 'xp'), lte(badges.threshold, reached.xp)),
          and(eq(badges.criterion, 'check_ins'), lte(badges.threshold, reached.checkIns)),
        ),
      ),
    )
    .orderBy(asc(badges.id));
  if (won.length > 0)
    await tx
      .insert(userBadges)
      .values(won.map(({ id }) => ({ userId, badgeId: id })))
      .onConflictDoNothing();
  return won;
}
