import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import {
  ConfigError,
  developmentSecret,
  readConfig,
  withoutCredentials,
  type Config,
  type Environment,
} from './config.js';

const secret = 'kJ8s2Qp0vXz4Lr7Tn1Wb6Yc3Hd9Fg5Ma';
const production = { APP_ENV: 'production', JWT_SECRET: secret, DATABASE_URL: 'embedded:', REDIS_URL: 'memory:' };

describe('without any environment', () => {
  test('a server runs embedded, on port 8080, for this machine only', () => {
    expect(readConfig({})).toEqual({
      mode: 'development',
      http: { host: 'localhost', port: 8080 },
      database: { kind: 'embedded', directory: undefined },
      store: { kind: 'memory' },
      stateStore: { kind: 'memory' },
      jwtSecret: developmentSecret,
      logLevel: 'warn',
      seed: 'demo',
      shutdownTimeout: 10_000,
    });
  });

  test('an empty variable counts as missing', () => {
    const empty = { PORT: '', DATABASE_URL: ' ', DB_HOST: '', REDIS_URL: '', JWT_SECRET: '', APP_ENV: '' };
    expect(readConfig(empty)).toEqual(readConfig({}));
  });
});

describe('values', () => {
  const redis = (url: string) => ({ kind: 'redis', url });
  const postgres = (url: string, ssl = 'disable', poolSize = 10) => ({ kind: 'postgres', url, ssl, poolSize });

  const cases: [env: Environment, part: (config: Config) => unknown, value: unknown][] = [
    [{ APP_ENV: 'test' }, ({ mode }) => mode, 'testing'],
    [{ NODE_ENV: 'test' }, ({ mode, logLevel }) => [mode, logLevel], ['testing', 'silent']],
    [{ APP_ENV: 'development', NODE_ENV: 'test' }, ({ mode }) => mode, 'development'],
    [{ APP_PORT: '3000' }, ({ http }) => http.port, 3000],
    [{ PORT: '4000', APP_PORT: '3000' }, ({ http }) => http.port, 4000],
    [{ PORT: '0', HOST: '::1' }, ({ http }) => http, { host: '::1', port: 0 }],
    [production, ({ http, logLevel, seed }) => [http.host, logLevel, seed], ['0.0.0.0', 'info', 'reference']],
    [{ DATA_DIR: '.data' }, ({ database }) => database, { kind: 'embedded', directory: '.data' }],
    [{ DATABASE_URL: 'embedded:', DB_HOST: 'db' }, ({ database }) => database.kind, 'embedded'],
    [{ DATABASE_URL: 'postgres://u:p@h:1/d' }, ({ database }) => database, postgres('postgres://u:p@h:1/d')],
    [
      { DATABASE_URL: 'postgresql://h/d?sslmode=require&application_name=x', DB_POOL_SIZE: '3' },
      ({ database }) => database,
      postgres('postgresql://h/d?application_name=x', 'require', 3),
    ],
    [{ DB_HOST: 'db' }, ({ database }) => database, postgres('postgres://postgres@db:5432/postgres')],
    [
      {
        DB_HOST: '::1',
        DB_PORT: '6000',
        DB_USER: 'a@b',
        DB_PASSWORD: 'p/w:?',
        DB_NAME: 'shop',
        DB_SSLMODE: 'verify-full',
      },
      ({ database }) => database,
      postgres('postgres://a%40b:p%2Fw%3A%3F@[::1]:6000/shop', 'verify-full'),
    ],
    [{ REDIS_URL: 'redis://h' }, ({ store }) => store, redis('redis://h/0')],
    [{ REDIS_URL: 'redis://h/', APP_ENV: 'testing' }, ({ store }) => store, redis('redis://h/1')],
    [{ REDIS_URL: 'rediss://u:p@h:7/4', APP_ENV: 'testing' }, ({ store }) => store, redis('rediss://u:p@h:7/4')],
    [{ REDIS_HOST: 'r', REDIS_PASSWORD: 'p@ss' }, ({ store }) => store, redis('redis://:p%40ss@r:6379/0')],
    [{ REDIS_PORT: '7000', APP_ENV: 'testing' }, ({ store }) => store, redis('redis://localhost:7000/1')],
    [{ REDIS_HOST: 'r', REDIS_DB: '5', REDIS_USERNAME: 'u' }, ({ store }) => store, redis('redis://u:@r:6379/5')],
    [{ REDIS_URL: 'memory:', REDIS_HOST: 'r' }, ({ store }) => store, { kind: 'memory' }],
    [{ REDIS_URL: 'redis://a' }, ({ stateStore }) => stateStore, redis('redis://a/0')],
    [{ REDIS_URL: 'redis://a', STATE_REDIS_URL: 'redis://b/2' }, ({ stateStore }) => stateStore, redis('redis://b/2')],
  ];
  test.each(cases)('%j', (env, part, value) => {
    expect(part(readConfig(env))).toEqual(value);
  });
});

