/** The protocol, rule by rule, on any store: scripted interleavings, and what else each rule says. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { LoadContext } from './load.js';
import * as scenario from './scenarios.fixture.js';
import type { Way, Where } from './scenarios.fixture.js';
import { Source, type World } from './world.fixture.js';

const ways: readonly Way[] = ['del', 'delMultiple', 'set', 'setMany', 'pattern', 'clear', 'tag'];
const everywhere: readonly Where[] = ['here', 'elsewhere'];
const races = ways.flatMap((way) => everywhere.map((where) => [way, where] as const));

export function protocolSuite(makeWorld: () => World): void {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  describe('rule 1: nothing loaded before an invalidation is stored after it', () => {
    test.each(races)('%s %s against a load', async (way, where) => {
      expect(await scenario.lateFill(world, way, where)).toBe('fresh');
    });

    test.each(races)('%s %s against a refresh behind a stale value', async (way, where) => {
      expect(await scenario.refreshDoomed(world, way, where)).toBe('fresh');
    });

    test.each(races)('%s %s against a refresh that was asked for', async (way, where) => {
      expect(await scenario.forcedRefreshDoomed(world, way, where)).toBe('fresh');
    });
  });

  describe('rule 2: a caller that arrives after an invalidation does not join the running load', () => {
    test.each(races)('%s %s', async (way, where) => {
      expect(await scenario.joinDoomed(world, way, where)).toBe('fresh');
    });

    test.each(races)('%s %s, in batches', async (way, where) => {
      expect(await scenario.joinDoomedBatch(world, way, where)).toBe('fresh');
    });

    test('a thousand callers cost two questions', async () => {
      const source = new Source();
      const { cache, store } = world.process();
      const slow = source.slow();
      const first = cache.wrap('k', slow.load);
      await world.soon(slow.hasRead);
      const questions = store.hold('read');
      const asked = store.calls.length;
      const callers = Array.from({ length: 1_000 }, () => cache.wrap('k', source.load));
      await world.soon(questions.reached);
      await world.turns();
      questions.release();
      await world.turns();
      slow.answer();
      expect(new Set(await world.soon(Promise.all([first, ...callers])))).toEqual(new Set(['old']));
      expect(store.calls.slice(asked).filter((call) => call === 'read')).toHaveLength(2);
      expect(source.loads).toBe(1);
    });

    test('a caller that comes while the lease is still asked for shares the load without a question', async () => {
      const source = new Source();
      const { cache, store } = world.process();
      const asks = store.hold('run:acquire', 'after');
      const first = cache.wrap('k', source.load);
      await world.soon(asks.reached);
      const second = cache.wrap('k', source.load);
      await world.turns();
      asks.release();
      expect(await world.soon(Promise.all([first, second]))).toEqual(['old', 'old']);
      expect(source.loads).toBe(1);
      expect(store.calls).not.toContain('read');
    });

    test('a caller does not join a load that began before a failover', async () => {
      expect(await scenario.joinAcrossFailover(world)).toBe('fresh');
    });

    test('a caller that shared a load does without its value when a tag was named too late', async () => {
      expect(await scenario.lateTagShared(world)).toBe('fresh');
    });

    test('callers who name other tags for a key do not share a load', async () => {
      const source = new Source();
      const { cache } = world.process();
      const slow = source.slow();
      const first = cache.wrap('k', slow.load, { tags: ['a'] });
      await world.soon(slow.hasRead);
      source.row = 'new';
      await world.soon(cache.invalidateTags('b'));
      const other = cache.wrap('k', source.load, { tags: ['b'] });
      await world.turns();
      slow.answer();
      await world.soon(first);
      expect(await world.soon(other)).toBe('new');
    });
  });

  describe('rule 3: without the word of the store callers share the next load, never the running one', () => {
    test('a caller that arrives after an invalidation', async () => {
      expect(await scenario.joinUnleased(world)).toBe('fresh');
    });

    test('at most two loads of a key at a time, however many ask', async () => {
      const { cache, store } = world.process();
      store.takeDown();
      let running = 0;
      let most = 0;
      let loads = 0;
      const load = async (): Promise<number> => {
        const mine = ++loads;
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => void world.clock.after(100, resolve));
        running--;
        return mine;
      };
      const callers: Promise<number>[] = [];
      for (let wave = 0; wave < 10; wave++) {
        callers.push(...Array.from({ length: 50 }, () => cache.wrap('k', load)));
        await world.clock.elapse(10);
      }
      await world.soon(Promise.all(callers));
      expect(most).toBe(2);
      expect(loads).toBeLessThanOrEqual(4);
    });

    test('all keys together are bounded per process', async () => {
      const { cache, store } = world.process({ unleasedLoads: 3, prefix: `${world.prefix}-bounded` });
      store.takeDown();
      let running = 0;
      let most = 0;
      const load = async (): Promise<void> => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => void world.clock.after(10, resolve));
        running--;
      };
      await world.soon(Promise.all(Array.from({ length: 20 }, (_, index) => cache.wrap(`k${index}`, load))));
      expect(most).toBe(3);
    });

    test('after `wait` a caller loads without storing', async () => {
      const source = new Source();
      const [one, other] = [world.process(), world.process({ deadline: { wait: 50 } })];
      const slow = source.slow();
      const first = one.cache.wrap('k', slow.load);
      await world.soon(slow.hasRead);
      expect(await world.soon(other.cache.wrap('k', () => 'its own'))).toBe('its own');
      slow.answer();
      await world.soon(first);
      expect(await world.soon(other.cache.get('k'))).toBe('old');
    });

    test("batches of different keys are not given each other's values", async () => {
      const { cache, store } = world.process({ prefix: 'p' });
      store.takeDown();
      const echo = (keys: string[]): Map<string, string> => new Map(keys.map((key) => [key, `of ${key}`]));
      const batches = [['a'], ['a p:b'], ['a p:b'], ['a', 'b'], ['a', 'b'], ['b', 'a']];
      const found = await world.soon(Promise.all(batches.map((keys) => cache.wrapMany(keys, echo))));
      expect(found.map((values) => Object.fromEntries(values))).toEqual(
        batches.map((keys) => Object.fromEntries(echo(keys))),
      );
    });
  });

  describe('rule 4: a lease is granted over the very entry that the reader rejected', () => {
    test.each(['tag', 'damage', 'epoch'] as const)('rejected for its %s', async (why) => {
      expect(await scenario.rejectedEntry(world, why)).toBe('replaced');
    });

    test('and not over one that has appeared since', async () => {
      expect(await scenario.entryAppears(world)).toBe('shared');
    });

    test('a refresh is granted although a value is there', async () => {
      const { cache } = world.process();
      let loads = 0;
      const rows = cache.keyspace('row', { load: () => ++loads });
      expect([await world.soon(rows.get()), await world.soon(rows.refresh()), await world.soon(rows.get())]).toEqual([
        1, 2, 2,
      ]);
    });
  });

  describe('rule 5: a dead entry is gone', () => {
    test('it is neither served as stale nor shown to the loader', async () => {
      const { cache } = world.process();
      const options = { tags: ['t'], ttl: 20, grace: '10m' } as const;
      await world.soon(cache.wrap('k', () => 'old', options));
      await world.pass(30);
      await world.soon(cache.invalidateTags('t'));
      const seen: unknown[] = [];
      const load = (context: { stale?: unknown }): string => {
        seen.push('stale' in context);
        return 'new';
      };
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      expect(await world.soon(cache.wrap('k', load, options))).toBe('new');
      expect(seen).toEqual([false]);
    });

    test('a stale one is shown to the loader', async () => {
      const { cache } = world.process();
      await world.soon(cache.wrap('k', () => 'old', { ttl: 20, grace: '10m' }));
      await world.pass(30);
      const seen: unknown[] = [];
      await world.soon(cache.wrap('k', ({ stale }) => (seen.push(stale), 'new')));
      await world.turns();
      expect(seen).toEqual(['old']);
      expect(await world.soon(cache.get('k'))).toBe('new');
    });
  });

  describe('rule 6: loads end, leases are given back, outcomes are shared', () => {
    test('a load ends at the hard deadline, and the next caller loads at once', async () => {
      const { cache } = world.process({ deadline: { hard: 500 } });
      let signal: AbortSignal | undefined;
      const endless = cache.wrap('k', (context) => {
        signal = context.signal;
        return new Promise<string>(() => {});
      });
      await expect(world.soon(endless)).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' });
      expect(signal?.aborted).toBe(true);
      expect(await world.soon(cache.wrap('k', () => 'new'))).toBe('new');
      expect(await world.soon(cache.get('k'))).toBe('new');
    });

    test('nothing is kept alive once a load has ended', async () => {
      const { cache, store } = world.process({ deadline: { hard: 2_000 } });
      const endless = cache.wrap('k', () => new Promise<string>(() => {}));
      await expect(world.soon(endless)).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' });
      expect(store.calls.filter((call) => call === 'run:renew').length).toBeGreaterThan(0);
      const ended = store.calls.length;
      await world.clock.elapse(10_000);
      expect(store.calls.slice(ended)).not.toContain('run:renew');
    });

    test('a failed refresh keeps other refreshers away for a second, and the stale value is served', async () => {
      const { cache, events } = world.process();
      await world.soon(cache.wrap('k', () => 'old', { ttl: 20, grace: '10m' }));
      await world.pass(30);
      const fail = (): never => {
        throw new Error('the source is away');
      };
      for (let times = 0; times < 5; times++) {
        expect(await world.soon(cache.wrap('k', fail))).toBe('old');
        await world.turns();
      }
      expect(events.filter(({ type }) => type === 'load')).toHaveLength(2);
      expect((await world.soon(cache.inspect('k'))).lease).toBe('cooling');
    });

    test('a cool-off does not keep away a caller that has nothing to serve', async () => {
      const { cache } = world.process();
      await world.soon(cache.wrap('k', () => 'old', { ttl: 20, grace: '10m', tags: ['t'] }));
      await world.pass(30);
      await world.soon(cache.wrap('k', () => Promise.reject(new Error('away')), { tags: ['t'] }));
      await world.turns();
      await world.soon(cache.invalidateTags('t'));
      expect(await world.soon(cache.wrap('k', () => 'new', { tags: ['t'] }))).toBe('new');
      expect(await world.soon(cache.get('k'))).toBe('new');
    });

    test('a lease granted to a call that timed out is given back', async () => {
      expect(await scenario.lateGrant(world)).toBe('given back');
    });

    test.each([
      [
        'an error',
        (): never => {
          throw new TypeError('mine');
        },
        'rejected',
      ],
      ['undefined', () => undefined, 'fulfilled'],
      ['a value that is not to be stored', (context: LoadContext) => (context.skip(), 'skipped'), 'fulfilled'],
    ] as const)('%s is shared with those who joined', async (_, load, status) => {
      const { cache } = world.process();
      let loads = 0;
      const begun = world.clock;
      const slow = async (context: LoadContext): Promise<unknown> => {
        loads++;
        await new Promise<void>((resolve) => void begun.after(100, resolve));
        return load(context);
      };
      const callers = Array.from({ length: 5 }, () => cache.wrap<unknown>('k', slow));
      const outcomes = await world.soon(Promise.allSettled(callers));
      expect(outcomes.map((outcome) => outcome.status)).toEqual(Array.from({ length: 5 }, () => status));
      expect(loads).toBe(1);
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      expect((await world.soon(cache.inspect('k'))).lease).toBe('none');
    });
  });

  describe('rule 7: a refresh joins nobody, and batches never wait crosswise', () => {
    test('a refresh is not answered by an older load, nor overwritten by it', async () => {
      expect(await scenario.refreshAgainstLoad(world)).toBe('fresh');
    });

    test('a refresh that finds nothing leaves nothing behind', async () => {
      const { cache } = world.process();
      let row: string | undefined = 'old';
      const rows = cache.keyspace('row', { load: () => row });
      await world.soon(rows.get());
      row = undefined;
      expect(await world.soon(rows.refresh())).toBeUndefined();
      expect(await world.soon(rows.peek())).toBeUndefined();
    });

    test('two batches that want the same keys in other orders load each once and end', async () => {
      const [one, other] = [world.process(), world.process()];
      const loaded: string[] = [];
      const load = async (keys: string[]): Promise<Map<string, string>> => {
        loaded.push(...keys);
        await new Promise<void>((resolve) => void world.clock.after(30, resolve));
        return new Map(keys.map((key) => [key, key]));
      };
      const grants = one.store.hold('run:acquire', 'after');
      const first = one.cache.wrapMany(['a', 'b'], load);
      await world.soon(grants.reached);
      const second = other.cache.wrapMany(['b', 'a', 'c'], load);
      await world.turns();
      grants.release();
      const [left, right] = await world.soon(Promise.all([first, second]));
      expect([left.size, right.size]).toEqual([2, 3]);
      expect(loaded.sort()).toEqual(['a', 'b', 'c']);
    });

    test('a batch gives back the leases of keys that its result lacks', async () => {
      const { cache } = world.process();
      await world.soon(cache.wrapMany(['a', 'b'], () => new Map([['a', 1]])));
      expect((await world.soon(cache.inspect('b'))).lease).toBe('none');
    });

    test('a batch that fails gives all its leases back', async () => {
      const { cache } = world.process();
      await expect(world.soon(cache.wrapMany(['a', 'b'], () => Promise.reject(new Error('mine'))))).rejects.toThrow(
        'mine',
      );
      await world.turns();
      const leases = ['a', 'b'].map(async (key) => (await cache.inspect(key)).lease);
      expect(await world.soon(Promise.all(leases))).toEqual(['none', 'none']);
    });
  });

  describe('rule 8: tags and versions said by the loader', () => {
    test('a tag named after reading leaves the result unstored', async () => {
      expect(await scenario.lateTag(world)).toBe('fresh');
    });

    test('and is captured first the next time', async () => {
      const { cache, events } = world.process();
      const load = async ({ addTags }: LoadContext): Promise<string> => {
        await Promise.resolve();
        await addTags('late');
        return 'row';
      };
      await world.soon(cache.wrap('k', load));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      await world.soon(cache.wrap('k', load));
      expect(await world.soon(cache.get('k'))).toBe('row');
      expect(events.flatMap((event) => (event.type === 'refuse' ? event.reason : []))).toEqual(['late-tag']);
      await world.soon(cache.invalidateTags('late'));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test('a tag that is awaited before reading is captured at once', async () => {
      const { cache } = world.process();
      await world.soon(cache.wrap('k', async ({ addTags }) => (await addTags('early'), 'row')));
      expect(await world.soon(cache.get('k'))).toBe('row');
      await world.soon(cache.invalidateTags('early'));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test('a tag whose capture has not ended when the loader has is too late', async () => {
      const { cache, store } = world.process();
      const capture = store.hold('run:capture');
      const first = cache.wrap('k', ({ addTags }) => (void addTags('never awaited'), 'row'));
      await world.soon(capture.reached);
      await world.turns();
      capture.release();
      expect(await world.soon(first)).toBe('row');
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test.each(['by the invalidation', 'by the removed entry'] as const)(
      'a lagging source does not fill below the version said %s',
      async (said) => {
        expect(await scenario.laggingVersion(world, said)).toBe('fresh');
      },
    );

    test('versions compare as the numbers they are', async () => {
      expect(await scenario.olderVersionLast(world)).toBe('fresh');
    });

    test('an invalidation with a version leaves an entry that has reached it', async () => {
      const { cache } = world.process();
      await world.soon(cache.set('k', 'seventh', { version: 7 }));
      expect(await world.soon(cache.del('k', { version: 7 }))).toBe(false);
      expect(await world.soon(cache.get('k'))).toBe('seventh');
      expect(await world.soon(cache.del('k', { version: 8 }))).toBe(true);
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      await world.soon(cache.set('k', 'seventh', { version: 7 }));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      await world.soon(cache.set('k', 'eighth', { version: 8 }));
      expect(await world.soon(cache.get('k'))).toBe('eighth');
    });

    test('a later invalidation does not lower the floor', async () => {
      const { cache } = world.process();
      await world.soon(cache.del('k', { version: 100n }));
      await world.soon(cache.del('k', { version: 5 }));
      await world.soon(cache.del('k'));
      await world.soon(cache.invalidate('*'));
      await world.soon(cache.set('k', 'old', { version: 99 }));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });
  });

  describe('rule 9: what does not fit is not stored', () => {
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
      },
    } as const;

    test('a loaded value that breaks the schema is an error, and the lease is given back', async () => {
      const { cache } = world.process();
      const rows = cache.keyspace('row', { schema, load: () => 'text' as unknown as number });
      await expect(world.soon(rows.get())).rejects.toMatchObject({ code: 'SCHEMA' });
      await world.turns();
      expect(await world.soon(cache.inspect('row'))).toMatchObject({ state: 'gone', lease: 'none' });
    });

    test('one of many that breaks it gives the leases of all back', async () => {
      const { cache } = world.process();
      const rows = cache.keyspace('row:{id}', {
        schema,
        loadMany: (all) => all.map(({ id }) => (id === 1 ? 'text' : 7) as unknown as number),
      });
      await expect(world.soon(rows.getMany([{ id: 1 }, { id: 2 }]))).rejects.toMatchObject({ code: 'SCHEMA' });
      await world.turns();
      expect((await world.soon(cache.inspect('row:2'))).lease).toBe('none');
    });

    test('a stored value that breaks it is a miss and replaced', async () => {
      const { cache, events } = world.process();
      await world.soon(cache.set('row', 'text'));
      const rows = cache.keyspace('row', { schema, load: () => 7 });
      expect(await world.soon(rows.get())).toBe(7);
      expect(events.find(({ type }) => type === 'miss')).toMatchObject({ reason: 'schema' });
      expect(await world.soon(cache.get('row'))).toBe(7);
    });

    test('what cannot be encoded is returned, counted and not stored', async () => {
      const { cache } = world.process();
      expect(await world.soon(cache.wrap<unknown>('k', () => 10n))).toBe(10n);
      await world.turns();
      expect((await cache.stats()).refusedBy).toEqual({ codec: 1 });
      expect(await world.soon(cache.inspect('k'))).toMatchObject({ state: 'gone', lease: 'none' });
    });

    test('a revision stands in the keys', async () => {
      const { cache } = world.process();
      expect(cache.keyspace('row:{id}', { revision: 2 }).key({ id: 1 })).not.toBe('row:1');
    });
  });

  describe('rule 10: `fill: false`', () => {
    test('reads what is there, and stores nothing', async () => {
      const { cache } = world.process();
      expect(await world.soon(cache.wrap('k', () => 'mine', { fill: false }))).toBe('mine');
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      await world.soon(cache.set('k', 'stored'));
      expect(await world.soon(cache.wrap('k', () => 'mine', { fill: false }))).toBe('stored');
    });

    test.each(['wrap', 'wrapMany'] as const)('%s shares its load with nobody', async (verb) => {
      const { cache } = world.process();
      const inTransaction = async (own: string): Promise<unknown> => {
        const wait = (): Promise<void> => new Promise((resolve) => void world.clock.after(50, resolve));
        if (verb === 'wrap') return cache.wrap('k', async () => (await wait(), own), { fill: false });
        return (await cache.wrapMany(['k'], async () => (await wait(), new Map([['k', own]])), { fill: false })).get(
          'k',
        );
      };
      expect(await world.soon(Promise.all(['one', 'two', 'three'].map(inTransaction)))).toEqual([
        'one',
        'two',
        'three',
      ]);
    });
  });

  describe('rule 11: tags', () => {
    test('an entry is good only under the versions captured before its load', async () => {
      expect(await scenario.tagDuringLoad(world)).toBe('fresh');
    });

    test('a missing version is not good', async () => {
      const { cache, store } = world.process();
      await world.soon(cache.set('k', 'old', { tags: ['t'] }));
      for await (const names of store.scan(`${world.prefix}:tag:*`)) await store.delete(names);
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test('a tag lives as long as the longest entry that carries it', async () => {
      const { cache } = world.process();
      await world.soon(cache.set('long', 1, { tags: ['t'], ttl: 60_000 }));
      await world.soon(cache.set('short', 1, { tags: ['t'], ttl: 40 }));
      await world.soon(cache.wrap('wished', ({ setTtl }) => (setTtl('2h'), 1), { tags: ['u'], ttl: 40 }));
      await world.pass(60);
      expect(await world.soon(cache.get('long'))).toBe(1);
      expect(await world.soon(cache.get('short'))).toBeUndefined();
      expect(await world.soon(cache.get('wished'))).toBe(1);
    });

    test('an entry without expiry keeps its tags', async () => {
      const { cache, store } = world.process();
      await world.soon(cache.set('k', 1, { tags: ['t'], ttl: Infinity }));
      await world.soon(cache.set('other', 1, { tags: ['t'], ttl: 40 }));
      for await (const [name = ''] of store.scan(`${world.prefix}:tag:*`))
        expect(await store.expiry(name)).toBe(Infinity);
      expect(await world.soon(cache.ttl('k'))).toBe(Infinity);
    });

    test('invalidating one of several tags is enough', async () => {
      const { cache } = world.process();
      await world.soon(cache.set('k', 1, { tags: ['a', 'b', 'c'] }));
      await world.soon(cache.invalidateTags(['b', 'unused']));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });
  });

  describe('rule 12: a pattern makes two passes', () => {
    test('a load that moves from its lease to its value between them is found', async () => {
      expect(await scenario.fillBetweenPasses(world)).toBe('fresh');
    });

    test('a hundred loads in flight are all voided', async () => {
      const [reader, other] = [world.process(), world.process()];
      const source = new Source();
      const slow = source.slow();
      const keys = Array.from({ length: 100 }, (_, index) => `user:{${index}}:profile`);
      const loads = keys.map((key) => reader.cache.wrap(key, slow.load));
      await world.soon(slow.hasRead);
      await world.turns();
      source.row = 'new';
      await world.soon(other.cache.invalidate('user:*'));
      slow.answer();
      await world.soon(Promise.all(loads));
      expect((await world.soon(other.cache.getMany(keys))).size).toBe(0);
    });
  });

  describe('rule 13: a pattern touches only what is ours', () => {
    test('foreign values, tags and other prefixes stay', async () => {
      const [{ cache, store }, other] = [world.process(), world.process({ prefix: `${world.prefix}-neighbour` })];
      await world.soon(cache.set('k', 1, { tags: ['t'] }));
      await world.soon(cache.set('odd}key', 1));
      await world.soon(other.cache.set('k', 1));
      const { stored } = await world.soon(cache.inspect('foreign'));
      await world.soon(scenario.overwrite({ cache, store, events: [] }, stored, Buffer.from('not an entry of ours')));
      expect(await world.soon(cache.clear())).toBe(2);
      expect(await world.soon(store.readOne(stored))).toEqual(Buffer.from('not an entry of ours'));
      expect(await world.soon(other.cache.get('k'))).toBe(1);
      await world.soon(other.cache.clear());
      await store.delete([stored]);
    });

    test.each(['lease:{k}', 'lease::k', 'tag:{t}', 'cache:stats'])('the name %s is out of reach', async (key) => {
      const { cache } = world.process();
      await expect(world.soon(cache.set(key, 1))).rejects.toMatchObject({ code: 'USAGE' });
    });
  });

  describe('rule 14: time to settle', () => {
    test.each(['del', 'tag'] as const)('nothing is filled while %s settles', async (way) => {
      expect(await scenario.laggingSource(world, way)).toBe('fresh');
    });

    test('a shorter invalidation does not lift a hold', async () => {
      const { cache } = world.process();
      await world.soon(cache.del('k', { settle: '1m' }));
      await world.soon(cache.invalidateTags('t', { settle: '1m' }));
      await world.soon(
        Promise.all([
          cache.del('k', { settle: 10 }),
          cache.del('k'),
          cache.invalidateTags('t', { settle: 10 }),
          cache.invalidateTags('t'),
        ]),
      );
      await world.pass(20);
      await world.soon(cache.wrap('k', () => 'lagging'));
      await world.soon(cache.wrap('other', () => 'lagging', { tags: ['t'] }));
      await world.soon(cache.wrapMany(['k'], () => new Map([['k', 'lagging']])));
      expect((await world.soon(cache.getMany(['k', 'other']))).size).toBe(0);
    });

    test('a set under a tag that settles is not stored, and what was there goes', async () => {
      const { cache } = world.process();
      await world.soon(cache.set('k', 'first'));
      await world.soon(cache.invalidateTags('t', { settle: '1m' }));
      await world.soon(cache.set('k', 'second', { tags: ['t'] }));
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test.each([{ settle: 10 }, { version: 3 }])('a pattern takes no %o', async (options) => {
      const { cache } = world.process();
      await expect(world.soon(cache.invalidate('k*', options))).rejects.toMatchObject({ code: 'USAGE' });
    });

    test('a tag takes no version', async () => {
      const { cache } = world.process();
      await expect(world.soon(cache.invalidateTags('t', { version: 1 }))).rejects.toMatchObject({ code: 'USAGE' });
    });
  });

  describe('rule 15: an entry without a tag that the caller names is a miss', () => {
    test('for one and for many', async () => {
      const { cache, events } = world.process();
      await world.soon(
        cache.setMany([
          ['k', 'untagged'],
          ['k2', 'untagged'],
        ]),
      );
      const load = (keys: string[]): Map<string, string> => new Map(keys.map((key) => [key, 'tagged']));
      expect(await world.soon(cache.wrap('k', () => 'tagged', { tags: ['t'] }))).toBe('tagged');
      expect((await world.soon(cache.wrapMany(['k', 'k2'], load, { tags: ['t'] }))).get('k2')).toBe('tagged');
      expect(events.flatMap((event) => (event.type === 'miss' ? event.reason : []))).toEqual(['tag', 'tag']);
      await world.soon(cache.invalidateTags('t'));
      expect((await world.soon(cache.getMany(['k', 'k2']))).size).toBe(0);
    });
  });

  describe('rule 18: everything that a read returns is frozen', () => {
    test('on a miss, a shared load, a hit and a refresh alike', async () => {
      const { cache } = world.process();
      const load = (): { deep: { list: number[] } } => ({ deep: { list: [1] } });
      const loaded = await world.soon(Promise.all([cache.wrap('k', load), cache.wrap('k', load)]));
      const many = await world.soon(cache.wrapMany(['k', 'k2'], (keys) => new Map(keys.map((key) => [key, load()]))));
      const all = [...loaded, await world.soon(cache.get<ReturnType<typeof load>>('k')), ...many.values()];
      for (const value of all) expect([value, value?.deep, value?.deep.list].every(Object.isFrozen)).toBe(true);
    });

    test('the value of the caller stays as it was', async () => {
      const { cache } = world.process();
      const mine = { list: [1] };
      await world.soon(cache.set('k', mine));
      await world.soon(cache.wrap('k2', () => mine));
      expect([mine, mine.list].some(Object.isFrozen)).toBe(false);
    });
  });

  describe('rule 20: what could not be said is kept', () => {
    test.each(['del', 'pattern', 'tag'] as const)('%s: nothing that it means is trusted meanwhile', async (way) => {
      expect(await scenario.keptInvalidation(world, way)).toBe('fresh');
    });

    test.each(['del', 'pattern', 'tag'] as const)('%s: it is replayed when the store is back', async (way) => {
      expect(await scenario.replayed(world, way)).toBe('fresh');
    });

    test.each(['key', 'keys', 'carried tag'] as const)(
      'a read of what is kept does not trust its answer because the replay has ended: %s',
      async (way) => {
        expect(await scenario.readAcrossReplay(world, way)).toBe('fresh');
      },
    );

    test('a load under a tag whose invalidation is kept is not joined', async () => {
      expect(await scenario.joinUnderKeptTag(world)).toBe('fresh');
    });

    test('a set that is not acknowledged becomes a deletion', async () => {
      expect(await scenario.unacknowledgedSet(world)).toBe('fresh');
    });

    test('sets are never replayed', async () => {
      const { cache, store } = world.process();
      store.fail('run:write');
      await world.soon(cache.set('k', 'lost'));
      await world.pass(200);
      expect(await world.soon(cache.get('k'))).toBeUndefined();
      expect(store.calls.filter((call) => call === 'run:write')).toHaveLength(1);
    });

    test('settle and version are replayed too', async () => {
      const { cache, store } = world.process();
      store.takeDown();
      await world.soon(cache.del('k', { settle: '1m' }));
      await world.soon(cache.del('versioned', { version: 7 }));
      await world.soon(cache.invalidateTags('t', { settle: '1m' }));
      store.restore();
      await world.pass(200);
      expect((await cache.stats()).pending).toBe(0);
      expect((await world.soon(cache.inspect('k'))).lease).toBe('settling');
      await world.soon(cache.set('versioned', 'old', { version: 6 }));
      expect(await world.soon(cache.get('versioned'))).toBeUndefined();
      await world.soon(cache.wrap('tagged', () => 1, { tags: ['t'] }));
      expect(await world.soon(cache.get('tagged'))).toBeUndefined();
    });
  });

  describe('rule 21: an invalidation is told, and tells', () => {
    test.each(['del', 'delMultiple', 'invalidate', 'invalidateTags', 'clear'] as const)(
      '%s rejects when strict, and keeps nothing',
      async (verb) => {
        const { cache, store } = world.process();
        store.takeDown();
        const strict = { strict: true };
        const told =
          verb === 'delMultiple' ? cache.delMultiple(['k'], strict)
          : verb === 'clear' ? cache.clear(strict)
          : cache[verb]('k', strict);
        await expect(world.soon<unknown>(told)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect((await cache.stats()).pending).toBe(0);
      },
    );

    test('strict may be a default of the cache', async () => {
      const { cache, store } = world.process({ strict: true });
      store.takeDown();
      await expect(world.soon(cache.del('k'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await world.soon(cache.del('k', { strict: false }))).toBe(false);
    });

    test('a kept one is an event, and so is its replay', async () => {
      const { cache, store, events } = world.process();
      store.takeDown();
      await world.soon(cache.del('k'));
      store.restore();
      await world.pass(200);
      expect(events.filter(({ type }) => type === 'keep' || type === 'replay')).toMatchObject([
        { type: 'keep', backlog: 1, everything: false },
        { type: 'replay', replayed: 1, backlog: 0 },
      ]);
    });
  });

  describe('rule 22: a server that has changed', () => {
    test('what another server was told is dead', async () => {
      expect(await scenario.failover(world)).toBe('fresh');
    });

    test('the epoch of a fill is that of its grant', async () => {
      const source = new Source();
      const { cache, store } = world.process();
      const slow = source.slow();
      const first = cache.wrap('k', slow.load);
      await world.soon(slow.hasRead);
      store.restore('another');
      slow.answer();
      await world.soon(first);
      expect(await world.soon(cache.get('k'))).toBeUndefined();
    });

    test('the tags of another epoch are missing', async () => {
      const { cache, store } = world.process();
      await world.soon(cache.set('k', 'old', { tags: ['t'] }));
      store.restore('another');
      await world.soon(cache.set('k2', 'new', { tags: ['t'] }));
      expect([...(await world.soon(cache.getMany(['k', 'k2']))).keys()]).toEqual(['k2']);
    });

    test.each(['del', 'pattern', 'tag'] as const)(
      '%s: what it has never heard of it is told again, before what it holds is trusted',
      async (way) => {
        expect(await scenario.lostByFailover(world, way)).toBe('fresh');
      },
    );

    test.each(
      (['del', 'pattern', 'tag'] as const).flatMap((way) =>
        (['value', 'load'] as const).map((what) => [way, what] as const),
      ),
    )('%s: a %s from the time in which two servers were in use does not outlive it', async (way, what) => {
      expect(await scenario.splitBrain(world, way, what)).toBe('fresh');
    });

    test('a pattern that is under way begins anew', async () => {
      expect(await scenario.patternAcrossFailover(world)).toBe('fresh');
    });

    test('what it is told again it is told once, with what was asked besides', async () => {
      const { cache, store, events } = world.process();
      await world.soon(cache.del('k', { settle: '1m' }));
      await world.soon(cache.del('versioned', { version: 7 }));
      await world.soon(cache.invalidateTags('t', { settle: '1m' }));
      await world.soon(cache.invalidate('other*'));
      for await (const names of store.scan(`${world.prefix}:*`)) await store.delete(names);
      store.restore('another');
      expect((await cache.stats()).pending).toBe(4);
      await world.pass(200);
      expect((await world.soon(cache.inspect('k'))).lease).toBe('settling');
      await world.soon(cache.set('versioned', 'old', { version: 6 }));
      expect(await world.soon(cache.get('versioned'))).toBeUndefined();
      await world.soon(cache.wrap('tagged', () => 1, { tags: ['t'] }));
      expect(await world.soon(cache.get('tagged'))).toBeUndefined();
      store.restore('another');
      await world.pass(200);
      expect(events.filter(({ type }) => type === 'keep' || type === 'replay')).toMatchObject([
        { type: 'keep', backlog: 4 },
        { type: 'replay', replayed: 4, backlog: 0 },
      ]);
    });

    test('a keyspace may trust what it finds', async () => {
      const { cache, store } = world.process();
      const rows = cache.keyspace('row', { onFailover: 'trust', load: () => 'old' });
      await world.soon(rows.get());
      store.restore('another');
      expect(await world.soon(rows.peek())).toBe('old');
      expect(await world.soon(cache.get('row'))).toBeUndefined();
    });
  });

  describe('rule 24: arithmetic', () => {
    test('jitter shortens fresh life only', async () => {
      const { cache } = world.process({ jitter: 0.5, random: () => 0.999_999 });
      await world.soon(cache.set('k', 1, { ttl: 10_000, grace: 20_000 }));
      const report = await world.soon(cache.inspect('k'));
      expect(report.ttl).toBeGreaterThan(4_000);
      expect(report.ttl).toBeLessThanOrEqual(5_001);
      expect(report.grace).toBe(20_000);
    });

    test('a stale entry is there, with no fresh life; a dead one is not', async () => {
      const { cache } = world.process();
      await world.soon(cache.set('k', 1, { ttl: 20, grace: '10m', tags: ['t'] }));
      await world.pass(30);
      expect([
        await world.soon(cache.has('k')),
        await world.soon(cache.ttl('k')),
        await world.soon(cache.get('k')),
      ]).toEqual([true, 0, 1]);
      await world.soon(cache.invalidateTags('t'));
      expect([
        await world.soon(cache.has('k')),
        await world.soon(cache.ttl('k')),
        await world.soon(cache.get('k')),
      ]).toEqual([false, undefined, undefined]);
      expect(await world.soon(cache.del('k'))).toBe(false);
    });

    test('negative results get no grace', async () => {
      const { cache } = world.process({ negativeTtl: 300, grace: '10m' });
      await world.soon(cache.wrap('k', () => null));
      expect(await world.soon(cache.inspect('k'))).toMatchObject({ state: 'fresh', grace: 0 });
      await world.pass(320);
      expect(await world.soon(cache.has('k'))).toBe(false);
    });

    test('a life of 0 is an error', async () => {
      const { cache } = world.process();
      await expect(world.soon(cache.set('k', 1, 0))).rejects.toMatchObject({ code: 'USAGE' });
    });

    test('the checksum covers payload, header and key', async () => {
      expect(await scenario.flippedDigit(world)).toBe('refused');
      const process = world.process();
      const { cache, store } = process;
      await world.soon(cache.set('k', 1));
      const [at, elsewhere] = await world.soon(
        Promise.all(['k', 'copied'].map(async (key) => (await cache.inspect(key)).stored)),
      );
      await world.soon(scenario.overwrite(process, elsewhere ?? '', (await store.readOne(at ?? '')) as Buffer));
      expect(await world.soon(cache.get('copied'))).toBeUndefined();
    });
  });

  describe('rule 25: commands', () => {
    test('a hit is one read, with declared tags too, and a fill two more calls', async () => {
      const { cache, store } = world.process();
      const rows = cache.keyspace('row:{id}', { load: () => 1, tags: () => ['a', 'b'], groups: ['id'] });
      const callsOf = async (run: () => Promise<unknown>): Promise<string[]> => {
        const before = store.calls.length;
        await world.soon(run());
        return store.calls.slice(before);
      };
      expect(await callsOf(() => rows.get({ id: 1 }))).toEqual(['read', 'run:acquire', 'run:write']);
      expect(await callsOf(() => rows.get({ id: 1 }))).toEqual(['read']);
      expect(await callsOf(() => cache.wrap('k', () => 1))).toEqual(['readOne', 'run:acquire', 'run:write']);
      expect(await callsOf(() => cache.wrap('k', () => 1))).toEqual(['readOne']);
      expect(await callsOf(() => cache.del('k'))).toEqual(['run:remove']);
      expect(await callsOf(() => rows.invalidate({ id: 1 }))).toEqual(['run:retire']);
      expect(await callsOf(() => cache.getMany(['a', 'b', 'c']))).toEqual(['read']);
    });
  });
}
