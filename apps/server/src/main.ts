/** Boot order, top to bottom. Shutdown is the same list, reversed. The one file that knows every concrete thing. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { connect, UsageError, type Store } from 'cenote';

import { buildApp } from './app.js';
import { ConfigError, readConfig, withoutCredentials, type Config, type StoreConfig } from './config.js';
import type { Database } from './db/database.js';
import { isDatabaseAway } from './db/faults.js';
import { FolderInUseError } from './db/folder-lock.js';
import { openDatabase } from './db/open.js';
import { userIdOf } from './db/users.js';
import type { App } from './fastify.js';
import { demoUsername, seedDemo, seedReference } from './modules/festival/index.js';

/** Whoever opened first closes last. */
const opened: { readonly name: string; readonly close: () => Promise<unknown> }[] = [];

try {
  await boot();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  await closeAll();
  process.exit(1);
}

async function boot(): Promise<void> {
  readEnvFile();
  const config = readConfig(process.env);

  const database = await openDatabase(config.database);
  opened.push({ name: 'database', close: () => database.close() });
  await database.prepare((db) => seed(db, config));

  const store = connect(config.store.kind === 'redis' ? { url: config.store.url, name: 'cenote-server' } : 'memory:');
  opened.push({ name: 'store', close: () => store.close() });

  const demoUserId = config.mode === 'production' ? undefined : await userIdOf(database.db, demoUsername);
  const app = await buildApp({
    database,
    store,
    identity: { secret: config.jwtSecret, demoUserId },
    logger: { level: config.logLevel },
  });
  opened.push({ name: 'http', close: () => app.close() });
  const unwatch = store.onState((state) => app.log.warn({ state }, `the store is ${state}`));
  opened.push({ name: 'watch over the store', close: async () => unwatch() });

  await app.listen(config.http);
  stopOnSignals(app, config.shutdownTimeout);
  announce(app, config, `${database.description} · ${describeStore(config.store)}`);
  await warnOf(store, app);
}

/** A store that is away stops nobody from starting; an operator wants to know. */
async function warnOf(store: Store, app: App): Promise<void> {
  const { status, warnings } = await store.health();
  for (const warning of warnings) app.log.warn({ status }, `store: ${warning}`);
}

/** `.env` at the root of the repository; what stands in the environment wins over it. Tests are not to depend on it. */
function readEnvFile(): void {
  if (/^test(ing)?$/.test(process.env['APP_ENV'] || process.env['NODE_ENV'] || '')) return;
  const file = fileURLToPath(new URL('../../../.env', import.meta.url));
  if (existsSync(file)) process.loadEnvFile(file);
}

async function seed(db: Database, config: Config): Promise<void> {
  await seedReference(db);
  if (config.seed === 'demo') await seedDemo(db);
}

function describeStore(store: StoreConfig): string {
  if (store.kind === 'memory') return "entries in this process's memory (exact here, not shared with other processes)";
  return `entries in Redis at ${withoutCredentials(store.url)} (shared: an invalidation holds in every process)`;
}

/** One line of what runs on what, then what to open. A log collector gets the line as JSON. */
function announce(app: App, { mode }: Config, parts: string): void {
  const url = urlOf(app);
  const line = `cenote reference server · ${mode} · ${parts}`;
  if (mode === 'production') return app.log.info({ url }, line);
  process.stdout.write(
    `${line}\n\n  ${url}/         start here\n  ${url}/docs     every route, to try out\n  ${url}/health   how it is\n\n`,
  );
}

function urlOf(app: App): string {
  const { address, port } = app.server.address() as AddressInfo;
  const here = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(address);
  return `http://${here ? 'localhost' : address}:${port}`;
}

/** A terminal and npm each deliver the same Ctrl-C; a second one counts only after this many milliseconds. */
const impatience = 500;

function stopOnSignals(app: App, timeout: number): void {
  let stopping: number | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping === undefined) {
      stopping = performance.now();
      void shutDown(app, timeout);
    } else if (performance.now() - stopping > impatience) {
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** Stops listening, answers what has arrived, then closes the rest. Connections that outstay `timeout` are cut. */
async function shutDown(app: App, timeout: number): Promise<never> {
  const cut = setTimeout(() => app.server.closeAllConnections(), timeout);
  const clean = await closeAll();
  clearTimeout(cut);
  process.exit(clean ? 0 : 1);
}

async function closeAll(): Promise<boolean> {
  let clean = true;
  for (const { name, close } of opened.splice(0).toReversed()) {
    await close().catch((error: unknown) => {
      clean = false;
      process.stderr.write(`closing the ${name} failed: ${String(error)}\n`);
    });
  }
  return clean;
}

function explain(error: unknown): string {
  const saysAll = [ConfigError, FolderInUseError, UsageError].some((kind) => error instanceof kind);
  if (saysAll) return (error as Error).message;
  const { code, port, message, stack } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `PORT ${port} is in use by another process: stop it, or set PORT to another one (0 takes any free port)`;
  if (code === 'EACCES') return `PORT ${port} may not be opened by this user: set PORT to 1024 or more`;
  if (isDatabaseAway(error))
    return `The database does not answer (${code ?? message}): check DATABASE_URL, or DB_HOST and the rest`;
  return `The server could not start: ${stack ?? message}`;
}
