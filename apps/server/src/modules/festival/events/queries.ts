import { and, asc, count, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';

import type { Database, Transaction } from '../../../db/database.js';
import { users } from '../../../db/users.js';
import { events, rsvps } from '../schema.js';

const summary = {
  id: events.id,
  title: events.title,
  category: events.category,
  venue: events.venue,
  startsAt: events.startsAt,
  endsAt: events.endsAt,
  capacity: events.capacity,
  going: events.going,
};

/** A page of what is on or to come, the next first. */
export async function eventsPage(db: Database, category: string, page: number, limit: number) {
  const shown = and(gt(events.endsAt, sql`now()`), category === 'all' ? undefined : eq(events.category, category));
  const [items, [all]] = await Promise.all([
    db
      .select(summary)
      .from(events)
      .where(shown)
      .orderBy(asc(events.startsAt), asc(events.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ events: count() }).from(events).where(shown),
  ]);
  return { items, page, limit, total: all?.events ?? 0 };
}

/** `undefined` without such an event. */
export async function eventDetail(db: Database | Transaction, eventId: number) {
  const [event] = await db
    .select({ ...summary, description: events.description, checkInXp: events.checkInXp })
    .from(events)
    .where(eq(events.id, eventId));
  return event;
}

/** The events that a user goes to, the next first; `undefined` without such a user. */
export async function rsvpsOfUser(db: Database, userId: number) {
  const rows = await db
    .select({ event: summary, rsvpAt: rsvps.createdAt })
    .from(users)
    .leftJoin(rsvps, eq(rsvps.userId, users.id))
    .leftJoin(events, eq(events.id, rsvps.eventId))
    .where(eq(users.id, userId))
    .orderBy(asc(events.startsAt), asc(events.id));
  if (rows.length === 0) return undefined;
  return rows.flatMap(({ event, rsvpAt }) => (event !== null && rsvpAt !== null ? [{ event, rsvpAt }] : []));
}

/** False when it was there. */
export async function insertRsvp(tx: Transaction, userId: number, eventId: number): Promise<boolean> {
  const rows = await tx
    .insert(rsvps)
    .values({ userId, eventId })
    .onConflictDoNothing()
    .returning({ eventId: rsvps.eventId });
  return rows.length > 0;
}

/** False when there was none. */
export async function deleteRsvp(tx: Transaction, userId: number, eventId: number): Promise<boolean> {
  const rows = await tx
    .delete(rsvps)
    .where(and(eq(rsvps.userId, userId), eq(rsvps.eventId, eventId)))
    .returning({ eventId: rsvps.eventId });
  return rows.length > 0;
}

/** The number of guests after one more, `undefined` when the event is full. */
export async function addGuest(tx: Transaction, eventId: number): Promise<number | undefined> {
  const [event] = await tx
    .update(events)
    .set({ going: sql`${events.going} + 1` })
    .where(and(eq(events.id, eventId), or(isNull(events.capacity), lt(events.going, events.capacity))))
    .returning({ going: events.going });
  return event?.going;
}

export async function removeGuest(tx: Transaction, eventId: number): Promise<number | undefined> {
  const [event] = await tx
    .update(events)
    .set({ going: sql`${events.going} - 1` })
    .where(eq(events.id, eventId))
    .returning({ going: events.going });
  return event?.going;
}
