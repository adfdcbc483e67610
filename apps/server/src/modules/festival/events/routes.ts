import { z } from 'zod';

import { withToken } from '../../../docs.js';
import { failures, type App } from '../../../fastify.js';
import { callerOf, requireSelf, type Identity } from '../../../identity.js';
import { CategoryPaging, PathId } from '../../../shapes.js';
import type { Events } from './service.js';
import { Event, Events as EventsPage, Rsvp, RsvpBody, Rsvps } from './shapes.js';

const tags = ['festival: events'];
const EventPath = z.object({ id: PathId });
const UserPath = z.object({ userId: PathId });

export function eventRoutes(app: App, events: Events, { required }: Identity): void {
  app.get(
    '/api/events',
    {
      schema: {
        tags,
        summary: 'What is on or to come',
        querystring: CategoryPaging,
        response: { 200: EventsPage, ...failures },
      },
    },
    (request) => events.list(request.query),
  );

  app.get(
    '/api/events/:id',
    { schema: { tags, summary: 'One event', params: EventPath, response: { 200: Event, ...failures } } },
    (request) => events.detail(request.params.id),
  );

  app.post(
    '/api/events/:id/rsvp',
    {
      onRequest: required,
      schema: {
        tags,
        security: withToken,
        summary: 'Say that you come, or do not',
        params: EventPath,
        body: RsvpBody,
        response: { 200: Rsvp, ...failures },
      },
    },
    (request) => events.rsvp(request.params.id, callerOf(request).userId, request.body?.going ?? true),
  );

  app.get(
    '/api/users/:userId/rsvps',
    {
      onRequest: required,
      schema: {
        tags,
        security: withToken,
        summary: 'Where a user goes; for that user only',
        params: UserPath,
        response: { 200: Rsvps, ...failures },
      },
    },
    (request) => {
      requireSelf(request, request.params.userId);
      return events.rsvpsOf(request.params.userId);
    },
  );
}
