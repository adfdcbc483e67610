import type { ConnectionOptions } from 'node:tls';

import type { Clock } from '../core/clock.js';
import { milliseconds, type Duration } from '../core/duration.js';
import { UsageError } from '../core/errors.js';
import { checkCount, checkOptions } from '../core/options.js';
import type { BreakerOptions } from './breaker.js';
import { memoryStore } from './memory/memory-store.js';
import { clientsFor, clientsLike, type ClientSource, type ReadyClient } from './redis/client.js';
import { RedisStore } from './redis/redis-store.js';
import { parseServerUrl, withoutCredentials } from './redis/server-url.js';
import type { Store } from './store.js';

/** Where to connect and how. `url` or `client` says where; without both it is this process's memory. */
export interface ConnectOptions {
  /** `'memory:'`, `'redis://[user:password@]host[:port][/database]'`, or the same with `'rediss:'` for TLS. */
  readonly url?: string | undefined;
  /** A client made by node-redis, instead of `url`: its server and credentials are used, it is neither used itself nor closed. */
  readonly client?: ReadyClient | undefined;
  /** ACL user, password and database number, where the URL does not hold them; they win over it. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number | undefined;
  /** The name of the connection in the server's CLIENT LIST. */
  readonly name?: string | undefined;
  /** For `rediss:` only: what to add to Node's TLS defaults, such as `ca`, `cert`, `key` and `servername`. */
  readonly tls?: ConnectionOptions | undefined;
  /** Longest wait for an answer of Redis; default `'250ms'`. The in-process store answers at once. */
  readonly deadline?: Duration | undefined;
  /** When to stop asking a Redis that does not answer; default 5 failures in a row, for `'1s'`. */
  readonly breaker?: BreakerOptions | undefined;
  /** Limits of the in-process store; defaults 100,000 entries and 128 MiB. Not for Redis, which has `maxmemory`. */
  readonly maxEntries?: number | undefined;
  readonly maxBytes?: number | undefined;
  /** For tests: decides deadlines, lifetimes of the in-process store, and waits between attempts to connect. */
  readonly clock?: Clock | undefined;
}

const defaults = Object.freeze({ url: 'memory:', deadline: '250ms' }) satisfies ConnectOptions;
const longestDeadline = 60_000;
const known = [
  'url',
  'client',
  'username',
  'password',
  'database',
  'name',
  'tls',
  'deadline',
  'breaker',
  'maxEntries',
  'maxBytes',
  'clock',
];
const serverOnly = ['username', 'password', 'database', 'name', 'tls'] as const;
const memoryOnly = ['maxEntries', 'maxBytes'] as const;

/**
 * The store at `target`: a URL, options, a client of node-redis as a template, or nothing for this process's memory.
 *
 * Returns at once and never throws because a server is away: it connects in the background for as long as the store is
 * open, and until then calls reject with `STORE_UNAVAILABLE`. `await store.health()` waits for the first attempt.
 *
 * @throws UsageError for a wrong URL or option; the message names it and never holds a password.
 */
export function connect(target?: string | ConnectOptions | ReadyClient): Store {
  return open(optionsOf(target), 'url');
}

/**
 * The store that the environment names: `REDIS_URL`, else `REDIS_HOST`, `REDIS_PORT`, `REDIS_USERNAME`, `REDIS_PASSWORD`
 * and `REDIS_DB` (localhost, 6379 and 0 where one is missing but another is there), else this process's memory. An empty
 * variable counts as missing.
 *
 * @throws UsageError naming the variable.
 */
export function storeFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): Store {
  const {
    REDIS_URL: url,
    REDIS_HOST: host,
    REDIS_PORT: port,
    REDIS_USERNAME: username,
    REDIS_PASSWORD: password,
    REDIS_DB: database,
  } = env;
  if (url) return open({ url }, 'REDIS_URL');
  if (!(host || port || username || password || database)) return open({}, 'url');
  const server = {
    host: hostOf(host || 'localhost'),
    port: numeral(port || '6379', 'REDIS_PORT', 1, 65_535),
    database: numeral(database || '0', 'REDIS_DB', 0),
    username: username || undefined,
    password: password || undefined,
  };
  return openServer(clientsFor(server), {});
}

