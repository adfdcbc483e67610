import type { PgDatabase, PgQueryResultHKT, PgTransaction } from 'drizzle-orm/pg-core';
import type { ExtractTablesWithRelations } from 'drizzle-orm';

/** SQL, wherever it runs. Modules bring their own tables, so the type names none. */
export type Database = PgDatabase<PgQueryResultHKT>;
export type Transaction = PgTransaction<
  PgQueryResultHKT,
  Record<string, never>,
  ExtractTablesWithRelations<Record<string, never>>
>;

/** An open database and what its owner may do with it. */
export interface DatabaseHandle {
  readonly kind: 'embedded' | 'postgres';
  readonly db: Database;
  /** What an operator reads: where the data is, and what is promised about it. Holds no credentials. */
  readonly description: string;
  /** Brings the tables up to date, then runs `seed`. Processes that start together take turns. */
  prepare(seed: (db: Database) => Promise<void>): Promise<void>;
  /** Milliseconds of one round trip. @throws when there is no answer. */
  ping(): Promise<number>;
  /** Waits for queries under way, then ends all connections. */
  close(): Promise<void>;
}
