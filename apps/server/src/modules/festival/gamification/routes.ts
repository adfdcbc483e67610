import { z } from 'zod';

import { withToken } from '../../../docs.js';
import { failures, type App } from '../../../fastify.js';
import { callerOf, type Identity } from '../../../identity.js';
import { Paging, PathId } from '../../../shapes.js';
import type { Gamification } from './service.js';
import { Badges, CheckIn, CheckInBody, EarnedBadges, Leaderboard, Rank, Stats } from './shapes.js';

const tags = ['festival: gamification'];
const UserPath = z.object({ userId: PathId });

export function gamificationRoutes(app: App, gamification: Gamification, { required }: Identity): void {
  const own = { onRequest: required };
  const documented = { tags, security: withToken };

  app.get(
    '/api/gamification/badges',
    {
      ...own,
      schema: {
        ...documented,
        summary: 'All badges, and which of them the caller has won',
        response: { 200: Badges, ...failures },
      },
    },
    (request) => gamification.badges(callerOf(request).userId),
  );

  app.post(
    '/api/gamification/check-in',
    {
      ...own,
      schema: {
        ...documented,
        summary: 'Earn XP, once a day and place',
        body: CheckInBody,
        response: { 200: CheckIn, 201: CheckIn, ...failures },
      },
    },
    async (request, reply) => {
      const checkIn = await gamification.checkIn(callerOf(request).userId, request.body?.eventId);
      return reply.code(checkIn.checkedIn === 'now' ? 201 : 200).send(checkIn);
    },
  );

  app.get(
    '/api/gamification/leaderboard',
    {
      ...own,
      schema: {
        ...documented,
        summary: 'Everybody with XP, by XP',
        querystring: Paging,
        response: { 200: Leaderboard, ...failures },
      },
    },
    (request) => gamification.leaderboard(request.query.page, request.query.limit),
  );

  app.get(
    '/api/users/:userId/badges',
    {
      ...own,
      schema: {
        ...documented,
        summary: 'What a user has won',
        params: UserPath,
        response: { 200: EarnedBadges, ...failures },
      },
    },
    (request) => gamification.badgesOf(request.params.userId),
  );

  app.get(
    '/api/users/:userId/stats',
    {
      ...own,
      schema: {
        ...documented,
        summary: 'What a user has gained',
        params: UserPath,
        response: { 200: Stats, ...failures },
      },
    },
    (request) => gamification.statsOf(request.params.userId),
  );

  app.get(
    '/api/users/:userId/rank',
    {
      ...own,
      schema: { ...documented, summary: 'Where a user stands', params: UserPath, response: { 200: Rank, ...failures } },
    },
    (request) => gamification.rankOf(request.params.userId),
  );
}
