import { z } from 'zod';

import { Day, Id, Instant, listOf, pageOf } from '../../../shapes.js';
import { dayOf, daysAfter, daysBetween } from '../calendar.js';

const Summary = z.object({
  id: Id,
  title: z.string(),
  category: z.string(),
  host: z.string(),
  location: z.string(),
  priceCents: z.int().describe('Of Mexican pesos, a person.'),
  durationMinutes: z.int(),
  placesLeft: z.int().describe('Over all slots to come.'),
  nextStartsAt: Instant.nullable(),
});

export const Experiences = pageOf(Summary);
export const Experience = Summary.extend({ description: z.string() });

const defaultDays = 30;
const mostDays = 92;

/** Both days are included; today and the 30 days after it by default. */
export const SlotRange = z
  .object({ startDate: Day.optional(), endDate: Day.optional() })
  .transform(({ startDate = dayOf(new Date()), endDate = daysAfter(startDate, defaultDays) }) => ({
    startDate,
    endDate,
  }))
  .superRefine(({ startDate, endDate }, context) => {
    const days = daysBetween(startDate, endDate);
    if (days >= 0 && days <= mostDays) return;
    context.addIssue({
      code: 'custom',
      path: ['endDate'],
      message: `must be from startDate to ${mostDays} days after it`,
    });
  });

export const Slots = listOf(
  z.object({ id: Id, startsAt: Instant, capacity: z.int(), booked: z.int(), placesLeft: z.int() }),
);

export const BookingBody = z.strictObject({ slotId: Id, quantity: z.int().min(1).max(20).default(1) });

export const Booking = z.object({
  id: Id,
  experienceId: Id,
  slotId: Id,
  userId: Id,
  quantity: z.int(),
  startsAt: Instant,
  createdAt: Instant,
});
