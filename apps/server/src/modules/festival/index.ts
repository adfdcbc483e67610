import type { Cache } from 'cenote';
import { z } from 'zod';

import type { Database } from '../../db/database.js';
import { failures, type App } from '../../fastify.js';
import type { Identity } from '../../identity.js';
import { eventRoutes } from './events/routes.js';
import { Events } from './events/service.js';
import { experienceRoutes } from './experiences/routes.js';
import { Experiences } from './experiences/service.js';
import { gamificationRoutes } from './gamification/routes.js';
import { Gamification } from './gamification/service.js';
import { festivalKeyspaces } from './keyspaces.js';

export { festivalCacheOptions } from './keyspaces.js';
export { seedCrowd } from './seed/crowd.js';
export { demoUsername, seedDemo } from './seed/demo.js';
export { seedReference } from './seed/reference.js';

const Settings = z.record(z.string(), z.unknown());

/** Gamification, experiences and events of the festival, on a cache of their own. */
export function registerFestival(
  app: App,
  { db, cache, identity }: { db: Database; cache: Cache; identity: Identity },
): void {
  const keys = festivalKeyspaces(cache, db);
  gamificationRoutes(app, new Gamification(db, cache, keys), identity);
  experienceRoutes(app, new Experiences(db, keys), identity);
  eventRoutes(app, new Events(db, cache, keys), identity);
  app.get(
    '/api/config',
    { schema: { tags: ['festival'], summary: 'Settings of the festival', response: { 200: Settings, ...failures } } },
    () => keys.settings.get(),
  );
}
