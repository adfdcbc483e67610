import { setTimeout as sleep } from 'node:timers/promises';

import { eq, sum } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { testDatabase, type TestDatabase } from '../../../../../../test/servers/postgres.js';
import { startRedis, type RedisServer } from '../../../../../../test/servers/redis.js';
import type { DatabaseHandle } from '../../../db/database.js';
import { openPostgres } from '../../../db/postgres.js';
import { ServerProcess } from '../../../main.fixture.js';
import { bookings, slots } from '../schema.js';

const processes = 4;
const callers = 500;
const places = 10;
const experienceId = 3;

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
  readonly retryAfter: string | null;
}

describe('500 bookings for 10 places, from 4 processes on one PostgreSQL and one Redis', () => {
  let redis: RedisServer;
  let empty: TestDatabase;
  let database: DatabaseHandle;
  let servers: ServerProcess[];
  let urls: string[];
  let slotId: number;

  beforeAll(async () => {
    [redis, empty] = await Promise.all([startRedis(), testDatabase()]);
    // All of them find an empty database, and prepare it.
    servers = Array.from(
      { length: processes },
      () => new ServerProcess({ DATABASE_URL: empty.url, REDIS_URL: redis.url }),
    );
    urls = await Promise.all(servers.map((server) => server.url()));
    database = openPostgres({ kind: 'postgres', url: empty.url, ssl: 'disable', poolSize: 2 });
    const [slot] = await database.db
      .select({ id: slots.id })
      .from(slots)
      .where(eq(slots.experienceId, experienceId))
      .limit(1);
    slotId = slot?.id ?? 0;
  }, 120_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.close();
    await Promise.all([redis.stop(), empty.drop()]);
  });

  test('book never more than 10 places, and exactly 10 once those that were told to have tried again', async () => {
    expect(await placesLeft()).toEqual(urls.map(() => places));
    const first = await Promise.all(Array.from({ length: callers }, (_, caller) => book(caller)));
    expect(count(first, 'BOOKED')).toBeLessThanOrEqual(places);
    expect(await bookedPlaces()).toEqual({ booked: count(first, 'BOOKED'), rows: count(first, 'BOOKED') });
    for (const outcome of first) expect(['BOOKED', 'SOLD_OUT', 'CONTENDED']).toContain(outcome.code);
    for (const { code, status, retryAfter } of first) {
      if (code !== 'BOOKED') expect(status).toBe(409);
      expect(retryAfter).toBe(code === 'CONTENDED' ? '1' : null);
    }

    const final = await Promise.all(first.map((outcome, caller) => retried(outcome, caller)));
    expect([count(final, 'BOOKED'), count(final, 'SOLD_OUT')]).toEqual([places, callers - places]);
    expect(await bookedPlaces()).toEqual({ booked: places, rows: places });
    expect(await placesLeft()).toEqual(urls.map(() => 0));
  }, 120_000);

  async function book(caller: number): Promise<Outcome> {
    const response = await fetch(`${urls[caller % urls.length]}/api/experiences/${experienceId}/bookings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ slotId }),
    });
    const body = (await response.json()) as { error?: { code: string } };
    const code = response.status === 201 ? 'BOOKED' : body.error?.code;
    return { status: response.status, code, retryAfter: response.headers.get('retry-after') };
  }

  async function retried(outcome: Outcome, caller: number): Promise<Outcome> {
    for (let attempt = 0; outcome.code === 'CONTENDED' && attempt < 50; attempt++) {
      await sleep(Math.random() * 200);
      outcome = await book(caller);
    }
    return outcome;
  }

  async function bookedPlaces() {
    const [slot] = await database.db.select({ booked: slots.booked }).from(slots).where(eq(slots.id, slotId));
    const [rows] = await database.db
      .select({ places: sum(bookings.quantity).mapWith(Number) })
      .from(bookings)
      .where(eq(bookings.slotId, slotId));
    return { booked: slot?.booked, rows: rows?.places ?? 0 };
  }

  async function placesLeft(): Promise<(number | undefined)[]> {
    return Promise.all(
      urls.map(async (url) => {
        const response = await fetch(`${url}/api/experiences/${experienceId}/slots`);
        const { items } = (await response.json()) as { items: { id: number; placesLeft: number }[] };
        return items.find(({ id }) => id === slotId)?.placesLeft;
      }),
    );
  }
});

function count(outcomes: readonly Outcome[], code: string): number {
  return outcomes.filter((outcome) => outcome.code === code).length;
}
