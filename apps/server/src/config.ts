/**
 * The environment, read and checked once, before anything is opened.
 *
 * Every problem is reported together. A URL wins over its parts; an empty variable counts as missing. `.env.example`
 * documents each variable, and a test holds the two lists together.
 */

export type Mode = 'development' | 'testing' | 'production';
export type LogLevel = (typeof logLevels)[number];
export type SslMode = (typeof sslModes)[number];

export type DatabaseConfig =
  /** PGlite in this process; in memory without a directory. */
  | { readonly kind: 'embedded'; readonly directory: string | undefined }
  | { readonly kind: 'postgres'; readonly url: string; readonly ssl: SslMode; readonly poolSize: number };

export type StoreConfig = { readonly kind: 'memory' } | { readonly kind: 'redis'; readonly url: string };

export interface Config {
  readonly mode: Mode;
  readonly http: { readonly host: string; readonly port: number };
  readonly database: DatabaseConfig;
  /** Where cache entries live; may evict. */
  readonly store: StoreConfig;
  /** Where what must not be evicted lives. */
  readonly stateStore: StoreConfig;
  readonly jwtSecret: string;
  readonly logLevel: LogLevel;
  /** `reference` holds what the application needs, `demo` also people and a programme to click through. */
  readonly seed: 'demo' | 'reference';
  /** Milliseconds that requests under way have to end in once the process is told to stop. */
  readonly shutdownTimeout: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One or more variables break a rule. The message has one line for each, with secrets masked. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The environment does not fit:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

const modes: readonly Mode[] = ['development', 'testing', 'production'];
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** Known to everybody, so fit only for a server that nobody else reaches. */
export const developmentSecret = 'development-only-secret-change-me';
const sampleSecret = /change[_-]?(me|this|in)|your[_-]|sample|example|^(.)\2*$/i;
const leastSecretLength = 32;

/** @throws ConfigError naming every variable that does not fit, its value and the rule. */
export function readConfig(env: Environment): Config {
  const read = new EnvironmentReader(env);
  const mode = readMode(read);
  const store = readStore(read, mode);
  const config: Config = {
    mode,
    http: {
      host: read.text('HOST') ?? (mode === 'production' ? '0.0.0.0' : 'localhost'),
      port: read.integer(read.has('PORT') ? 'PORT' : 'APP_PORT', { least: 0, most: 65_535 }) ?? 8080,
    },
    database: readDatabase(read, mode),
    store,
    stateStore: readStoreUrl(read, 'STATE_REDIS_URL', mode) ?? store,
    jwtSecret: readSecret(read, mode),
    logLevel: read.oneOf('LOG_LEVEL', logLevels) ?? defaultLogLevel[mode],
    seed: read.oneOf('SEED', ['demo', 'reference']) ?? (mode === 'production' ? 'reference' : 'demo'),
    shutdownTimeout: read.integer('SHUTDOWN_TIMEOUT_MS', { least: 0, most: 600_000 }) ?? 10_000,
  };
  read.finish();
  return Object.freeze(config);
}

const defaultLogLevel: Record<Mode, LogLevel> = { development: 'warn', testing: 'silent', production: 'info' };

function readMode(read: EnvironmentReader): Mode {
  const name = read.has('APP_ENV') ? 'APP_ENV' : 'NODE_ENV';
  if (read.text(name) === 'test') return 'testing';
  return read.oneOf(name, modes) ?? 'development';
}

function readSecret(read: EnvironmentReader, mode: Mode): string {
  const secret = read.text('JWT_SECRET');
  if (mode !== 'production') return secret ?? developmentSecret;
  if (secret === undefined) read.missing('JWT_SECRET', 'must be set in production');
  else if (sampleSecret.test(secret))
    read.wrong('JWT_SECRET', masked, 'must be a secret of your own in production, not a sample');
  else if (secret.length < leastSecretLength)
    read.wrong('JWT_SECRET', masked, `must have at least ${leastSecretLength} characters in production`);
  return secret ?? '';
}

const databaseParts = ['DB_HOST', 'DB_PORT', 'DB_USER', 'DB_PASSWORD', 'DB_NAME', 'DB_SSLMODE'] as const;
const databaseForms = "must be 'postgres://user:password@host:port/database' or 'embedded:'";

function readDatabase(read: EnvironmentReader, mode: Mode): DatabaseConfig {
  const url = read.text('DATABASE_URL');
  const poolSize = read.integer('DB_POOL_SIZE', { least: 1, most: 1_000 }) ?? 10;
  if (url === 'embedded:') return embedded(read);
  if (url !== undefined) return databaseOfUrl(read, url, poolSize);
  if (databaseParts.some((name) => read.has(name))) return databaseOfParts(read, poolSize);
  if (mode === 'production') {
    read.missing(
      'DATABASE_URL',
      "must be set in production (or DB_HOST and the rest); 'embedded:' asks for the embedded database by name",
    );
  }
  return embedded(read);
}

function embedded(read: EnvironmentReader): DatabaseConfig {
  return { kind: 'embedded', directory: read.text('DATA_DIR') };
}

function databaseOfUrl(read: EnvironmentReader, text: string, poolSize: number): DatabaseConfig {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    read.wrong('DATABASE_URL', withoutCredentials(text), databaseForms);
    return { kind: 'postgres', url: text, ssl: 'disable', poolSize };
  }
  // Taken out, because pg gives these words other meanings than PostgreSQL does.
  const ssl = url.searchParams.get('sslmode') ?? 'disable';
  url.searchParams.delete('sslmode');
  if (!isOneOf(ssl, sslModes))
    read.wrong('DATABASE_URL', withoutCredentials(text), `must have an sslmode that is one of ${sslModes.join(', ')}`);
  return { kind: 'postgres', url: url.href, ssl: isOneOf(ssl, sslModes) ? ssl : 'disable', poolSize };
}