function optionsOf(target: string | ConnectOptions | ReadyClient | undefined): ConnectOptions {
  if (target === undefined) return {};
  if (typeof target === 'string') return { url: target };
  if (typeof target !== 'object' || target === null)
    throw new UsageError('target', target, 'must be a URL, options or a client of node-redis');
  if ('duplicate' in target) return { client: target };
  checkOptions(target, known, 'connect');
  return target;
}

function open(options: ConnectOptions, field: string): Store {
  const { client, url = defaults.url } = options;
  if (client !== undefined) return openServer(clientsLike(template(client, options)), options);
  if (typeof url !== 'string') throw new UsageError(field, url, 'must be a text');
  if (url === 'memory:') return openMemory(options);
  return openServer(clientsFor(serverOf(url, options, field)), options);
}

function openMemory(options: ConnectOptions): Store {
  refuse(options, serverOnly, "is for 'redis:' and 'rediss:' only");
  deadlineOf(options);
  const { maxEntries, maxBytes, clock } = options;
  return memoryStore({ maxEntries, maxBytes, clock });
}

function openServer(source: ClientSource, options: ConnectOptions): Store {
  refuse(options, memoryOnly, "is for 'memory:' only; on Redis, set maxmemory");
  return new RedisStore({
    source,
    deadline: deadlineOf(options),
    breaker: options.breaker ?? {},
    clock: options.clock,
  });
}

function serverOf(url: string, options: ConnectOptions, field: string): Parameters<typeof clientsFor>[0] {
  const { tls, ...server } = parseServerUrl(url, field);
  if (!tls && options.tls !== undefined) throw new UsageError('tls', options.tls, "is for 'rediss:' only");
  return {
    ...server,
    username: text(options.username, 'username') ?? server.username,
    password: text(options.password, 'password', '***') ?? server.password,
    database: options.database === undefined ? server.database : checkCount(options.database, 'database', 0),
    name: text(options.name, 'name'),
    tls: tls ? (options.tls ?? {}) : undefined,
  };
}

/** Checks that a client is one whose copy would behave as itself does. */
function template(client: ReadyClient, options: ConnectOptions): ReadyClient {
  if (options.url !== undefined)
    throw new UsageError('client', '[client]', 'must not stand beside url: one of them says where to connect');
  refuse(options, serverOnly, 'must be set on the client itself');
  const single =
    typeof client.duplicate === 'function' &&
    typeof client.withTypeMapping === 'function' &&
    typeof client.socketEpoch === 'number';
  if (!single)
    throw new UsageError(
      'client',
      '[client]',
      "must be made by createClient of node-redis ('@redis/client' or 'redis'), for one server",
    );
  const { readonly, keyPrefix } = (client.options ?? {}) as { readonly?: boolean; keyPrefix?: unknown };
  if (readonly)
    throw new UsageError(
      'client',
      '[client]',
      'must not read from replicas (readonly): they may hold values older than an invalidation',
    );
  if (keyPrefix !== undefined)
    throw new UsageError('client', '[client]', "must have no keyPrefix: give the cache its own 'prefix'");
  return client;
}

function refuse(options: ConnectOptions, names: readonly (keyof ConnectOptions)[], rule: string): void {
  for (const name of names) {
    if (options[name] !== undefined) throw new UsageError(name, name === 'password' ? '***' : options[name], rule);
  }
}

function deadlineOf(options: ConnectOptions): number {
  const deadline = milliseconds(options.deadline ?? defaults.deadline, 'deadline');
  if (deadline > longestDeadline) throw new UsageError('deadline', options.deadline, 'must be at most 1 minute');
  return deadline;
}

function text(value: unknown, field: string, shown: unknown = value): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new UsageError(field, shown, 'must be a text that is not empty');
}

function hostOf(host: string): string {
  if (/^[^\s/@]+$/.test(host)) return host;
  throw new UsageError(
    'REDIS_HOST',
    withoutCredentials(host),
    'must be a host name or an address; a URL belongs in REDIS_URL',
  );
}

function numeral(value: string, variable: string, least: number, most?: number): number {
  return checkCount(/^\d+$/.test(value) ? Number(value) : value, variable, least, most);
}
