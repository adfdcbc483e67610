import type { AddressInfo } from 'node:net';

import { Cache, connect } from 'cenote';
import { cenote, traceEvents } from 'cenote/fastify';

import { readConfig } from '../apps/server/src/config.js';
import { openDatabase } from '../apps/server/src/db/open.js';
import { userIdOf } from '../apps/server/src/db/users.js';
import { createFastify } from '../apps/server/src/fastify.js';
import { createIdentity } from '../apps/server/src/identity.js';
import {
  demoUsername,
  festivalCacheOptions,
  registerFestival,
  seedCrowd,
  seedDemo,
  seedReference,
} from '../apps/server/src/modules/festival/index.js';

/** The routes of the reference server, with its cache or with none: its loaders then answer each request. */
const [redisUrl, crowd] = process.argv.slice(2) as [string, string];
const { database: where, jwtSecret } = readConfig(process.env);
const database = await openDatabase(where);
await database.prepare(async (db) => {
  await seedReference(db);
  await seedDemo(db);
  if (Number(crowd) > 0) await seedCrowd(db, Number(crowd));
});

const app = createFastify(false);
await app.register(cenote, { health: false });
registerFestival(app, {
  db: database.db,
  cache: redisUrl === 'none' ? noCache() : await openCache(redisUrl),
  identity: createIdentity({ secret: jwtSecret, demoUserId: await userIdOf(database.db, demoUsername) }),
});
await app.listen({ host: '127.0.0.1', port: 0 });
process.once('disconnect', () => process.exit());
process.send?.(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);

async function openCache(url: string): Promise<Cache> {
  const store = connect(url);
  await store.ready({ deadline: 10_000 });
  return new Cache({ store, onEvent: traceEvents, ...festivalCacheOptions });
}

/** What the routes that read need of a cache, without one. */
function noCache(): Cache {
  const none = {
    named: () => none,
    keyspace: (_template: string, { load }: { load: (params: object) => unknown }) => ({
      get: async (params: object) => withoutDates(await load(params)),
    }),
  };
  return none as unknown as Cache;
}

/** The routes answer with what JSON holds, which a loader's result is not yet. Cheaper than a round trip through JSON. */
function withoutDates(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(withoutDates);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutDates(item)]));
}
