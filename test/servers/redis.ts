import { randomBytes } from 'node:crypto';

import { createClient } from '@redis/client';

import { installPackage, onPath } from './find.js';
import { ServerProcess } from './server-process.js';
import { freePort, temporaryFolder } from './workspace.js';

/** The path of `redis-server` or `valkey-server`. @throws Error that says what to install when there is neither. */
function redisBinary(): string {
  const binary = onPath('redis-server', 'valkey-server');
  if (binary === undefined) throw new Error('Neither redis-server nor valkey-server is on the PATH.');
  return binary;
}

/** Sees to it that a Redis binary is there, installing it where that is allowed. Called once per run, before the tests. */
export function ensureRedisBinary(): void {
  if (onPath('redis-server', 'valkey-server') === undefined) {
    installPackage(
      'a Redis server',
      'redis-server',
      'set TEST_REDIS_URL (fault tests still need a binary of their own)',
    );
  }
}

/** A Redis that belongs to one test file. */
export class RedisServer extends ServerProcess {
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Sends one command over a connection of its own, past whatever is under test: `command('CONFIG', 'SET', …)`. */
  command(...args: string[]): Promise<unknown> {
    return redisCommand(this.url, args);
  }
}

export interface RedisOptions {
  /** Added to the command line, after the defaults: `['--maxmemory', '2mb']`. */
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
  /** Its working folder, where it keeps data if told to. Default: a new temporary one. `stop()` removes it. */
  readonly dir?: string;
}

/** Starts a Redis of the test's own, without persistence unless `args` ask for it. Takes some 15 ms. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? (await temporaryFolder('redis'));
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const server = new RedisServer({
      name: 'redis',
      command: redisBinary(),
      args: [
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--dir',
        dir,
        '--save',
        '',
        '--appendonly',
        'no',
        ...(options.args ?? []),
      ],
      port,
      dir,
      ready: /Ready to accept connections/,
      stopSignal: 'SIGTERM',
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

/** A Redis that may be shared with others: keep to keys that begin with `prefix`. */
export interface SharedRedis {
  readonly url: string;
  /** Unique to this call; letters, digits and a hyphen. */
  readonly prefix: string;
  /** Removes every key that contains the prefix; ends the server when it was started for this call. */
  stop(): Promise<void>;
}

/** Any Redis: the one of `TEST_REDIS_URL`, else one started for this call. For tests that do it no harm. */
export async function testRedis(): Promise<SharedRedis> {
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  const given = process.env['TEST_REDIS_URL'];
  if (given !== undefined && given !== '') {
    return { url: given, prefix, stop: () => removeKeys(given, `*${prefix}*`) };
  }
  const server = await startRedis();
  return { url: server.url, prefix, stop: () => server.stop() };
}

async function redisCommand(url: string, args: readonly string[]): Promise<unknown> {
  return withClient(url, (client) => client.sendCommand(args));
}

async function removeKeys(url: string, pattern: string): Promise<void> {
  await withClient(url, async (client) => {
    for await (const keys of client.scanIterator({ MATCH: pattern, COUNT: 1000 })) {
      if (keys.length > 0) await client.unlink(keys);
    }
  });
}

const connection = (url: string) => createClient({ url, socket: { reconnectStrategy: false } });

async function withClient<Result>(
  url: string,
  use: (client: ReturnType<typeof connection>) => Promise<Result>,
): Promise<Result> {
  const client = connection(url);
  client.on('error', () => {}); // The command itself rejects.
  await client.connect();
  try {
    return await use(client);
  } finally {
    client.destroy();
  }
}