describe('what does not fit is named with its value and the rule', () => {
  const cases: [env: Environment, problem: string][] = [
    [{ PORT: 'http' }, 'PORT must be a whole number from 0 to 65535, got "http"'],
    [{ PORT: '65536' }, 'PORT must be a whole number from 0 to 65535, got "65536"'],
    [{ APP_PORT: '-1' }, 'APP_PORT must be a whole number from 0 to 65535, got "-1"'],
    [{ APP_ENV: 'staging' }, 'APP_ENV must be one of development, testing, production, got "staging"'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, got "loud"'],
    [{ SEED: 'all' }, 'SEED must be one of demo, reference, got "all"'],
    [{ DB_PORT: '1e3', DB_HOST: 'h' }, 'DB_PORT must be a whole number from 1 to 65535, got "1e3"'],
    [{ DB_NAME: 'shop' }, 'DB_HOST must be set when another DB_ variable is'],
    [
      { DB_HOST: 'h', DB_SSLMODE: 'prefer' },
      'DB_SSLMODE must be one of disable, require, verify-ca, verify-full, got "prefer"',
    ],
    [
      { DATABASE_URL: 'mysql://root:hunter2@h/d' },
      `DATABASE_URL must be 'postgres://user:password@host:port/database' or 'embedded:', got "mysql://***@h/d"`,
    ],
    [
      { DATABASE_URL: 'postgres://u:hunter2@h/d?sslmode=maybe' },
      'DATABASE_URL must have an sslmode that is one of disable, require, verify-ca, verify-full, got "postgres://***@h/d?sslmode=maybe"',
    ],
    [
      { REDIS_URL: 'http://:hunter2@h' },
      `REDIS_URL must be 'redis://[user:password@]host[:port][/database]', the same with 'rediss:', or 'memory:', got "http://***@h"`,
    ],
    [{ REDIS_PORT: 'x' }, 'REDIS_PORT must be a whole number from 1 to 65535, got "x"'],
    [{ REDIS_HOST: 'h', REDIS_DB: '-1' }, 'REDIS_DB must be a whole number from 0 to 1000000, got "-1"'],
    [{ ...production, JWT_SECRET: undefined }, 'JWT_SECRET must be set in production'],
    [
      { ...production, JWT_SECRET: developmentSecret },
      'JWT_SECRET must be a secret of your own in production, not a sample, got "***"',
    ],
    [
      { ...production, JWT_SECRET: 'your_jwt_secret_key_change_in_production' },
      'JWT_SECRET must be a secret of your own in production, not a sample, got "***"',
    ],
    [
      { ...production, JWT_SECRET: 'x'.repeat(40) },
      'JWT_SECRET must be a secret of your own in production, not a sample, got "***"',
    ],
    [
      { ...production, JWT_SECRET: 'kJ8s2Qp0vX' },
      'JWT_SECRET must have at least 32 characters in production, got "***"',
    ],
    [
      { ...production, DATABASE_URL: undefined },
      "DATABASE_URL must be set in production (or DB_HOST and the rest); 'embedded:' asks for the embedded database by name",
    ],
    [
      { ...production, REDIS_URL: undefined },
      "REDIS_URL must be set in production (or REDIS_HOST and the rest); 'memory:' asks for the in-process store by name",
    ],
  ];
  test.each(cases)('%j', (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });

  test('all problems at once', () => {
    const problems = problemsOf({ APP_ENV: 'production', PORT: 'x', REDIS_URL: 'ftp://h' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'REDIS_URL',
      'PORT',
      'DATABASE_URL',
      'JWT_SECRET',
    ]);
  });

  test('in production nothing falls back to an embedded part, and one may be asked for by name', () => {
    expect(readConfig(production)).toMatchObject({ database: { kind: 'embedded' }, store: { kind: 'memory' } });
  });
});

test('.env.example names the variables that are read, all and no others, and changes nothing as it stands', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  const documented = [...text.matchAll(/^#? ?([A-Z][A-Z_]+)=/gm)].map(([, name]) => name ?? '');
  const forTests = ['TEST_DATABASE_URL', 'TEST_REDIS_URL'];
  expect(documented.filter((name) => !forTests.includes(name)).sort()).toEqual(
    variablesRead()
      .filter((name) => name !== 'NODE_ENV')
      .sort(),
  );

  const active = Object.fromEntries(
    [...text.matchAll(/^([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name = '', value]) => [name, value]),
  );
  expect(readConfig(active)).toEqual(readConfig({}));
});

test('credentials are taken out of URLs', () => {
  expect(withoutCredentials('redis://user:p@ss@host:1/0')).toBe('redis://***@host:1/0');
  expect(withoutCredentials('redis://host:1/0')).toBe('redis://host:1/0');
  expect(withoutCredentials('postgres://host/db?password=p&user=u')).toBe('postgres://host/db?password=***&user=u');
  expect(withoutCredentials('user:pass@host')).toBe('***@host');
});

function problemsOf(env: Environment): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** Every name that reading asks for, whichever way it takes. */
function variablesRead(): string[] {
  const names = new Set<string>();
  const watch = (env: Environment) =>
    readConfig(new Proxy(env, { get: (target, name: string) => (names.add(name), target[name]) }));
  watch({});
  watch({ APP_PORT: '1', PORT: '1', DB_HOST: 'h', REDIS_HOST: 'h', APP_ENV: 'testing' });
  return [...names];
}
