import type { Database } from '../../db/database.js';
import { settings } from './schema.js';

/** All settings, by name. */
export async function allSettings(db: Database): Promise<Record<string, unknown>> {
  const rows = await db.select().from(settings);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
