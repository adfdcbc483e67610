import type { TestProject } from 'vitest/node';

import { ensurePostgresBinaries, startPostgres } from './postgres.js';
import { ensureRedisBinary } from './redis.js';

/** Vitest runs this once before the tests that need PostgreSQL: one server for all, a database per file. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  ensureRedisBinary();
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgresUrl', given);
    return undefined;
  }
  ensurePostgresBinaries();
  const server = await startPostgres();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
