import { fileURLToPath } from 'node:url';

/** The SQL files lie beside `src` and `dist`, at the same distance from both, so nothing is copied by the build. */
export const migrationsFolder = fileURLToPath(new URL('../../migrations', import.meta.url));
