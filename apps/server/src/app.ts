import { Cache, type Store } from 'cenote';
import { cenote, traceEvents } from 'cenote/fastify';
import type { FastifyServerOptions } from 'fastify';

import type { DatabaseHandle } from './db/database.js';
import { documentRoutes } from './docs.js';
import { createFastify, type App } from './fastify.js';
import { healthRoutes } from './health.js';
import { homeRoute } from './home.js';
import { createIdentity, type IdentityOptions } from './identity.js';
import { festivalCacheOptions, registerFestival } from './modules/festival/index.js';

/** What the application is built from. Whoever gives it closes it, after the application. */
export interface AppParts {
  readonly database: DatabaseHandle;
  readonly store: Store;
  readonly identity: IdentityOptions;
  readonly logger?: FastifyServerOptions['logger'];
}

/** The whole application, not yet listening. */
export async function buildApp({ database, store, identity, logger }: AppParts): Promise<App> {
  const app = createFastify(logger);
  await documentRoutes(app);
  await app.register(cenote, { health: false });

  const cache = new Cache({ store, onEvent: traceEvents, ...festivalCacheOptions });
  homeRoute(app);
  healthRoutes(app, { database, cache });
  registerFestival(app, { db: database.db, cache, identity: createIdentity(identity) });

  await app.ready();
  return app;
}
