import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { testDatabase, type TestDatabase } from '../../../test/servers/postgres.js';
import { startRedis, type RedisServer } from '../../../test/servers/redis.js';
import { ServerProcess } from './main.fixture.js';

const started: ServerProcess[] = [];

function start(env: Readonly<Record<string, string>>): ServerProcess {
  const server = new ServerProcess(env);
  started.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

describe('a server', () => {
  let redis: RedisServer;
  let database: TestDatabase;
  let real: { DATABASE_URL: string; REDIS_URL: string };

  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), testDatabase()]);
    real = { DATABASE_URL: database.url, REDIS_URL: redis.url };
  });

  afterAll(async () => {
    await Promise.all([redis.stop(), database.drop()]);
  });

  test('says what runs on what and where to look, and in testing keeps to database 1 of Redis', async () => {
    const server = start(real);
    const url = await server.url();
    expect(server.output).toMatch(
      /cenote reference server · testing · PostgreSQL at postgres:\/\/.* · entries in Redis at redis:\/\/.*\/1 /,
    );
    expect((await fetch(`${url}/api/config`)).headers.get('x-cache')).toBe('miss');
    expect((await fetch(`${url}/docs/json`)).status).toBe(200);
    expect(String(await redis.command('INFO', 'keyspace'))).toMatch(/db1:keys=[1-9]/);
    expect(String(await redis.command('INFO', 'keyspace'))).not.toMatch(/db0/);
  });

  test('told to stop, answers the requests that have arrived, refuses later ones, and ends well', async () => {
    const server = start(real);
    const url = await server.url();
    const blocker = await lockSlots(database.url);
    const slow = Promise.all(
      Array.from({ length: 5 }, () =>
        fetch(`${url}/api/experiences/1/bookings`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"slotId":1}',
        }),
      ),
    );
    await sleep(300);
    server.signal('SIGTERM');
    await sleep(200);
    await expect(fetch(`${url}/ready`)).rejects.toThrow('fetch failed');
    await blocker.release();
    expect((await slow).map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const answered = performance.now();
    expect(await server.exitCode()).toBe(0);
    expect(performance.now() - answered).toBeLessThan(3_000);
  });

  test('told twice, ends at once', async () => {
    const server = start({ ...real, SHUTDOWN_TIMEOUT_MS: '60000' });
    const url = await server.url();
    const blocker = await lockSlots(database.url);
    const lost = fetch(`${url}/api/experiences/1/slots`, { method: 'GET' }).catch(() => 'lost');
    await sleep(300);
    server.signal('SIGINT');
    await sleep(700);
    server.signal('SIGINT');
    expect(await server.exitCode()).toBe(130);
    expect(await lost).toBe('lost');
    await blocker.release();
  });

  test('on a busy port says so', async () => {
    const busy = createServer().listen(0, 'localhost');
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const server = start({ ...real, PORT: String(port) });
    expect(await server.exitCode()).toBe(1);
    expect(server.output).toBe(
      `PORT ${port} is in use by another process: stop it, or set PORT to another one (0 takes any free port)\n`,
    );
    await new Promise((resolve) => busy.close(resolve));
  });

  test('with an environment that does not fit names all of it and opens nothing', async () => {
    const server = start({ APP_ENV: 'production', PORT: 'http', DATABASE_URL: 'postgres://u:hunter2@h:x/d' });
    expect(await server.exitCode()).toBe(1);
    const [first, ...problems] = server.output.trim().split('\n');
    expect(first).toBe('The environment does not fit:');
    expect(problems.map((line) => line.split(' ')[3])).toEqual(['REDIS_URL', 'PORT', 'DATABASE_URL', 'JWT_SECRET']);
    expect(server.output).not.toContain('hunter2');
  });

  test('in production asks for a token, and logs its start as JSON', async () => {
    const server = start({
      ...real,
      APP_ENV: 'production',
      JWT_SECRET: 'kJ8s2Qp0vXz4Lr7Tn1Wb6Yc3Hd9Fg5Ma',
      HOST: '127.0.0.1',
    });
    await expect.poll(() => server.output, { timeout: 20_000 }).toContain('cenote reference server · production');
    const line = server.output.split('\n').find((text) => text.includes('reference server')) ?? '{}';
    const { url } = JSON.parse(line) as { url: string };
    const statuses = await Promise.all(
      ['/api/gamification/badges', '/api/gamification/leaderboard', '/api/users/1/stats', '/api/events', '/health'].map(
        async (path) => (await fetch(url + path)).status,
      ),
    );
    expect(statuses).toEqual([401, 401, 401, 200, 200]);
  });

  test('without PostgreSQL does not start, and says why', async () => {
    const server = start({ DATABASE_URL: 'postgres://u@127.0.0.1:1/d' });
    expect(await server.exitCode()).toBe(1);
    expect(server.output).toBe(
      'The database does not answer (ECONNREFUSED): check DATABASE_URL, or DB_HOST and the rest\n',
    );
  });
});

describe('an embedded server', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cenote-data-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('keeps its data in DATA_DIR, one process at a time', async () => {
    const first = start({ DATA_DIR: folder });
    const url = await first.url();
    expect((await fetch(`${url}/api/gamification/check-in`, { method: 'POST' })).status).toBe(201);

    const second = start({ DATA_DIR: folder });
    expect(await second.exitCode()).toBe(1);
    expect(second.output).toMatch(/^DATA_DIR ".*" is in use by process \d+/);
    expect(await first.stop()).toBe(0);

    const third = start({ DATA_DIR: folder });
    const again = await fetch(`${await third.url()}/api/gamification/check-in`, { method: 'POST' });
    expect([again.status, ((await again.json()) as { checkedIn: string }).checkedIn]).toEqual([200, 'already']);
  }, 90_000);
});

/** Holds every slot, so that whoever reads or books one waits. */
async function lockSlots(url: string): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query('lock table experience_slots in access exclusive mode');
  return { release: () => client.end() };
}
