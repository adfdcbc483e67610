import type { DatabaseConfig } from '../config.js';
import type { DatabaseHandle } from './database.js';
import { openEmbedded } from './embedded.js';
import { openPostgres } from './postgres.js';

/** Opens the configured database. PostgreSQL is connected to at first use, PGlite is started here (1 to 4 s). */
export function openDatabase(config: DatabaseConfig): Promise<DatabaseHandle> {
  return config.kind === 'embedded' ? openEmbedded(config.directory) : Promise.resolve(openPostgres(config));
}
