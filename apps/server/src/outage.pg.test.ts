import { connect } from 'cenote';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';

import { startPostgres, type PostgresServer } from '../../../test/servers/postgres.js';
import { startRedis, type RedisServer } from '../../../test/servers/redis.js';
import { startApp, type RunningApp } from './app.fixture.js';
import { openPostgres } from './db/postgres.js';

const reads = [
  '/api/gamification/badges',
  '/api/users/1/stats',
  '/api/users/1/rank',
  '/api/users/1/rsvps',
  '/api/gamification/leaderboard',
  '/api/experiences',
  '/api/experiences/1',
  '/api/experiences/1/slots',
  '/api/events',
  '/api/events/1',
  '/api/config',
];

describe('with a server away', () => {
  let running: { app: RunningApp; redis: RedisServer; postgres: PostgresServer };

  afterEach(async () => {
    await running.app.close();
    await Promise.all([running.redis.stop(), running.postgres.stop()]);
  });

  test('stopped in the middle: PostgreSQL answers, writes count, and what was invalidated stays so after the return', async () => {
    const { app, redis } = (running = await start());
    for (const url of reads) await app.get(url);
    expect((await app.get('/health')).body).toMatchObject({
      status: 'healthy',
      database: 'connected',
      redis: 'connected',
    });
    const before = (await app.get('/api/users/1/stats')).body;

    await redis.kill();
    const first = await Promise.all(reads.map((url) => app.get(url)));
    expect(first.map(({ status }) => status)).toEqual(reads.map(() => 200));
    await expect
      .poll(async () => (await app.get('/health')).body)
      .toMatchObject({ status: 'degraded', database: 'connected', redis: 'disconnected' });
    // The memory tier may have answered until it knew.
    const away = await Promise.all(reads.map((url) => app.get(url)));
    expect(away.map(({ status, cache }) => [status, cache])).toEqual(reads.map(() => [200, 'miss']));
    expect((await app.get('/ready')).status).toBe(200);

    expect((await app.post('/api/gamification/check-in', {})).status).toBe(201);
    expect((await app.get('/api/users/1/stats')).body.xp).toBe(before.xp + 100);
    expect((await app.post('/api/experiences/1/bookings', { slotId: 1 })).status).toBe(201);

    await redis.start();
    await expect.poll(async () => (await app.get('/health')).body.status, { timeout: 10_000 }).toBe('healthy');
    expect((await app.get('/api/users/1/stats')).body.xp).toBe(before.xp + 100);
    await expect.poll(async () => (await app.get('/api/users/1/stats')).cache, { timeout: 5_000 }).toBe('hit');
  });

  test('frozen: every request is answered within its deadline, old entries are not served after a write', async () => {
    const { app, redis } = (running = await start());
    for (const url of reads) await app.get(url);
    const before = (await app.get('/api/users/1/stats')).body;

    redis.pause();
    const sent = performance.now();
    const away = await Promise.all(reads.map((url) => app.get(url)));
    expect(away.map(({ status }) => status)).toEqual(reads.map(() => 200));
    expect(performance.now() - sent).toBeLessThan(3_000);
    expect((await app.post('/api/gamification/check-in', {})).status).toBe(201);
    expect((await app.get('/api/users/1/stats')).body.xp).toBe(before.xp + 100);

    redis.resume();
    await expect.poll(async () => (await app.get('/health')).body.status, { timeout: 10_000 }).toBe('healthy');
    expect((await app.get('/api/users/1/stats')).body.xp).toBe(before.xp + 100);
  });

  test('PostgreSQL away: what is cached is answered, all else is a 503 that says when to come back', async () => {
    const { app, postgres } = (running = await start());
    for (const url of reads) await app.get(url);
    await postgres.kill();

    const cached = await Promise.all(reads.map((url) => app.get(url)));
    expect(cached.map(({ status, cache }) => [status, cache])).toEqual(reads.map(() => [200, 'hit']));
    const lost = [
      await app.get('/api/users/2/stats'),
      await app.post('/api/gamification/check-in', {}),
      await app.post('/api/events/1/rsvp'),
      await app.post('/api/experiences/1/bookings', { slotId: 1 }),
    ];
    expect(lost.map(({ status, body, headers }) => [status, body.error.code, headers['retry-after']])).toEqual(
      lost.map(() => [503, 'UNAVAILABLE', '2']),
    );
    const health = await app.get('/health');
    expect([health.status, health.body.status, health.body.database]).toEqual([503, 'unhealthy', 'disconnected']);
    expect((await app.get('/ready')).status).toBe(503);

    await postgres.start();
    expect((await app.get('/api/users/2/stats')).status).toBe(200);
    expect((await app.get('/ready')).body).toEqual({ ready: true });
  });

  test('PostgreSQL slow: a request gives up, and the connection serves the next one', async () => {
    const { app, postgres } = (running = await start());
    const blocker = new pg.Client({ connectionString: postgres.url });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('lock table events in access exclusive mode');
    const { status, body } = await app.get('/api/events');
    expect([status, body.error.code]).toEqual([503, 'UNAVAILABLE']);
    expect((await app.get('/api/experiences')).status).toBe(200);
    await blocker.end();
    expect((await app.get('/api/events')).status).toBe(200);
  });
});

async function start() {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const database = openPostgres({ kind: 'postgres', url: postgres.url, ssl: 'disable', poolSize: 10 });
  return { app: await startApp(database, connect(redis.url)), redis, postgres };
}
