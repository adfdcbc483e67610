import type { Store } from 'cenote';
import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';

import { buildApp } from './app.js';
import { developmentSecret } from './config.js';
import type { Database, DatabaseHandle } from './db/database.js';
import { userIdOf, users } from './db/users.js';
import type { App } from './fastify.js';
import { signToken } from './identity.js';
import { demoUsername, seedDemo, seedReference } from './modules/festival/index.js';

/** An answer, read: what the tests ask of it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** hit, stale or miss. */
  readonly cache: unknown;
  // Tests look into answers of every shape, and fail where they look wrong.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly text: string;
}

export interface RunningApp {
  readonly app: App;
  readonly db: Database;
  /** As a user, by a token; as the demo user without one. */
  get(url: string, as?: number): Promise<Answer>;
  post(url: string, body?: unknown, as?: number): Promise<Answer>;
  send(request: InjectOptions): Promise<Answer>;
  newUser(): Promise<number>;
  close(): Promise<void>;
}

/** The application on these parts, seeded, not listening. `close` closes the parts too. */
export async function startApp(
  database: DatabaseHandle,
  store: Store,
  options: { production?: boolean } = {},
): Promise<RunningApp> {
  await database.prepare(async (db) => {
    await seedReference(db);
    await seedDemo(db);
  });
  const { db } = database;
  const demoUserId = options.production ? undefined : await userIdOf(db, demoUsername);
  const app = await buildApp({ database, store, identity: { secret: developmentSecret, demoUserId } });
  const send = async (request: InjectOptions): Promise<Answer> => {
    const { statusCode, headers, body } = await app.inject(request);
    const isJson = String(headers['content-type']).startsWith('application/json');
    const parsed: unknown = isJson ? JSON.parse(body) : undefined;
    return { status: statusCode, headers, cache: headers['x-cache'], body: parsed, text: body };
  };
  const signed = async (as: number | undefined) =>
    as === undefined ? {} : { authorization: `Bearer ${await signToken(developmentSecret, as)}` };
  let people = 0;
  return {
    app,
    db,
    send,
    get: async (url, as) => send({ url, headers: await signed(as) }),
    post: async (url, body, as) =>
      send({ method: 'POST', url, headers: await signed(as), ...(body !== undefined && { payload: body as object }) }),
    async newUser() {
      const username = `visitor-${++people}`;
      const [user] = await db.insert(users).values({ username, displayName: username }).returning({ id: users.id });
      expect(user).toBeDefined();
      return user?.id ?? 0;
    },
    async close() {
      await app.close();
      await store.close();
      await database.close();
    },
  };
}
