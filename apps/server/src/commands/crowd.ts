/** Fills a PostgreSQL with users: `DATABASE_URL=… npm run crowd -w apps/server -- <number of users>`. */
import { readConfig } from '../config.js';
import { openDatabase } from '../db/open.js';
import { seedCrowd, seedDemo, seedReference } from '../modules/festival/index.js';

const size = Number(process.argv[2] ?? '100000');
const { database: where } = readConfig(process.env);
if (!Number.isInteger(size) || size < 1 || (where.kind === 'embedded' && where.directory === undefined)) {
  process.stderr.write(
    'Needs a number of users of at least 1, and a database that outlives this command: DATABASE_URL, DB_HOST or DATA_DIR.\n',
  );
  process.exit(1);
}
const database = await openDatabase(where);
try {
  await database.prepare(async (db) => {
    await seedReference(db);
    await seedDemo(db);
    await seedCrowd(db, size);
  });
} finally {
  await database.close();
}
