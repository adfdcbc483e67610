import { count, eq, sql, sum } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { RunningApp } from '../../app.fixture.js';
import { dayOf, daysAfter } from './calendar.js';
import { badges, bookings, events, experiences, progress, slots } from './schema.js';

/** What the festival does, on whatever `start` puts below it. */
export function festivalSuite(start: () => Promise<RunningApp>): void {
  let festival: RunningApp;

  beforeAll(async () => {
    festival = await start();
  }, 60_000);

  afterAll(async () => {
    await festival?.close();
  });

  describe('badges', () => {
    test('are answered by the database once, then by the cache', async () => {
      const user = await festival.newUser();
      const first = await festival.get('/api/gamification/badges', user);
      const second = await festival.get('/api/gamification/badges', user);
      expect([first.status, first.cache, second.cache]).toEqual([200, 'miss', 'hit']);
      expect(second.body).toEqual(first.body);
      expect(first.body.items[0]).toMatchObject({ code: 'first-steps', criterion: 'check_ins', earnedAt: null });
    });

    test('stay as cached while nobody invalidates them', async () => {
      await festival.get('/api/gamification/badges');
      await festival.db.insert(badges).values({
        code: 'late',
        name: 'Late',
        description: 'Behind the cache.',
        criterion: 'xp',
        threshold: 9_999_999,
      });
      const { body } = await festival.get('/api/gamification/badges');
      expect(body.items.map((badge: { code: string }) => badge.code)).not.toContain('late');
      await festival.db.delete(badges).where(eq(badges.code, 'late'));
    });

    test('of a user tell when they were won', async () => {
      const user = await festival.newUser();
      expect((await festival.get(`/api/users/${user}/badges`)).body).toEqual({ items: [] });
      await festival.post('/api/gamification/check-in', {}, user);
      const { body } = await festival.get(`/api/users/${user}/badges`);
      expect(body.items).toEqual([
        expect.objectContaining({ code: 'first-steps', earnedAt: expect.stringMatching(/^\d{4}-.*Z$/) }),
      ]);
      const all = await festival.get('/api/gamification/badges', user);
      expect(all.body.items[0]).toMatchObject({ code: 'first-steps', earnedAt: body.items[0].earnedAt });
    });
  });

  describe('a check-in', () => {
    test('makes stats, rank and every page of the leaderboard new', async () => {
      const user = await festival.newUser();
      const reads = [
        `/api/users/${user}/stats`,
        `/api/users/${user}/rank`,
        '/api/gamification/leaderboard?page=1&limit=5',
        '/api/gamification/leaderboard?page=2&limit=5',
        '/api/gamification/leaderboard?page=1&limit=50',
      ];
      for (const url of reads) await festival.get(url);
      for (const url of reads) expect((await festival.get(url)).cache, url).toBe('hit');

      const { status, body } = await festival.post('/api/gamification/check-in', undefined, user);
      expect(status).toBe(201);
      expect(body).toMatchObject({
        userId: user,
        place: 'grounds',
        checkedIn: 'now',
        xpGained: 100,
        xp: 100,
        level: 2,
        checkIns: 1,
      });

      const [stats, rank, ...pages] = await Promise.all(reads.map((url) => festival.get(url)));
      expect([stats, rank, ...pages].map((answer) => answer?.cache)).toEqual(['miss', 'miss', 'miss', 'miss', 'miss']);
      expect(stats?.body).toMatchObject({ xp: 100, level: 2, checkIns: 1, badges: 1, nextLevelAt: 300 });
      expect(rank?.body.xp).toBe(100);
      expect(pages[2]?.body.items).toContainEqual(
        expect.objectContaining({ userId: user, xp: 100, rank: rank?.body.rank }),
      );
    });

    test('leaves the entries of other users alone', async () => {
      const [user, other] = [await festival.newUser(), await festival.newUser()];
      await festival.get(`/api/users/${other}/stats`);
      await festival.post('/api/gamification/check-in', {}, user);
      expect((await festival.get(`/api/users/${other}/stats`)).cache).toBe('hit');
    });

    test('counts once a day and place, however often it is sent', async () => {
      const user = await festival.newUser();
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => festival.post('/api/gamification/check-in', {}, user)),
      );
      expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
      const again = await festival.post('/api/gamification/check-in', {}, user);
      expect(again.body).toMatchObject({ checkedIn: 'already', xpGained: 0, xp: 100, badgesWon: [] });
      const elsewhere = await festival.post('/api/gamification/check-in', { eventId: 1 }, user);
      expect([elsewhere.status, elsewhere.body.place, elsewhere.body.xp]).toEqual([201, 'event:1', 150]);
    });

    test('that changes nothing invalidates nothing', async () => {
      const user = await festival.newUser();
      await festival.post('/api/gamification/check-in', {}, user);
      await festival.get(`/api/users/${user}/stats`);
      await festival.post('/api/gamification/check-in', {}, user);
      expect((await festival.get(`/api/users/${user}/stats`)).cache).toBe('hit');
    });

    test('wins the badges that its figures reach, and renews the badges only then', async () => {
      const user = await festival.newUser();
      const first = await festival.post('/api/gamification/check-in', {}, user);
      expect(first.body.badgesWon.map((badge: { code: string }) => badge.code)).toEqual(['first-steps']);
      await festival.get(`/api/users/${user}/badges`);
      const second = await festival.post('/api/gamification/check-in', { eventId: 2 }, user);
      expect(second.body.badgesWon).toEqual([]);
      expect((await festival.get(`/api/users/${user}/badges`)).cache).toBe('hit');
    });

    test('at an event that is over, or is none, changes nothing', async () => {
      const over = await insertEvent({
        startsAt: new Date(Date.now() - 7_200_000),
        endsAt: new Date(Date.now() - 3_600_000),
      });
      const answers = [
        await festival.post('/api/gamification/check-in', { eventId: over }),
        await festival.post('/api/gamification/check-in', { eventId: 999_999 }),
      ];
      expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([
        [409, 'OVER'],
        [404, 'NOT_FOUND'],
      ]);
    });
  });

  describe('the leaderboard', () => {
    test('is ordered by XP; equals share a rank', async () => {
      const [one, two] = [await festival.newUser(), await festival.newUser()];
      await festival.db.insert(progress).values([
        { userId: one, xp: 8_000, checkIns: 80 },
        { userId: two, xp: 8_000, checkIns: 80 },
      ]);
      const { body } = await festival.get('/api/gamification/leaderboard?page=1&limit=3');
      expect(body.items.map(({ userId, rank }: { userId: number; rank: number }) => [userId, rank])).toEqual([
        [one, 1],
        [two, 1],
        [2, 3],
      ]);
      expect([body.page, body.limit, body.total]).toEqual([1, 3, await rowsIn(progress)]);
      expect((await festival.get(`/api/users/${two}/rank`)).body).toMatchObject({ rank: 1, xp: 8_000 });
    });

    test('has an empty page after its last', async () => {
      const { status, body } = await festival.get('/api/gamification/leaderboard?page=9999&limit=100');
      expect([status, body.items]).toEqual([200, []]);
    });
  });

  describe('experiences', () => {
    test('are listed by category, in pages', async () => {
      const crafts = await festival.get('/api/experiences?cat=crafts&page=1&limit=2');
      expect([crafts.body.items.length, crafts.body.total]).toEqual([2, 3]);
      expect(crafts.body.items.every(({ category }: { category: string }) => category === 'crafts')).toBe(true);
      expect((await festival.get('/api/experiences?cat=nothing-of-this-kind')).body).toMatchObject({
        items: [],
        total: 0,
      });
    });

    test('a booking renews the detail, all ranges of slots and all lists', async () => {
      const { experienceId, slotId, day } = await insertSlot(3);
      const reads = [
        `/api/experiences/${experienceId}`,
        `/api/experiences/${experienceId}/slots`,
        `/api/experiences/${experienceId}/slots?startDate=${day}&endDate=${day}`,
        '/api/experiences?page=1&limit=100',
        '/api/experiences?cat=test&page=1&limit=10',
      ];
      for (const url of reads) await festival.get(url);
      for (const url of reads) expect((await festival.get(url)).cache, url).toBe('hit');
      const unrelated = '/api/experiences/1';
      await festival.get(unrelated);

      const user = await festival.newUser();
      const booked = await festival.post(`/api/experiences/${experienceId}/bookings`, { slotId, quantity: 2 }, user);
      expect(booked.status).toBe(201);
      expect(booked.body).toMatchObject({ experienceId, slotId, quantity: 2, userId: user });

      const [detail, all, range, list] = await Promise.all(reads.map((url) => festival.get(url)));
      expect([detail, all, range, list].map((answer) => answer?.cache)).toEqual(['miss', 'miss', 'miss', 'miss']);
      expect(detail?.body.placesLeft).toBe(1);
      expect(all?.body.items).toEqual([expect.objectContaining({ id: slotId, booked: 2, placesLeft: 1 })]);
      expect(range?.body).toEqual(all?.body);
      expect(list?.body.items).toContainEqual(expect.objectContaining({ id: experienceId, placesLeft: 1 }));
      expect((await festival.get(unrelated)).cache).toBe('hit');
    });

    test('days of slots are days in Oaxaca, both ends included', async () => {
      const { experienceId, slotId, day } = await insertSlot(1, '23:30');
      const on = async (first: string, last: string) =>
        (
          await festival.get(`/api/experiences/${experienceId}/slots?startDate=${first}&endDate=${last}`)
        ).body.items.map(({ id }: { id: number }) => id);
      expect(await on(day, day)).toEqual([slotId]);
      expect(await on(daysAfter(day, -1), daysAfter(day, -1))).toEqual([]);
      expect(await on(daysAfter(day, 1), daysAfter(day, 1))).toEqual([]);
    });

    test('a slot with too few places left is sold out, for good', async () => {
      const { experienceId, slotId } = await insertSlot(2);
      expect((await festival.post(`/api/experiences/${experienceId}/bookings`, { slotId, quantity: 2 })).status).toBe(
        201,
      );
      const { status, body } = await festival.post(`/api/experiences/${experienceId}/bookings`, { slotId });
      expect([status, body.error.code, body.error.field]).toEqual([409, 'SOLD_OUT', 'slotId']);
    });

    test('is never oversold, however many book at once', async () => {
      const { experienceId, slotId } = await insertSlot(10);
      const book = () => festival.post(`/api/experiences/${experienceId}/bookings`, { slotId });
      const first = await Promise.all(Array.from({ length: 60 }, book));
      const codes = first.map(({ status, body }) => (status === 201 ? 'BOOKED' : `${status} ${body.error.code}`));
      expect(['BOOKED', '409 SOLD_OUT', '409 CONTENDED']).toEqual(expect.arrayContaining([...new Set(codes)]));
      for (const contended of first.filter(({ body }) => body.error?.code === 'CONTENDED'))
        expect(contended.headers['retry-after']).toBe('1');

      for (let pending = true; pending;) {
        const { body } = await book();
        pending = body.error?.code !== 'SOLD_OUT';
      }
      expect(await bookedPlaces(slotId)).toEqual({ booked: 10, rows: 10 });
    }, 30_000);

    test('a booking that meets another one each time gives up after three retries, and may be sent again', async () => {
      const { experienceId, slotId } = await insertSlot(5);
      const others = await alwaysFirst(slotId);
      const sent = performance.now();
      const { status, body, headers } = await festival.post(`/api/experiences/${experienceId}/bookings`, { slotId });
      expect([status, body.error.code, body.error.field, headers['retry-after']]).toEqual([
        409,
        'CONTENDED',
        'slotId',
        '1',
      ]);
      expect(performance.now() - sent).toBeGreaterThanOrEqual(300);
      expect(await bookedPlaces(slotId)).toEqual({ booked: 0, rows: 0 });
      await others.stop();
      expect((await festival.post(`/api/experiences/${experienceId}/bookings`, { slotId })).status).toBe(201);
    });

    test('a slot that has begun, is of another experience, or is none cannot be booked', async () => {
      const { experienceId, slotId } = await insertSlot(5);
      const [begun] = await festival.db
        .insert(slots)
        .values({ experienceId, startsAt: new Date(Date.now() - 1_000), capacity: 5 })
        .returning({ id: slots.id });
      const attempt = async (experience: number, slot: number | undefined) => {
        const { status, body } = await festival.post(`/api/experiences/${experience}/bookings`, { slotId: slot });
        return [status, body.error.code, body.error.field];
      };
      expect(await attempt(experienceId, begun?.id)).toEqual([409, 'OVER', 'slotId']);
      expect(await attempt(1, slotId)).toEqual([404, 'NOT_FOUND', 'slotId']);
      expect(await attempt(experienceId, 2_000_000_000)).toEqual([404, 'NOT_FOUND', 'slotId']);
      expect(await bookedPlaces(slotId)).toEqual({ booked: 0, rows: 0 });
    });
  });

  describe('events', () => {
    test('are listed by category, what is over left out, the next first', async () => {
      const dance = await festival.get('/api/events?cat=dance');
      const starts: string[] = dance.body.items.map(({ startsAt }: { startsAt: string }) => startsAt);
      expect([starts.length, dance.body.total]).toEqual([3, 3]);
      expect(starts).toEqual(starts.toSorted());
    });

    test('an RSVP renews the event, the lists and what the user goes to', async () => {
      const user = await festival.newUser();
      const eventId = await insertEvent({});
      const reads = [
        `/api/events/${eventId}`,
        '/api/events?page=1&limit=100',
        '/api/events?cat=test',
        `/api/users/${user}/rsvps`,
      ];
      const read = () => Promise.all(reads.map((url) => festival.get(url, user)));
      await read();
      expect((await read()).map(({ cache }) => cache)).toEqual(['hit', 'hit', 'hit', 'hit']);

      const going = await festival.post(`/api/events/${eventId}/rsvp`, undefined, user);
      expect([going.status, going.body]).toEqual([200, { eventId, userId: user, going: true, guests: 1 }]);
      const [event, all, ofKind, own] = await read();
      expect([event, all, ofKind, own].map((answer) => answer?.cache)).toEqual(['miss', 'miss', 'miss', 'miss']);
      expect(event?.body.going).toBe(1);
      expect(own?.body.items).toEqual([
        expect.objectContaining({ event: expect.objectContaining({ id: eventId, going: 1 }) }),
      ]);
    });

    test('an RSVP may be repeated and taken back', async () => {
      const user = await festival.newUser();
      const eventId = await insertEvent({});
      const say = async (going: boolean) =>
        (await festival.post(`/api/events/${eventId}/rsvp`, { going }, user)).body.guests;
      expect([await say(true), await say(true), await say(false), await say(false)]).toEqual([1, 1, 0, 0]);
      expect((await festival.get(`/api/users/${user}/rsvps`, user)).body).toEqual({ items: [] });
    });

    test('hold no more guests than they have room for', async () => {
      const eventId = await insertEvent({ capacity: 3 });
      const guests = await Promise.all(Array.from({ length: 8 }, () => festival.newUser()));
      const answers = await Promise.all(guests.map((user) => festival.post(`/api/events/${eventId}/rsvp`, {}, user)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
      expect(answers.filter(({ body }) => body.error?.code === 'FULL')).toHaveLength(5);
      expect((await festival.get(`/api/events/${eventId}`)).body.going).toBe(3);
    });

    test('that are over take no guests', async () => {
      const eventId = await insertEvent({
        startsAt: new Date(Date.now() - 7_200_000),
        endsAt: new Date(Date.now() - 3_600_000),
      });
      const { status, body } = await festival.post(`/api/events/${eventId}/rsvp`);
      expect([status, body.error.code]).toEqual([409, 'OVER']);
    });
  });

  test('the settings are cached as one', async () => {
    const { body } = await festival.get('/api/config');
    expect(body.festival).toMatchObject({ name: 'Guelaguetza', timeZone: 'America/Mexico_City' });
    expect((await festival.get('/api/config')).cache).toBe('hit');
  });

  describe('bad input', () => {
    const unknown = [
      '/api/users/999999/badges',
      '/api/users/999999/stats',
      '/api/users/999999/rank',
      '/api/users/999999/rsvps',
      '/api/experiences/999999',
      '/api/experiences/999999/slots',
      '/api/events/999999',
    ];
    test.each(unknown)('GET %s is a 404, however often it is asked', async (url) => {
      for (let time = 0; time < 2; time++) {
        const { status, body } = await festival.get(url);
        expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
      }
    });

    const hostile = [
      '*',
      '0',
      '-1',
      '1.5',
      '1e99',
      '2147483648',
      'abc',
      '__proto__',
      '{1}',
      '1:2',
      '%00',
      '%0a',
      '%F0%9F%8C%BD',
      '[1-9]',
      "1'%20or%20'1'='1",
    ];
    test.each(hostile)('no user has the id %s', async (id) => {
      const { status, body } = await festival.get(`/api/users/${id}/stats`);
      expect([status, body.error.code]).toEqual([404, 'NOT_FOUND']);
    });

    const queries: [url: string, field: string][] = [
      ['/api/gamification/leaderboard?page=0', 'page'],
      ['/api/gamification/leaderboard?page=x', 'page'],
      ['/api/gamification/leaderboard?page=1&page=2', 'page'],
      ['/api/gamification/leaderboard?page=10001', 'page'],
      ['/api/gamification/leaderboard?limit=101', 'limit'],
      ['/api/gamification/leaderboard?limit=-5', 'limit'],
      ['/api/gamification/leaderboard?limit=', 'limit'],
      ['/api/experiences?cat=*', 'cat'],
      ['/api/experiences?cat=', 'cat'],
      ['/api/experiences?cat=a:b', 'cat'],
      [`/api/events?cat=${'x'.repeat(41)}`, 'cat'],
      ['/api/events?limit=1000', 'limit'],
      ['/api/experiences/1/slots?startDate=today', 'startDate'],
      ['/api/experiences/1/slots?startDate=2026-02-30', 'startDate'],
      ['/api/experiences/1/slots?startDate=2026-03-02&endDate=2026-03-01', 'endDate'],
      ['/api/experiences/1/slots?startDate=2026-01-01&endDate=2027-01-01', 'endDate'],
    ];
    test.each(queries)('GET %s names %s', async (url, field) => {
      const { status, body } = await festival.get(url);
      expect([status, body.error.code, body.error.field]).toEqual([400, 'INVALID', field]);
      expect(body.error.message).toContain(field);
    });

    const bodies: [url: string, body: unknown, field: string][] = [
      ['/api/gamification/check-in', { eventId: 'x' }, 'eventId'],
      ['/api/gamification/check-in', { eventId: 0 }, 'eventId'],
      ['/api/gamification/check-in', { place: 'home' }, 'place'],
      ['/api/gamification/check-in', [], 'body'],
      ['/api/experiences/1/bookings', {}, 'slotId'],
      ['/api/experiences/1/bookings', { slotId: '1' }, 'slotId'],
      ['/api/experiences/1/bookings', { slotId: 1, quantity: 0 }, 'quantity'],
      ['/api/experiences/1/bookings', { slotId: 1, quantity: 1.5 }, 'quantity'],
      ['/api/experiences/1/bookings', { slotId: 1, quantity: 21 }, 'quantity'],
      ['/api/experiences/1/bookings', { slotId: 1, price: 0 }, 'price'],
      ['/api/events/1/rsvp', { going: 'yes' }, 'going'],
    ];
    test.each(bodies)('POST %s with %j names %s', async (url, body, field) => {
      const answer = await festival.post(url, body);
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([400, 'INVALID', field]);
    });

    test('a booking without a body, or for no experience, is refused', async () => {
      expect((await festival.post('/api/experiences/1/bookings')).status).toBe(400);
      expect((await festival.post('/api/experiences/999999/bookings', { slotId: 1 })).status).toBe(404);
      expect((await festival.post('/api/events/999999/rsvp', {})).status).toBe(404);
    });
  });

  describe('who is asking', () => {
    test('the demo user answers without a token, and the answer says so', async () => {
      const { headers, body } = await festival.get('/api/users/1/stats');
      expect([headers['x-cenote-user'], body.username]).toEqual(['demo', 'demo']);
    });

    test('a token speaks for its user and no other', async () => {
      const [user, other] = [await festival.newUser(), await festival.newUser()];
      const own = await festival.get(`/api/users/${user}/rsvps`, user);
      expect([own.status, own.headers['x-cenote-user']]).toEqual([200, undefined]);
      const foreign = await festival.get(`/api/users/${other}/rsvps`, user);
      expect([foreign.status, foreign.body.error.code]).toEqual([403, 'FORBIDDEN']);
    });

    test('a token of a user who is gone writes nothing', async () => {
      const answers = await Promise.all([
        festival.post('/api/gamification/check-in', {}, 888_888),
        festival.post('/api/events/1/rsvp', {}, 888_888),
        festival.post('/api/experiences/1/bookings', { slotId: 1 }, 888_888),
      ]);
      expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(
        Array.from({ length: 3 }, () => [401, 'UNAUTHENTICATED']),
      );
    });
  });

  async function insertSlot(capacity: number, time = '12:00') {
    const day = daysAfter(dayOf(new Date()), 3);
    const [experience] = await festival.db
      .insert(experiences)
      .values({
        title: 'Test',
        description: 'Test',
        category: 'test',
        host: 'Test',
        location: 'Test',
        priceCents: 1,
        durationMinutes: 1,
      })
      .returning({ id: experiences.id });
    const experienceId = experience?.id ?? 0;
    const [slot] = await festival.db
      .insert(slots)
      .values({ experienceId, startsAt: new Date(`${day}T${time}:00-06:00`), capacity })
      .returning({ id: slots.id });
    return { experienceId, slotId: slot?.id ?? 0, day };
  }

  /** Lets every update of a slot find no row, as if somebody else had come first. */
  async function alwaysFirst(slotId: number) {
    const name = sql.identifier(`slot_${slotId}_taken`);
    await festival.db.execute(
      sql`create function ${name}() returns trigger language plpgsql as 'begin return null; end'`,
    );
    await festival.db.execute(
      sql`create trigger ${name} before update on ${slots} for each row when (old.id = ${sql.raw(String(slotId))}) execute function ${name}()`,
    );
    return { stop: () => festival.db.execute(sql`drop function ${name} cascade`) };
  }

  async function insertEvent(given: Partial<typeof events.$inferInsert>): Promise<number> {
    const startsAt = new Date(Date.now() + 86_400_000);
    const endsAt = new Date(startsAt.getTime() + 3_600_000);
    const [event] = await festival.db
      .insert(events)
      .values({ title: 'Test', description: 'Test', category: 'test', venue: 'Test', startsAt, endsAt, ...given })
      .returning({ id: events.id });
    return event?.id ?? 0;
  }

  async function bookedPlaces(slotId: number) {
    const [slot] = await festival.db.select({ booked: slots.booked }).from(slots).where(eq(slots.id, slotId));
    const [rows] = await festival.db
      .select({ places: sum(bookings.quantity).mapWith(Number) })
      .from(bookings)
      .where(eq(bookings.slotId, slotId));
    return { booked: slot?.booked, rows: rows?.places ?? 0 };
  }

  async function rowsIn(table: typeof progress): Promise<number> {
    const [row] = await festival.db
      .select({ rows: count() })
      .from(table)
      .where(sql`true`);
    return row?.rows ?? 0;
  }
}
