import { sql } from 'drizzle-orm';
import {
  check,
  date,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

import { users } from '../../db/users.js';

const id = () => integer('id').primaryKey().generatedByDefaultAsIdentity();
const userId = () =>
  integer('user_id')
    .notNull()
    .references(() => users.id, { onDelete: 'cascade' });
const instant = (name: string) => timestamp(name, { withTimezone: true });

// Gamification

/** What a badge is won by reaching. */
export const badgeCriteria = ['check_ins', 'xp'] as const;

export const badges = pgTable('badges', {
  id: id(),
  code: text('code').notNull().unique(),
  name: text('name').notNull(),
  description: text('description').notNull(),
  criterion: text('criterion', { enum: badgeCriteria }).notNull(),
  threshold: integer('threshold').notNull(),
});

/** What a user has gained; without a row: nothing yet. Ordered by XP, it is the leaderboard. */
export const progress = pgTable(
  'user_progress',
  {
    userId: userId().primaryKey(),
    xp: integer('xp').notNull().default(0),
    checkIns: integer('check_ins').notNull().default(0),
    lastCheckInAt: instant('last_check_in_at'),
  },
  (table) => [
    index('user_progress_leaderboard').on(table.xp.desc(), table.userId),
    check('user_progress_gained', sql`${table.xp} >= 0 and ${table.checkIns} >= 0`),
  ],
);

export const userBadges = pgTable(
  'user_badges',
  {
    userId: userId(),
    badgeId: integer('badge_id')
      .notNull()
      .references(() => badges.id, { onDelete: 'cascade' }),
    earnedAt: instant('earned_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.badgeId] })],
);

/** One a user, day and place: the unique index is what makes a check-in safe to repeat. */
export const checkIns = pgTable(
  'check_ins',
  {
    id: id(),
    userId: userId(),
    place: text('place').notNull(),
    day: date('day').notNull(),
    xp: integer('xp').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [uniqueIndex('check_ins_once').on(table.userId, table.day, table.place)],
);

// Experiences

export const experiences = pgTable(
  'experiences',
  {
    id: id(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    category: text('category').notNull(),
    host: text('host').notNull(),
    location: text('location').notNull(),
    priceCents: integer('price_cents').notNull(),
    durationMinutes: integer('duration_minutes').notNull(),
  },
  (table) => [index('experiences_category').on(table.category, table.id)],
);

/** `version` counts bookings: who updates a slot names the version that was read. */
export const slots = pgTable(
  'experience_slots',
  {
    id: id(),
    experienceId: integer('experience_id')
      .notNull()
      .references(() => experiences.id, { onDelete: 'cascade' }),
    startsAt: instant('starts_at').notNull(),
    capacity: integer('capacity').notNull(),
    booked: integer('booked').notNull().default(0),
    version: integer('version').notNull().default(1),
  },
  (table) => [
    uniqueIndex('experience_slots_start').on(table.experienceId, table.startsAt),
    check('experience_slots_never_oversold', sql`${table.booked} between 0 and ${table.capacity}`),
  ],
);

export const bookings = pgTable(
  'bookings',
  {
    id: id(),
    slotId: integer('slot_id')
      .notNull()
      .references(() => slots.id),
    userId: userId(),
    quantity: integer('quantity').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    index('bookings_slot').on(table.slotId),
    index('bookings_user').on(table.userId),
    check('bookings_quantity', sql`${table.quantity} > 0`),
  ],
);

// Events

export const events = pgTable(
  'events',
  {
    id: id(),
    title: text('title').notNull(),
    description: text('description').notNull(),
    category: text('category').notNull(),
    venue: text('venue').notNull(),
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    capacity: integer('capacity'),
    going: integer('going').notNull().default(0),
    checkInXp: integer('check_in_xp').notNull().default(100),
  },
  (table) => [
    index('events_start').on(table.startsAt, table.id),
    index('events_category').on(table.category, table.startsAt, table.id),
    check(
      'events_never_overfull',
      sql`${table.going} >= 0 and (${table.capacity} is null or ${table.going} <= ${table.capacity})`,
    ),
  ],
);

export const rsvps = pgTable(
  'event_rsvps',
  {
    userId: userId(),
    eventId: integer('event_id')
      .notNull()
      .references(() => events.id, { onDelete: 'cascade' }),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.eventId] }), index('event_rsvps_event').on(table.eventId)],
);

// Configuration

/** One row a name; `GET /api/config` is all of them. */
export const settings = pgTable('settings', {
  name: text('name').primaryKey(),
  value: jsonb('value').notNull(),
});
