import { connect } from 'cenote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { testDatabase, type TestDatabase } from '../../../../../test/servers/postgres.js';
import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { startApp } from '../../app.fixture.js';
import { openPostgres } from '../../db/postgres.js';
import { festivalSuite } from './festival.suite.js';

describe('the festival, on PostgreSQL and Redis', () => {
  let redis: RedisServer;
  let database: TestDatabase;

  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), testDatabase()]);
  });

  afterAll(async () => {
    await Promise.all([redis.stop(), database.drop()]);
  });

  festivalSuite(async () =>
    startApp(openPostgres({ kind: 'postgres', url: database.url, ssl: 'disable', poolSize: 10 }), connect(redis.url)),
  );

  test('has asked Redis for nothing that walks the keyspace', async () => {
    const statistics = String(await redis.command('INFO', 'commandstats'));
    expect(statistics).toMatch(/cmdstat_get:calls=[1-9]/);
    expect(statistics).not.toMatch(/cmdstat_(scan|keys|sscan|hscan|zscan)/);
  });
});
