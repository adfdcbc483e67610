import { z } from 'zod';

import { withToken } from '../../../docs.js';
import { failures, type App } from '../../../fastify.js';
import { callerOf, type Identity } from '../../../identity.js';
import { CategoryPaging, PathId } from '../../../shapes.js';
import type { Experiences } from './service.js';
import { Booking, BookingBody, Experience, Experiences as ExperiencesPage, SlotRange, Slots } from './shapes.js';

const tags = ['festival: experiences'];
const ExperiencePath = z.object({ id: PathId });

export function experienceRoutes(app: App, experiences: Experiences, { required }: Identity): void {
  app.get(
    '/api/experiences',
    {
      schema: {
        tags,
        summary: 'What can be booked',
        querystring: CategoryPaging,
        response: { 200: ExperiencesPage, ...failures },
      },
    },
    (request) => experiences.list(request.query),
  );

  app.get(
    '/api/experiences/:id',
    { schema: { tags, summary: 'One experience', params: ExperiencePath, response: { 200: Experience, ...failures } } },
    (request) => experiences.detail(request.params.id),
  );

  app.get(
    '/api/experiences/:id/slots',
    {
      schema: {
        tags,
        summary: 'When, and how many places are left',
        params: ExperiencePath,
        querystring: SlotRange,
        response: { 200: Slots, ...failures },
      },
    },
    (request) => experiences.slots(request.params.id, request.query.startDate, request.query.endDate),
  );

  app.post(
    '/api/experiences/:id/bookings',
    {
      onRequest: required,
      schema: {
        tags,
        security: withToken,
        summary: 'Book places in a slot',
        params: ExperiencePath,
        body: BookingBody,
        response: { 201: Booking, ...failures },
      },
    },
    async (request, reply) => {
      const { slotId, quantity } = request.body;
      const booking = await experiences.book({
        experienceId: request.params.id,
        slotId,
        quantity,
        userId: callerOf(request).userId,
      });
      return reply
        .code(201)
        .send({ ...booking, startsAt: booking.startsAt.toISOString(), createdAt: booking.createdAt.toISOString() });
    },
  );
}
