import { z } from 'zod';

import { Id, Instant, listOf, pageOf } from '../../../shapes.js';

const Summary = z.object({
  id: Id,
  title: z.string(),
  category: z.string(),
  venue: z.string(),
  startsAt: Instant,
  endsAt: Instant,
  capacity: z.int().nullable().describe('Null where there is room for all.'),
  going: z.int(),
});

export const Events = pageOf(Summary);
export const Event = Summary.extend({ description: z.string(), checkInXp: z.int() });
export const Rsvps = listOf(z.object({ event: Summary, rsvpAt: Instant }));

export const RsvpBody = z.strictObject({ going: z.boolean().default(true) }).nullish();
export const Rsvp = z.object({ eventId: Id, userId: Id, going: z.boolean(), guests: z.int() });