function databaseOfParts(read: EnvironmentReader, poolSize: number): DatabaseConfig {
  const host = read.text('DB_HOST');
  if (host === undefined) read.missing('DB_HOST', 'must be set when another DB_ variable is');
  const user = encodeURIComponent(read.text('DB_USER') ?? 'postgres');
  const password = encodeURIComponent(read.text('DB_PASSWORD') ?? '');
  const port = read.integer('DB_PORT', { least: 1, most: 65_535 }) ?? 5432;
  const name = encodeURIComponent(read.text('DB_NAME') ?? 'postgres');
  const ssl = read.oneOf('DB_SSLMODE', sslModes) ?? 'disable';
  const credentials = password === '' ? user : `${user}:${password}`;
  return { kind: 'postgres', url: `postgres://${credentials}@${bracketed(host ?? '')}:${port}/${name}`, ssl, poolSize };
}

const storeParts = ['REDIS_HOST', 'REDIS_PORT', 'REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_DB'] as const;
const storeForms = "must be 'redis://[user:password@]host[:port][/database]', the same with 'rediss:', or 'memory:'";

function readStore(read: EnvironmentReader, mode: Mode): StoreConfig {
  const ofUrl = readStoreUrl(read, 'REDIS_URL', mode);
  if (ofUrl !== undefined) return ofUrl;
  if (storeParts.some((name) => read.has(name))) return storeOfParts(read, mode);
  if (mode === 'production') {
    read.missing(
      'REDIS_URL',
      "must be set in production (or REDIS_HOST and the rest); 'memory:' asks for the in-process store by name",
    );
  }
  return { kind: 'memory' };
}

function readStoreUrl(read: EnvironmentReader, name: string, mode: Mode): StoreConfig | undefined {
  const text = read.text(name);
  if (text === undefined) return undefined;
  if (text === 'memory:') return { kind: 'memory' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits =
    url !== undefined &&
    /^rediss?:$/.test(url.protocol) &&
    url.hostname !== '' &&
    /^(\/\d*)?$/.test(url.pathname) &&
    url.search === '';
  if (!fits) {
    read.wrong(name, withoutCredentials(text), storeForms);
    return { kind: 'memory' };
  }
  if (url.pathname.length <= 1) url.pathname = `/${defaultRedisDatabase(mode)}`;
  return { kind: 'redis', url: url.href };
}

function storeOfParts(read: EnvironmentReader, mode: Mode): StoreConfig {
  const host = bracketed(read.text('REDIS_HOST') ?? 'localhost');
  const port = read.integer('REDIS_PORT', { least: 1, most: 65_535 }) ?? 6379;
  const database = read.integer('REDIS_DB', { least: 0, most: 1_000_000 }) ?? defaultRedisDatabase(mode);
  const user = encodeURIComponent(read.text('REDIS_USERNAME') ?? '');
  const password = encodeURIComponent(read.text('REDIS_PASSWORD') ?? '');
  const credentials = user === '' && password === '' ? '' : `${user}:${password}@`;
  return { kind: 'redis', url: `redis://${credentials}${host}:${port}/${database}` };
}

/** Tests that share a server with development must not touch its entries. */
function defaultRedisDatabase(mode: Mode): number {
  return mode === 'testing' ? 1 : 0;
}

const masked = '***';

/** A URL fit for messages and logs. */
export function withoutCredentials(url: string): string {
  return url
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?[^]*@/i, `$1${masked}@`)
    .replace(/([?&]password=)[^&]*/gi, `$1${masked}`);
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function isOneOf<Choice extends string>(value: string, choices: readonly Choice[]): value is Choice {
  return (choices as readonly string[]).includes(value);
}

/** Reads variables and collects what is wrong with them, so that one start shows all of it. */
class EnvironmentReader {
  readonly #env: Environment;
  readonly #problems: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  has(name: string): boolean {
    return this.text(name) !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  integer(name: string, { least, most }: { least: number; most: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
    this.wrong(name, value, `must be a whole number from ${least} to ${most}`);
    return undefined;
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name);
    if (value === undefined || isOneOf(value, choices)) return value;
    this.wrong(name, value, `must be one of ${choices.join(', ')}`);
    return undefined;
  }

  wrong(name: string, shown: string, rule: string): void {
    this.#problems.push(`${name} ${rule}, got ${JSON.stringify(shown)}`);
  }

  missing(name: string, rule: string): void {
    this.#problems.push(`${name} ${rule}`);
  }

  finish(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems);
  }
}
