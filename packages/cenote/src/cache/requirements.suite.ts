/**
 * What the documents ask of a cache service, row by row, on whatever store `open` gives: `docs/coverage.md` names the
 * rows. Each test has a cache of its own, under a prefix of its own.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { CacheEvent } from '../core/events.js';
import type { Store } from '../store/store.js';
import { faultyStore, type FaultyStore } from '../testing/faulty-store.js';
import { Cache } from './cache.js';
import type { CacheOptions } from './options.js';
import { glob } from './pattern.js';
import { type } from './schema.js';

export interface Ground {
  readonly store: Store;
  /** Unique to this run. */
  readonly prefix: string;
  close(): Promise<void>;
}

interface Service {
  readonly cache: Cache;
  readonly store: FaultyStore;
  readonly events: CacheEvent[];
  readonly prefix: string;
  /** What was asked of the store while `run` ran. */
  readonly callsOf: (run: () => Promise<unknown>) => Promise<readonly string[]>;
  /** Every key under the prefix. */
  readonly keys: () => Promise<string[]>;
}

const minute = 60_000;
const hour = 60 * minute;

export function requirementsSuite(open: () => Promise<Ground>): void {
  let ground: Ground;
  let services = 0;

  beforeAll(async () => {
    ground = await open();
    await ground.store.health();
  });

  afterAll(async () => {
    await ground?.close();
  });

  function service(options: Omit<CacheOptions<'json'>, 'store' | 'prefix'> = {}): Service {
    const prefix = `${ground.prefix}-${++services}`;
    const store = faultyStore(ground.store, { deadline: '50ms' });
    const events: CacheEvent[] = [];
    const onEvent = (event: CacheEvent): void => void events.push(event);
    return {
      cache: new Cache({ store, prefix, jitter: 0, onEvent, ...options }),
      store,
      events,
      prefix,
      async callsOf(run) {
        const before = store.calls.length;
        await run();
        return store.calls.slice(before);
      },
      async keys() {
        const found = new Set<string>();
        for await (const batch of ground.store.scan(`*${prefix}:*`)) for (const key of batch) found.add(key);
        return [...found].sort();
      },
    };
  }

  /** How long the store will hold these keys, in milliseconds; rounded up to 10 s, since some time has passed. */
  async function lives({ store, prefix }: Pick<Service, 'store' | 'prefix'>, keys: readonly string[]) {
    const left = await Promise.all(keys.map((key) => store.expiry(`${prefix}:${key}`)));
    return Object.fromEntries(keys.map((key, index) => [key, Math.ceil((left[index] ?? 0) / 10_000) * 10_000]));
  }

  describe('R0.6: dropping a key', () => {
    test('that the store cannot be told of is an event, not an error, and is made up for', async () => {
      const { cache, store, events } = service();
      await cache.set('room:1', 'old');
      store.fail('run:remove');
      expect(await cache.del('room:1')).toBe(false);
      expect(events).toContainEqual(expect.objectContaining({ type: 'store-fault', during: 'delete' }));
      expect(events).toContainEqual(expect.objectContaining({ type: 'delete', keys: ['room:1'], kept: true }));
      expect(await cache.get('room:1')).toBeUndefined();
      await expect.poll(() => events.some((event) => event.type === 'replay' && event.backlog === 0)).toBe(true);
      expect(await cache.get('room:1')).toBeUndefined();
    });

    test('rejects only for those who ask for it', async () => {
      const { cache, store } = service();
      store.fail('run:remove');
      await expect(cache.del('room:1', { strict: true })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });
  });

  test('R0.7: each type has its own life', async () => {
    const chat = service();
    const { cache } = chat;
    await cache.keyspace('room:{roomId}', { ttl: '1h', value: type<string>() }).set({ roomId: 1 }, 'room');
    await cache.keyspace('message:{messageId}', { ttl: '30m', value: type<string>() }).set({ messageId: 2 }, 'message');
    await cache.keyspace('user:{userId}', { ttl: '2h', value: type<string>() }).set({ userId: 3 }, 'user');
    const expected = { 'room:1': hour, 'message:2': 30 * minute, 'user:3': 2 * hour };
    expect(await lives(chat, Object.keys(expected))).toEqual(expected);
  });

  test('R0.8: many are stored, read and dropped in one call each', async () => {
    const { cache, callsOf } = service();
    const rooms = Array.from({ length: 100 }, (_, index) => [`room:${index}`, { index }] as const);
    const keys = rooms.map(([key]) => key);
    expect(await callsOf(() => cache.setMany(rooms))).toEqual(['run:write']);
    let read: unknown;
    expect(await callsOf(async () => (read = await cache.getMany(keys)))).toEqual(['read']);
    expect(read).toEqual(new Map(rooms));
    expect(await callsOf(() => cache.delMultiple(keys))).toEqual(['run:remove']);
    expect(await cache.getMany(keys)).toEqual(new Map());
  });

  describe('R0.9, R3.11: compression', () => {
    const room = { id: 1, log: 'Buenas tardes a todas y todos. '.repeat(500) };

    test('makes large entries smaller, and no reader notices', async () => {
      const { cache, store, prefix } = service({ compress: { over: 1_000 } });
      await cache.set('large', room);
      await cache.set('small', { id: 1 });
      const stored = await store.readOne(`${prefix}:large`);
      expect(stored?.length).toBeLessThan(JSON.stringify(room).length / 4);
      expect(stored?.toString('latin1').split('\n')[0]).toMatch(/ json\+(zstd|deflate) /);
      expect((await store.readOne(`${prefix}:small`))?.toString()).toMatch(/ json [^\n]*\n\{"id":1\}$/);
      expect(await cache.get('large')).toEqual(room);
      expect(await cache.wrap('large', () => 'not asked')).toEqual(room);
    });

    test.each(['deflate', 'brotli'] as const)('%s is read by a cache that does not compress', async (algorithm) => {
      const { cache, store, prefix } = service({ compress: { over: 0, with: algorithm } });
      await cache.set('large', room);
      expect(await new Cache({ store, prefix }).get('large')).toEqual(room);
    });
  });

  describe('R0.10: cancellation and deadlines', () => {
    test('a caller that gives up stops waiting for the store, with its own reason', async () => {
      const { cache, store } = service();
      store.hang('readOne');
      const controller = new AbortController();
      const waiting = cache.get('slow', { signal: controller.signal });
      controller.abort(new Error('the client went away'));
      await expect(waiting).rejects.toThrow('the client went away');
    });

    test('a store that does not answer costs a read its deadline, and the loader answers', async () => {
      const { cache, store, events } = service();
      store.hang('readOne').hang('run:acquire');
      const sent = performance.now();
      expect(await cache.wrap('slow', () => 'loaded', { deadline: { store: 20 } })).toBe('loaded');
      expect(performance.now() - sent).toBeLessThan(1_000);
      expect(events).toContainEqual(expect.objectContaining({ type: 'miss', reason: 'away' }));
    });

    test('a load that nobody waits for any more is aborted', async () => {
      const { cache } = service();
      const controller = new AbortController();
      let loading: AbortSignal | undefined;
      const waiting = cache.wrap(
        'slow',
        ({ signal }) =>
          new Promise<never>((_, reject) => {
            loading = signal;
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          }),
        { signal: controller.signal },
      );
      await expect.poll(() => loading).toBeDefined();
      controller.abort(new Error('the client went away'));
      await expect(waiting).rejects.toThrow('the client went away');
      await expect.poll(() => loading?.aborted).toBe(true);
    });
  });

  describe('R1.1, R4.5: the cache service', () => {
    test('get, set with a life, del', async () => {
      const cached = service();
      const { cache } = cached;
      expect(await cache.get('badges:all')).toBeUndefined();
      await cache.set('badges:all', [1, 2], '1h');
      expect(await cache.get('badges:all')).toEqual([1, 2]);
      const expected = { 'badges:all': hour };
      expect(await lives(cached, Object.keys(expected))).toEqual(expected);
      expect(await cache.del('badges:all')).toBe(true);
      expect(await cache.del('badges:all')).toBe(false);
      expect(await cache.get('badges:all')).toBeUndefined();
    });

    test.each([0, '', false, null])('%j is a value like any other', async (value) => {
      const { cache } = service();
      await cache.set('falsy', value);
      expect(await cache.get('falsy')).toBe(value);
      expect(await cache.wrap('falsy', () => 'not asked')).toBe(value);
    });

    test('get or set: one load for all who ask at once, a hit for those who come later', async () => {
      const { cache } = service();
      let loads = 0;
      const load = async (): Promise<number> => ++loads;
      const answers = await Promise.all(Array.from({ length: 50 }, () => cache.wrap('stats:dashboard', load, '5m')));
      expect(new Set(answers)).toEqual(new Set([1]));
      expect(await cache.wrap('stats:dashboard', load, '5m')).toBe(1);
    });

    test('what the loader throws reaches the caller, and is not stored', async () => {
      const { cache } = service();
      const failing = cache.wrap('broken', () => Promise.reject(new Error('no connection to the database')));
      await expect(failing).rejects.toThrow('no connection to the database');
      expect(await cache.wrap('broken', () => 'repaired')).toBe('repaired');
    });
  });

  describe('R1.5: invalidation', () => {
    const keys = ['experience:1:detail', 'experience:1:slots:a:b', 'experience:2:detail', 'experiences:list:1'];

    async function filled(): Promise<Service> {
      const filledService = service();
      await filledService.cache.setMany(keys.map((key) => [key, key]));
      return filledService;
    }

    test('exact: one key and no other', async () => {
      const { cache } = await filled();
      expect(await cache.del('experience:1:detail')).toBe(true);
      expect([...(await cache.getMany(keys)).keys()]).toEqual(keys.slice(1));
    });

    test('by pattern: what matches, and only that', async () => {
      const { cache } = await filled();
      expect(await cache.invalidate(glob`experience:${1}:*`)).toBe(2);
      expect([...(await cache.getMany(keys)).keys()]).toEqual(keys.slice(2));
    });

    test('several at once', async () => {
      const { cache, callsOf } = await filled();
      const several = ['experience:1:detail', 'experiences:list:1', 'absent'];
      expect(await callsOf(async () => expect(await cache.delMultiple(several)).toBe(2))).toEqual(['run:remove']);
      expect([...(await cache.getMany(keys)).keys()]).toEqual([keys[1], keys[2]]);
    });

    test('in cascade, by patterns', async () => {
      const { cache } = await filled();
      await Promise.all([cache.invalidate(glob`experience:${1}:*`), cache.invalidate('experiences:*')]);
      expect([...(await cache.getMany(keys)).keys()]).toEqual(['experience:2:detail']);
    });

    test('in cascade, by key and groups: without a scan', async () => {
      const { cache, callsOf } = service();
      let version = 1;
      const load = (): number => version;
      const detail = cache.keyspace('experience:{id}:detail', { load });
      const slots = cache.keyspace('experience:{id}:slots:{from}', { groups: 'id', load });
      const lists = cache.keyspace('experiences:list:{page}', { groups: 'all', load });
      const read = (): Promise<number[]> =>
        Promise.all([
          detail.get({ id: 1 }),
          slots.get({ id: 1, from: 'a' }),
          slots.get({ id: 1, from: 'b' }),
          lists.get({ page: 1 }),
          lists.get({ page: 2 }),
          detail.get({ id: 2 }),
          slots.get({ id: 2, from: 'a' }),
        ]);
      expect(await read()).toEqual([1, 1, 1, 1, 1, 1, 1]);
      version = 2;
      const calls = await callsOf(() =>
        Promise.all([detail.del({ id: 1 }), slots.invalidate({ id: 1 }), lists.invalidate()]),
      );
      expect([...calls].sort()).toEqual(['run:remove', 'run:retire', 'run:retire']);
      expect(await read()).toEqual([2, 2, 2, 2, 2, 1, 1]);
    });
  });

  describe('R3.1, R3.2: typed accessors of a meeting service', () => {
    interface Profile {
      readonly id: number;
      readonly name: string;
    }
    interface Meeting {
      readonly id: string;
      readonly hostId: number;
      readonly title: string;
    }

    function gomeet(cache: Cache) {
      const ofMeeting = ({ meetingID }: { meetingID: unknown }): string[] => [`meeting:${String(meetingID)}`];
      const pages = 'page:{page}:limit:{limit}';
      return {
        profile: cache.keyspace('user:profile:{userID}', {
          ttl: '30m',
          tags: ({ userID }) => [`user:${userID}`],
          value: type<Profile>(),
        }),
        meeting: cache.keyspace('meeting:details:{meetingID}', {
          ttl: '15m',
          tags: ofMeeting,
          value: type<Meeting>(),
        }),
        participants: cache.keyspace('meeting:participants:{meetingID}', {
          ttl: '10m',
          tags: ofMeeting,
          value: type<number[]>(),
        }),
        flag: cache.keyspace('feature_flag:{flagName}', { ttl: '5m', value: type<boolean>() }),
        publicUser: cache.keyspace('public_user:{sessionID}', { ttl: '30m', value: type<Profile>() }),
        list: cache.keyspace(`meeting:list:{hostID}:${pages}:search:{search}`, {
          ttl: '5m',
          groups: 'hostID',
          value: type<Meeting[]>(),
        }),
        joined: cache.keyspace(`meeting:joined:{userID}:${pages}`, {
          ttl: '5m',
          tags: ({ userID }) => [`user:${userID}`],
          value: type<Meeting[]>(),
        }),
        upcoming: cache.keyspace('meeting:upcoming:{hostID}:limit:{limit}', {
          ttl: '5m',
          groups: 'hostID',
          value: type<Meeting[]>(),
        }),
        past: cache.keyspace(`meeting:past:{hostID}:${pages}`, {
          ttl: '5m',
          groups: 'hostID',
          value: type<Meeting[]>(),
        }),
      };
    }

    const ada: Profile = { id: 7, name: 'Ada' };
    const standup: Meeting = { id: 'm1', hostId: 7, title: 'Stand-up' };
    const page = { page: 1, limit: 20 };

    async function filled() {
      const base = service();
      const keys = gomeet(base.cache);
      await Promise.all([
        keys.profile.set({ userID: 7 }, ada),
        keys.meeting.set({ meetingID: 'm1' }, standup),
        keys.participants.set({ meetingID: 'm1' }, [7, 8]),
        keys.flag.set({ flagName: 'recording' }, false),
        keys.publicUser.set({ sessionID: 's1' }, ada),
        keys.list.set({ hostID: 7, ...page, search: 'stand' }, [standup]),
        keys.joined.set({ userID: 7, ...page }, [standup]),
        keys.upcoming.set({ hostID: 7, limit: 5 }, [standup]),
        keys.past.set({ hostID: 7, ...page }, []),
      ]);
      return { ...base, keys };
    }

    test('have the keys and lives of the document', async () => {
      const expected = {
        'user:profile:7': 30 * minute,
        'meeting:details:m1': 15 * minute,
        'meeting:participants:m1': 10 * minute,
        'feature_flag:recording': 5 * minute,
        'public_user:s1': 30 * minute,
        'meeting:list:7:page:1:limit:20:search:stand': 5 * minute,
        'meeting:joined:7:page:1:limit:20': 5 * minute,
        'meeting:upcoming:7:limit:5': 5 * minute,
        'meeting:past:7:page:1:limit:20': 5 * minute,
      };
      expect(await lives(await filled(), Object.keys(expected))).toEqual(expected);
    });

    test('give what was set, and nothing after their own invalidation', async () => {
      const { keys } = await filled();
      const read = (): Promise<unknown[]> =>
        Promise.all([
          keys.profile.peek({ userID: 7 }),
          keys.meeting.peek({ meetingID: 'm1' }),
          keys.participants.peek({ meetingID: 'm1' }),
          keys.flag.peek({ flagName: 'recording' }),
          keys.publicUser.peek({ sessionID: 's1' }),
        ]);
      expect(await read()).toEqual([ada, standup, [7, 8], false, ada]);
      await keys.profile.del({ userID: 7 });
      expect(await read()).toEqual([undefined, standup, [7, 8], false, ada]);
      await keys.meeting.del({ meetingID: 'm1' });
      await keys.participants.del({ meetingID: 'm1' });
      await keys.flag.del({ flagName: 'recording' });
      await keys.publicUser.del({ sessionID: 's1' });
      expect(await read()).toEqual([undefined, undefined, undefined, undefined, undefined]);
    });

    test('all that belongs to a meeting goes by one tag', async () => {
      const { cache, keys } = await filled();
      await cache.invalidateTags('meeting:m1');
      expect(await keys.meeting.peek({ meetingID: 'm1' })).toBeUndefined();
      expect(await keys.participants.peek({ meetingID: 'm1' })).toBeUndefined();
      expect(await keys.profile.peek({ userID: 7 })).toEqual(ada);
    });

    test('all that belongs to a user goes by a tag and groups', async () => {
      const { cache, keys } = await filled();
      await Promise.all([
        cache.invalidateTags('user:7'),
        keys.list.invalidate({ hostID: 7 }),
        keys.upcoming.invalidate({ hostID: 7 }),
        keys.past.invalidate({ hostID: 7 }),
      ]);
      const gone = await Promise.all([
        keys.profile.peek({ userID: 7 }),
        keys.joined.peek({ userID: 7, ...page }),
        keys.list.peek({ hostID: 7, ...page, search: 'stand' }),
        keys.upcoming.peek({ hostID: 7, limit: 5 }),
        keys.past.peek({ hostID: 7, ...page }),
      ]);
      expect(gone).toEqual([undefined, undefined, undefined, undefined, undefined]);
      expect(await keys.meeting.peek({ meetingID: 'm1' })).toEqual(standup);
    });

    test('entries are removed by pattern', async () => {
      const { cache, keys } = await filled();
      expect(await cache.invalidate('meeting:*')).toBe(6);
      expect(await keys.meeting.peek({ meetingID: 'm1' })).toBeUndefined();
      expect(await keys.profile.peek({ userID: 7 })).toEqual(ada);
    });
  });

  describe('R3.6: the health check', () => {
    test('connects, writes, reads, and leaves nothing', async () => {
      const { cache, keys, callsOf } = service();
      const calls = await callsOf(async () =>
        expect(await cache.health()).toMatchObject({ status: 'ok', roundTrip: true, pending: 0, warnings: [] }),
      );
      expect(calls).toEqual(expect.arrayContaining(['run:write', 'readOne', 'delete']));
      expect(await keys()).toEqual([]);
    });

    test('a store that cannot be written to is degraded', async () => {
      const { cache, store } = service();
      store.fail('run:write');
      expect(await cache.health()).toMatchObject({ status: 'degraded', roundTrip: false });
    });
  });

  test('R3.7: with the store away everything is answered, nothing is stored, and each fault is told', async () => {
    const { cache, store, events } = service();
    await cache.set('kept', 'stored');
    store.takeDown();
    expect(await cache.get('kept')).toBeUndefined();
    expect(await cache.wrap('kept', () => 'from the database')).toBe('from the database');
    expect(await cache.getMany(['kept'])).toEqual(new Map());
    expect(await cache.wrapMany(['kept'], () => new Map([['kept', 'also']]))).toEqual(new Map([['kept', 'also']]));
    await cache.set('kept', 'new');
    expect(await cache.delMultiple(['kept'])).toBe(0);
    expect(await cache.invalidate('kept*')).toBe(0);
    await cache.invalidateTags('any');
    expect((await cache.health()).status).toBe('down');
    expect(new Set(events.filter((event) => event.type === 'store-fault').map(({ during }) => during))).toEqual(
      new Set(['read', 'set', 'delete', 'invalidate']),
    );
    store.restore();
    await expect.poll(async () => (await cache.health()).pending).toBe(0);
    expect(await cache.get('kept')).toBeUndefined();
  });

  describe('R3.9: warming', () => {
    test('fills the cache, a few at a time, and reports what failed', async () => {
      const { cache } = service();
      const pages = cache.keyspace('page:{page}', {
        load: async ({ page }) => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          if (page === 3) throw new Error('page 3 is torn');
          return page;
        },
      });
      let running = 0;
      let most = 0;
      const progress: number[] = [];
      const report = await cache.warm(
        Array.from({ length: 20 }, (_, page) => () => pages.get({ page })),
        { concurrency: 4, onProgress: ({ done, failed }) => progress.push(done + failed) },
      );
      expect(report).toMatchObject({ done: 19, failed: 1, aborted: false, errors: [new Error('page 3 is torn')] });
      expect([progress.length, progress.at(-1)]).toEqual([20, 20]);
      expect(progress).toEqual(progress.toSorted((one, other) => one - other));
      expect(most).toBe(4);
      expect(await pages.peek({ page: 19 })).toBe(19);
    });

    test('stops when it is told to', async () => {
      const { cache } = service();
      const controller = new AbortController();
      let ran = 0;
      const job = (): void => {
        if (++ran === 5) controller.abort();
      };
      const jobs = Array.from({ length: 100 }, () => job);
      const report = await cache.warm(jobs, { concurrency: 1, signal: controller.signal });
      expect([ran, report.done, report.aborted]).toEqual([5, 5, true]);
    });
  });

  describe('R4.6, R4.7: the predefined keys of a clinic', () => {
    const life = { short: '5m', medium: '15m', long: '1h', day: '24h' } as const;

    test('are templates, with lives by name', async () => {
      const clinic = service();
      const { cache } = clinic;
      const declare = <const Template extends string>(template: Template, ttl: keyof typeof life) =>
        cache.keyspace(template, { ttl: life[ttl], value: type<string>() });
      await Promise.all([
        declare('client:{id}', 'medium').set({ id: 1 }, 'x'),
        declare('clients:list', 'short').set('x'),
        declare('employee:{id}', 'long').set({ id: 2 }, 'x'),
        declare('employees:list', 'medium').set('x'),
        declare('employees:specialty:{specialty}', 'day').set({ specialty: 'speech therapy' }, 'x'),
        declare('appointment:{id}', 'medium').set({ id: 3 }, 'x'),
        declare('appointments:client:{id}', 'short').set({ id: 1 }, 'x'),
        declare('appointments:employee:{id}:date:{date}', 'short').set({ id: 2, date: '2026-07-20' }, 'x'),
        declare('stats:dashboard', 'short').set('x'),
      ]);
      const expected = {
        'client:1': 15 * minute,
        'clients:list': 5 * minute,
        'employee:2': hour,
        'employees:list': 15 * minute,
        'employees:specialty:speech%20therapy': 24 * hour,
        'appointment:3': 15 * minute,
        'appointments:client:1': 5 * minute,
        'appointments:employee:2:date:2026-07-20': 5 * minute,
        'stats:dashboard': 5 * minute,
      };
      expect(await lives(clinic, Object.keys(expected))).toEqual(expected);
    });
  });
}
