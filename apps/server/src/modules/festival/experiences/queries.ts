import { and, asc, count, eq, gt, gte, lt, lte, sql } from 'drizzle-orm';

import type { Database, Transaction } from '../../../db/database.js';
import { daysAfter, startOfDay } from '../calendar.js';
import { bookings, experiences, slots } from '../schema.js';

const placesLeft = sql<number>`${slots.capacity} - ${slots.booked}`.mapWith(Number);

/** What is still to come of each experience. */
function upcomingOf(db: Database) {
  return db
    .select({
      placesLeft: sql<number>`coalesce(sum(${slots.capacity} - ${slots.booked}), 0)`.mapWith(Number).as('places_left'),
      nextStartsAt: sql<Date | null>`min(${slots.startsAt})`.mapWith(slots.startsAt).as('next_starts_at'),
    })
    .from(slots)
    .where(and(eq(slots.experienceId, experiences.id), gt(slots.startsAt, sql`now()`)))
    .as('upcoming');
}

export async function experiencesPage(db: Database, category: string, page: number, limit: number) {
  const upcoming = upcomingOf(db);
  const ofCategory = category === 'all' ? undefined : eq(experiences.category, category);
  const [items, [all]] = await Promise.all([
    db
      .select({
        id: experiences.id,
        title: experiences.title,
        category: experiences.category,
        host: experiences.host,
        location: experiences.location,
        priceCents: experiences.priceCents,
        durationMinutes: experiences.durationMinutes,
        placesLeft: upcoming.placesLeft,
        nextStartsAt: upcoming.nextStartsAt,
      })
      .from(experiences)
      .leftJoinLateral(upcoming, sql`true`)
      .where(ofCategory)
      .orderBy(asc(experiences.id))
      .limit(limit)
      .offset((page - 1) * limit),
    db.select({ experiences: count() }).from(experiences).where(ofCategory),
  ]);
  return { items, page, limit, total: all?.experiences ?? 0 };
}

/** `undefined` without such an experience. */
export async function experienceDetail(db: Database, experienceId: number) {
  const upcoming = upcomingOf(db);
  const [row] = await db
    .select({ experience: experiences, placesLeft: upcoming.placesLeft, nextStartsAt: upcoming.nextStartsAt })
    .from(experiences)
    .leftJoinLateral(upcoming, sql`true`)
    .where(eq(experiences.id, experienceId));
  return row && { ...row.experience, placesLeft: row.placesLeft, nextStartsAt: row.nextStartsAt };
}

/** The slots of an experience on days from the first to the last, both included; `undefined` without such an experience. */
export async function slotsBetween(db: Database, experienceId: number, startDate: string, endDate: string) {
  const rows = await db
    .select({ id: slots.id, startsAt: slots.startsAt, capacity: slots.capacity, booked: slots.booked, placesLeft })
    .from(experiences)
    .leftJoin(
      slots,
      and(
        eq(slots.experienceId, experiences.id),
        gte(slots.startsAt, startOfDay(startDate)),
        lt(slots.startsAt, startOfDay(daysAfter(endDate, 1))),
      ),
    )
    .where(eq(experiences.id, experienceId))
    .orderBy(asc(slots.startsAt));
  if (rows.length === 0) return undefined;
  return rows.flatMap(({ id, startsAt, capacity, booked, ...rest }) =>
    id !== null && startsAt !== null && capacity !== null && booked !== null ?
      [{ id, startsAt, capacity, booked, ...rest }]
    : [],
  );
}

/** A slot as it is now, with the version that a booking must name. */
export async function slotNow(db: Database, experienceId: number, slotId: number) {
  const [slot] = await db
    .select({ startsAt: slots.startsAt, placesLeft, version: slots.version })
    .from(slots)
    .where(and(eq(slots.id, slotId), eq(slots.experienceId, experienceId)));
  return slot;
}

/** Takes places if nobody has taken any since `version` was read; false otherwise. */
export async function takePlaces(tx: Transaction, slotId: number, version: number, quantity: number): Promise<boolean> {
  const taken = await tx
    .update(slots)
    .set({ booked: sql`${slots.booked} + ${quantity}`, version: sql`${slots.version} + 1` })
    .where(
      and(eq(slots.id, slotId), eq(slots.version, version), lte(sql`${slots.booked} + ${quantity}`, slots.capacity)),
    )
    .returning({ id: slots.id });
  return taken.length > 0;
}

export async function insertBooking(tx: Transaction, booking: typeof bookings.$inferInsert) {
  const [row] = await tx.insert(bookings).values(booking).returning();
  if (row === undefined) throw new Error('an insert returned no row');
  return row;
}
