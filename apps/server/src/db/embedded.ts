import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';

import type { DatabaseHandle } from './database.js';
import { lockFolder } from './folder-lock.js';
import { migrationsFolder } from './migrations.js';

/** PostgreSQL compiled to WebAssembly, in this process: one session, so transactions run one after another. */
export async function openEmbedded(directory?: string): Promise<DatabaseHandle> {
  const folder = directory === undefined ? undefined : resolve(directory);
  const unlock = folder === undefined ? undefined : await claim(folder);
  const client = await start(folder, unlock);
  const db = drizzle({ client });
  return {
    kind: 'embedded',
    db,
    description:
      folder === undefined ?
        'PostgreSQL embedded (PGlite, in memory: data ends with this process)'
      : `PostgreSQL embedded (PGlite in ${folder}: one process, not crash-safe)`,
    async prepare(seed) {
      await migrate(db, { migrationsFolder });
      await seed(db);
    },
    async ping() {
      const sent = performance.now();
      await db.execute(sql`select 1`);
      return performance.now() - sent;
    },
    async close() {
      await client.close();
      await unlock?.();
    },
  };
}

/** Two processes on one folder would diverge without a word: PGlite itself does not prevent it. */
async function claim(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  return lockFolder(folder);
}

async function start(folder: string | undefined, unlock: (() => Promise<void>) | undefined): Promise<PGlite> {
  try {
    // A small buffer pool halves start-up time and memory.
    return await PGlite.create({
      ...(folder !== undefined && { dataDir: join(folder, 'postgres') }),
      postgresqlconf: ['shared_buffers=8MB'],
    });
  } catch (error) {
    await unlock?.();
    throw error;
  }
}
