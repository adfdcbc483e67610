import type { ConnectionOptions } from 'node:tls';

import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';

import { withoutCredentials, type DatabaseConfig, type SslMode } from '../config.js';
import type { DatabaseHandle } from './database.js';
import { migrationsFolder } from './migrations.js';

type PostgresConfig = Extract<DatabaseConfig, { kind: 'postgres' }>;

/** Milliseconds. A request that PostgreSQL does not answer within them is a 503, not a queue. */
const limits = Object.freeze({
  connectionTimeoutMillis: 5_000,
  statement_timeout: 5_000,
  lock_timeout: 3_000,
  idle_in_transaction_session_timeout: 10_000,
  /** Of this side: for a server that is silent and cannot time out by itself. */
  query_timeout: 8_000,
});

/** Held while the tables are brought up to date; any constant that no other program uses. */
const migrationLock = 4_017_360_512;

export function openPostgres(config: PostgresConfig): DatabaseHandle {
  const connection = { connectionString: config.url, ...tlsOf(config.ssl), application_name: 'cenote-server' };
  const pool = new pg.Pool({ ...connection, ...limits, max: config.poolSize, idleTimeoutMillis: 30_000 });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  const db = drizzle({ client: pool });
  return {
    kind: 'postgres',
    db,
    description: `PostgreSQL at ${withoutCredentials(config.url)}`,
    prepare: (seed) =>
      withMigrationLock(connection, async (client) => {
        const own = drizzle({ client });
        await migrate(own, { migrationsFolder });
        await seed(own);
      }),
    async ping() {
      const sent = performance.now();
      await db.execute(sql`select 1`);
      return performance.now() - sent;
    },
    close: () => pool.end(),
  };
}

/** A connection of its own, without time limits: a migration may take long, and others wait for their turn. */
async function withMigrationLock(
  connection: pg.ClientConfig,
  run: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: limits.connectionTimeoutMillis });
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await run(client);
  } finally {
    await client.end(); // The lock goes with its session.
  }
}

/** What PostgreSQL means by the words. `disable` leaves out the option, so that certificates named in the URL still count. */
function tlsOf(mode: SslMode): { ssl?: ConnectionOptions } {
  if (mode === 'disable') return {};
  if (mode === 'require') return { ssl: { rejectUnauthorized: false } };
  if (mode === 'verify-ca') return { ssl: { checkServerIdentity: () => undefined } };
  return { ssl: {} };
}
