import { describe, expect, test, vi } from 'vitest';

import type { CacheEvent } from '../core/events.js';
import { UsageError } from '../core/errors.js';
import { memoryStore } from '../store/memory/memory-store.js';
import { fakeClock } from '../testing/fake-clock.js';
import { faultyStore } from '../testing/faulty-store.js';
import { Cache } from './cache.js';
import type { CacheOptions } from './options.js';

function arrange(options: CacheOptions<'json'> = {}) {
  const clock = fakeClock();
  const inner = memoryStore({ clock });
  const store = faultyStore(inner, { clock });
  const events: CacheEvent[] = [];
  const cache = new Cache({ prefix: 'P', jitter: 0, onEvent: (event) => events.push(event), ...options, store, clock });
  return { cache, clock, store, inner, events };
}

describe('options', () => {
  test.each<[string, unknown, string]>([
    ['options.ttll', { ttll: 1 }, 'known are'],
    ['ttl', { ttl: 0 }, 'at least 1 ms'],
    ['ttl', { ttl: '5' }, 'duration'],
    ['ttl', { ttl: -1 }, 'duration'],
    ['ttl', { ttl: Number.NaN }, 'duration'],
    ['grace', { grace: 'soon' }, 'duration'],
    ['grace', { grace: Infinity }, 'duration'],
    ['jitter', { jitter: 1.1 }, 'from 0 to 1'],
    ['negativeTtl', { negativeTtl: 0 }, 'at least 1 ms'],
    ['deadline', { deadline: 0 }, 'at least 1 ms'],
    ['deadline.hard', { deadline: { hard: '1x' } }, 'duration'],
    ['deadline.soon', { deadline: { soon: 1 } }, 'known are'],
    ['codec', { codec: 'xml' }, "'json'"],
    ['options.compress.over', { compress: { over: -1 } }, 'whole number'],
    ['compress.with', { compress: { with: 'gzip' } }, "'deflate'"],
    ['options.compress', { compress: true }, 'object'],
    ['options.copy', { copy: 'share' }, '"freeze" or "clone"'],
    ['options.strict', { strict: 'yes' }, 'true or false'],
    ['options.unleasedLoads', { unleasedLoads: 0 }, 'at least 1'],
    ['options.near', { near: true }, 'object'],
    ['options.near.bound', { near: { bound: 10 } }, 'at least 20 ms'],
    ['options.near.maxEntries', { near: { maxEntries: 0 } }, 'at least 1'],
    ['options.near.tracking', { near: { tracking: 'all' } }, '"default" or "broadcast"'],
    ['options.onEvent', { onEvent: 'log' }, 'function'],
    ['options.clock', { clock: {} }, 'monotonic'],
    ['options.random', { random: 4 }, 'function'],
    ['options.store', { store: {} }, 'connect'],
    ['prefix', { prefix: 'a*' }, 'glob'],
    ['prefix', { prefix: '' }, 'non-empty'],
    ['name', { name: '' }, 'characters'],
    ['options', 'redis://', 'object'],
  ])('%s of %o is a mistake', (field, options, rule) => {
    const make = (): unknown => new Cache(options as CacheOptions<'json'>);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(expect.objectContaining({ field }));
    expect(make).toThrow(rule);
  });

  test.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['key', (cache) => cache.get('')],
    ['key', (cache) => cache.get(7 as unknown as string)],
    ['key', (cache) => cache.set('x'.repeat(9_000), 1)],
    ['options.fresh', (cache) => cache.get('k', { fresh: true } as object)],
    ['options.signal', (cache) => cache.get('k', { signal: {} as AbortSignal })],
    ['options.tags', (cache) => cache.set('k', 1, { tags: 't' as unknown as string[] })],
    ['tags[0]', (cache) => cache.set('k', 1, { tags: [''] })],
    ['options.fill', (cache) => cache.set('k', 1, { fill: false })],
    ['options.version', (cache) => cache.wrap('k', () => 1, { version: 1 })],
    ['options.version', (cache) => cache.wrapMany(['k'], () => new Map(), { version: 1 })],
    ['options.version', (cache) => cache.set('k', 1, { version: 0.5 })],
    ['ttl', (cache) => cache.set('k', 1, '5 minutes' as '5m')],
    ['options.ttl', (cache) => cache.wrap('k', () => 1, { ttl: 0 })],
    ['value', (cache) => cache.set('k', undefined)],
    ['load', (cache) => cache.wrap('k', 'value' as unknown as () => unknown)],
    ['keys', (cache) => cache.getMany('k' as unknown as string[])],
    ['keys', (cache) => cache.delMultiple('k' as unknown as string[])],
    ['keys', (cache) => cache.wrapMany('k' as unknown as string[], () => new Map())],
    ['tags', (cache) => cache.invalidateTags(7 as unknown as string)],
    ['pattern', (cache) => cache.invalidate('')],
    ['options.settle', (cache) => cache.del('k', { settle: 'a while' as '1s' })],
    ['options.strict', (cache) => cache.del('k', { strict: 1 as unknown as boolean })],
    ['the result of loadMissing', (cache) => cache.wrapMany(['k'], () => ({ k: 1 }) as unknown as Map<string, number>)],
  ])('a wrong %s rejects, and nothing is sent', async (field, call) => {
    const { cache, store } = arrange();
    await expect(call(cache)).rejects.toMatchObject({ code: 'USAGE', field });
    expect(store.calls).not.toContain('run:write');
  });

  test('a mistake in a version is the caller’s error, not the store’s', async () => {
    const { cache } = arrange();
    const rows = cache.keyspace('row', { version: () => -1, load: () => 1 });
    await expect(rows.set(1)).rejects.toMatchObject({ code: 'USAGE' });
    await expect(rows.get()).rejects.toMatchObject({ code: 'USAGE' });
    expect((await cache.inspect('row')).lease).toBe('none');
  });
});

describe('values', () => {
  test.each([0, '', false, null])('%o is a value: stored, hit, held by getMany and wrapMany', async (value) => {
    const { cache } = arrange();
    let loads = 0;
    const load = (): typeof value => (loads++, value);
    expect(await cache.wrap('k', load)).toBe(value);
    expect(await cache.wrap('k', load)).toBe(value);
    expect(await cache.get('k')).toBe(value);
    expect(await cache.getMany(['k'])).toEqual(new Map([['k', value]]));
    expect(await cache.wrapMany(['k'], () => new Map())).toEqual(new Map([['k', value]]));
    expect([await cache.has('k'), loads]).toEqual([true, 1]);
  });

  test('undefined is returned and not stored', async () => {
    const { cache } = arrange();
    let loads = 0;
    const load = (): undefined => void loads++;
    expect(await cache.wrap('k', load)).toBeUndefined();
    expect(await cache.wrap('k', load)).toBeUndefined();
    expect([await cache.has('k'), loads]).toEqual([false, 2]);
  });

  test('with a negativeTtl null and undefined are remembered for that long', async () => {
    const { cache, clock } = arrange({ negativeTtl: '1s', ttl: '1h' });
    let loads = 0;
    const load = (): undefined => void loads++;
    await cache.wrap('k', load);
    await cache.wrap('k', load);
    expect([await cache.has('k'), await cache.ttl('k'), loads]).toEqual([true, 1_000, 1]);
    clock.advance(1_000);
    await cache.wrap('k', load);
    expect(loads).toBe(2);
    await cache.set('none', null);
    expect(await cache.ttl('none')).toBe(1_000);
  });

  test('a miss returns what a hit will', async () => {
    const { cache } = arrange();
    const load = (): unknown => ({ at: new Date(0), lost: undefined });
    expect(await cache.wrap('k', load)).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    expect(await cache.wrap('k', load)).toEqual({ at: '1970-01-01T00:00:00.000Z' });
    const packed = new Cache({ codec: 'msgpack', copy: 'clone' });
    const first = await packed.wrap('k', () => ({ at: new Date(0) }));
    first.at.setFullYear(2000);
    expect(await packed.wrap('k', () => ({ at: new Date(1) }))).toEqual({ at: new Date(0) });
  });

  test('what cannot be encoded rejects a set, and leaves what was there', async () => {
    const { cache } = arrange();
    await cache.set('k', 'before');
    await expect(cache.set('k', 10n)).rejects.toMatchObject({ code: 'CODEC' });
    expect(await cache.get('k')).toBe('before');
  });

  test('random keys do not meet', async () => {
    const { cache } = arrange();
    const keys = Array.from({ length: 5_000 }, (_, index) => `user:${index.toString(36)}:${Math.random()}`);
    await cache.setMany(keys.map((key) => [key, key]));
    const found = await cache.getMany<string>(keys);
    expect(keys.filter((key) => found.get(key) !== key)).toEqual([]);
  });
});

describe('lives', () => {
  test('an entry is fresh for its ttl, stale for its grace, then gone', async () => {
    const { cache, clock } = arrange();
    await cache.set('k', 1, { ttl: '1s', grace: 60 });
    const state = async (): Promise<unknown[]> => [await cache.get('k'), await cache.has('k'), await cache.ttl('k')];
    clock.advance(999);
    expect(await state()).toEqual([1, true, 1]);
    clock.advance(1);
    expect(await state()).toEqual([1, true, 0]);
    clock.advance(59);
    expect(await state()).toEqual([1, true, 0]);
    clock.advance(1);
    expect(await state()).toEqual([undefined, false, undefined]);
  });

  test('a duration in place of options is the ttl; Infinity never ends', async () => {
    const { cache, clock } = arrange();
    await cache.set('k', 1, '2m');
    await cache.wrap('w', () => 1, 500);
    await cache.set('for ever', 1, Infinity);
    expect([await cache.ttl('k'), await cache.ttl('w'), await cache.ttl('for ever')]).toEqual([120_000, 500, Infinity]);
    clock.advance(10 ** 12);
    expect(await cache.get('for ever')).toBe(1);
  });

  test('entries that have expired do not stay in memory', async () => {
    const { cache, clock, inner } = arrange();
    await cache.setMany(
      Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index] as const),
      1_000,
    );
    clock.advance(2_000);
    for (let index = 0; index < 1_000; index++) await cache.get('other');
    expect(inner.entries).toBeLessThan(10);
  });

  test('a refresh that fails leaves the stale entry, and a key beyond it', async () => {
    const { cache, clock } = arrange();
    await cache.set('k', 'good', { ttl: 100, grace: '1h' });
    await cache.set('other', 'good');
    clock.advance(200);
    expect(await cache.wrap('k', () => Promise.reject(new Error('away')))).toBe('good');
    await clock.elapse(10);
    expect([await cache.get('k'), await cache.get('other')]).toEqual(['good', 'good']);
  });

  test('within `soft` a fresh value is waited for, then the stale one is served', async () => {
    const { cache, clock } = arrange({ deadline: { soft: 100 } });
    await cache.set('k', 'stale', { ttl: 10, grace: '1h' });
    clock.advance(20);
    const after = (milliseconds: number, value: string) => () =>
      new Promise<string>((resolve) => void clock.after(milliseconds, () => resolve(value)));
    const slow = cache.wrap('k', after(200, 'slow'), { ttl: 10, grace: '1h' });
    await clock.elapse(150);
    expect(await slow).toBe('stale');
    await clock.elapse(100);
    const quick = cache.wrap('k', after(50, 'quick'));
    await clock.elapse(60);
    expect(await quick).toBe('quick');
  });
});

describe('leaving', () => {
  test('a caller gets its own reason, and the last one ends the load', async () => {
    const { cache } = arrange();
    const [one, other] = [new AbortController(), new AbortController()];
    let signal: AbortSignal | undefined;
    const load = (context: { signal: AbortSignal }): Promise<never> => {
      ({ signal } = context);
      return new Promise(() => {});
    };
    const calls = [one, other].map((each) =>
      cache.wrap('k', load, { signal: each.signal }).catch((error: unknown) => error),
    );
    await vi.waitFor(() => expect(signal).toBeDefined());
    await new Promise((resolve) => setImmediate(resolve));
    one.abort('first reason');
    expect(await calls[0]).toBe('first reason');
    expect(signal?.aborted).toBe(false);
    other.abort('second reason');
    expect(await calls[1]).toBe('second reason');
    expect(signal?.aborted).toBe(true);
    expect(await cache.wrap('k', () => 'anew')).toBe('anew');
  });

  test.each([
    ['that is not to be stored', { fill: false }],
    ['without the store', {}],
  ])('a load %s ends with its caller, alone and in batches', async (_, options) => {
    const { cache, store } = arrange();
    if (!('fill' in options)) store.takeDown();
    const leaving = new AbortController();
    const signals: AbortSignal[] = [];
    const load = (context: { signal: AbortSignal }): Promise<never> => (
      signals.push(context.signal),
      new Promise(() => {})
    );
    const given = { ...options, signal: leaving.signal };
    const calls = [cache.wrap('k', load, given), cache.wrapMany(['a'], (_keys, context) => load(context), given)];
    await vi.waitFor(() => expect(signals).toHaveLength(2));
    leaving.abort('left');
    expect(await Promise.allSettled(calls)).toMatchObject([{ reason: 'left' }, { reason: 'left' }]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  test('before a batch has its stale values leaves no rejection unheard', async () => {
    const unheard = vi.fn<(reason: unknown) => void>();
    process.on('unhandledRejection', unheard);
    const { cache, clock } = arrange({ deadline: { soft: '1m' } });
    await cache.set('stale', 1, { ttl: 10, grace: '1h' });
    clock.advance(20);
    const leaving = new AbortController();
    const call = cache.wrapMany(['stale', 'missing'], () => new Promise<Map<string, number>>(() => {}), {
      signal: leaving.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 5));
    leaving.abort(new Error('left'));
    await expect(call).rejects.toThrow('left');
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unheard);
    expect(unheard).not.toHaveBeenCalled();
  });
});

describe('loaders', () => {
  test('their own error reaches the caller, and nothing is stored', async () => {
    const { cache } = arrange();
    const mine = new RangeError('mine');
    await expect(
      cache.wrap('k', () => {
        throw mine;
      }),
    ).rejects.toBe(mine);
    await expect(cache.wrapMany(['a', 'b'], () => Promise.reject(mine))).rejects.toBe(mine);
    expect(await cache.wrap('k', () => 'next')).toBe('next');
  });

  test('setTtl is heeded for this value alone', async () => {
    const { cache } = arrange();
    await cache.wrap('k', ({ setTtl }) => (setTtl('7s'), 1));
    await cache.wrap('other', () => 1);
    expect([await cache.ttl('k'), await cache.ttl('other')]).toEqual([7_000, 300_000]);
  });

  test('tags given to wrap are stored with the value', async () => {
    const { cache } = arrange();
    await cache.wrap('k', () => 1, { tags: ['b', 'a', 'b'] });
    expect((await cache.inspect('k')).tags).toEqual([
      { tag: 'a', isGood: true },
      { tag: 'b', isGood: true },
    ]);
  });
});

describe('many', () => {
  test('getMany holds what is there, by key, once', async () => {
    const { cache, store } = arrange();
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]);
    expect([...(await cache.getMany(['b', 'none', 'a', 'b']))]).toEqual([
      ['b', 2],
      ['a', 3],
    ]);
    expect(store.calls).toEqual(['run:write', 'read']);
    expect(await cache.getMany([])).toEqual(new Map());
  });

  test('wrapMany loads what is missing in one call, and lacks what the result lacks', async () => {
    const { cache } = arrange();
    await cache.set('a', 'stored');
    const load = vi.fn<(keys: string[]) => Map<string, string>>(
      (keys) => new Map(keys.filter((key) => key !== 'none').map((key) => [key, `loaded ${key}`])),
    );
    const found = await cache.wrapMany(['a', 'b', 'none', 'c', 'b'], load);
    expect(load.mock.calls.map(([keys]) => keys)).toEqual([['b', 'none', 'c']]);
    expect([...found]).toEqual([
      ['a', 'stored'],
      ['b', 'loaded b'],
      ['c', 'loaded c'],
    ]);
    expect([await cache.get('b'), await cache.get('none')]).toEqual(['loaded b', undefined]);
  });

  test('single callers share the load of a batch', async () => {
    const { cache, clock } = arrange();
    let loads = 0;
    const batch = cache.wrapMany(['a', 'b'], async (keys) => {
      loads++;
      await new Promise<void>((resolve) => void clock.after(100, resolve));
      return new Map(keys.map((key) => [key, key]));
    });
    await clock.elapse(50);
    const single = cache.wrap('b', () => (loads++, 'its own'));
    await clock.elapse(100);
    expect([(await batch).get('a'), await single, loads]).toEqual(['a', 'b', 1]);
  });

  test('delMultiple counts what was good, once', async () => {
    const { cache } = arrange();
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    await cache.set('dead', 3, { tags: ['t'] });
    await cache.invalidateTags('t');
    expect(await cache.delMultiple(['a', 'a', 'b', 'dead', 'none'])).toBe(2);
    expect(await cache.delMultiple([])).toBe(0);
  });

  test('thousands are removed in several commands', async () => {
    const { cache, store } = arrange();
    const keys = Array.from({ length: 1_200 }, (_, index) => `k${index}`);
    await cache.setMany(keys.map((key) => [key, 1]));
    expect(await cache.delMultiple(keys)).toBe(1_200);
    expect(store.calls.filter((call) => call === 'run:remove')).toHaveLength(12);
  });
});

describe('removing', () => {
  test('del tells whether a good entry was there', async () => {
    const { cache, clock } = arrange();
    await cache.set('k', 1, { ttl: 100, grace: 100 });
    expect([await cache.del('k'), await cache.del('k')]).toEqual([true, false]);
    await cache.set('k', 1, { ttl: 100, grace: 100 });
    clock.advance(150);
    expect(await cache.del('k')).toBe(true);
    await cache.set('tagged', 1, { tags: ['a', 'b'] });
    expect(await cache.del('tagged')).toBe(true);
  });

  test('del does not reject over a header that somebody has damaged', async () => {
    const { cache, inner } = arrange();
    const { encodeEntry, randomId } = await import('./entry.js');
    const { overwrite } = await import('./scenarios.fixture.js');
    const { stored } = await cache.inspect('k');
    for (const tags of ['%E0%A4%A=e.x', '=', 'no-version', ',,,']) {
      const head = {
        id: randomId(),
        freshUntil: Infinity,
        grace: 0,
        epoch: inner.epoch,
        version: undefined,
        encoding: 'json',
        cost: 0,
        tags,
      };
      await overwrite(
        { cache, store: faultyStore(inner), events: [] },
        stored,
        encodeEntry('another', head, Buffer.from('1')),
      );
      expect(await cache.del('k')).toBe(false);
      expect(await inner.readOne(stored)).toBeNull();
    }
  });

  test('clear reaches this prefix only, and needs a word without one', async () => {
    const { cache, inner } = arrange();
    const other = new Cache({ store: inner, prefix: 'other' });
    const bare = new Cache({ store: inner });
    await Promise.all([cache.set('k', 1), other.set('k', 1)]);
    expect(await cache.clear()).toBe(1);
    expect(await other.get('k')).toBe(1);
    await expect(bare.clear()).rejects.toMatchObject({ code: 'USAGE', field: 'options.everything' });
    expect(await bare.clear({ everything: true })).toBe(1);
    expect(await other.get('k')).toBeUndefined();
  });
});

describe('names and numbers', () => {
  test('a named cache shares entries and flights, and counts apart', async () => {
    const { cache, events } = arrange();
    const named = cache.named('reports');
    await cache.set('k', 1);
    expect(await named.get('k')).toBe(1);
    expect([cache.name, named.name]).toEqual(['P', 'reports']);
    expect(events.map(({ type, name }) => `${type} ${name}`)).toEqual(['set P', 'hit reports']);
    const { byName, hits } = await cache.stats();
    expect([byName['P']?.hits, byName['reports']?.hits, hits]).toEqual([0, 1, 1]);
  });

  test('every lookup is a hit or a miss, and every event one that is known', async () => {
    const { cache, store, clock, events } = arrange({ negativeTtl: 1_000 });
    const rows = cache.keyspace('row:{id}', { load: ({ id }) => Number(id) || null });
    const work: (() => Promise<unknown>)[] = [
      () => cache.get('k'),
      () => cache.wrap('k', () => 1),
      () => cache.getMany(['k', 'none']),
      () => cache.wrapMany(['k', 'm'], (keys) => new Map(keys.map((key) => [key, 1]))),
      () => rows.get({ id: 7 }),
      () => rows.getMany([{ id: 7 }, { id: 0 }]),
      () => rows.peek({ id: 7 }),
      () => cache.wrap('fails', () => Promise.reject(new Error('mine'))).catch(() => undefined),
    ];
    let lookups = 0;
    for (let round = 0; round < 4; round++) {
      if (round === 2) store.takeDown();
      for (const run of work) {
        const done = run();
        await clock.elapse(0);
        await done;
      }
      lookups += 11;
    }
    const { hits, misses, missesBy, loads, loadErrors, hitRate } = await cache.stats();
    expect(hits + misses).toBe(lookups);
    expect(Object.values(missesBy).reduce((sum, count) => sum + count, 0)).toBe(misses);
    expect(hitRate).toBeCloseTo(hits / lookups);
    expect(loadErrors).toBe(4);
    const told = (type: CacheEvent['type']): number => events.filter((event) => event.type === type).length;
    expect([told('hit'), told('miss'), told('load')]).toEqual([hits, misses, loads]);
    const known = new Set([
      'hit',
      'miss',
      'load',
      'share',
      'fill',
      'refuse',
      'set',
      'delete',
      'invalidate',
      'store-fault',
      'keep',
      'replay',
    ]);
    expect(events.every(({ type }) => known.has(type))).toBe(true);
  });

  test('has, ttl and inspect are told to nobody', async () => {
    const { cache, events } = arrange();
    await Promise.all([cache.has('k'), cache.ttl('k'), cache.inspect('k')]);
    expect(events).toEqual([]);
  });

  test('what a listener throws becomes a warning', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const { cache } = arrange({
      onEvent: () => {
        throw new Error('mine');
      },
    });
    expect(await cache.wrap('k', () => 1)).toBe(1);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });

  test('inspect says where an entry is, and why it is gone', async () => {
    const { cache, clock } = arrange();
    await cache.set('k', 'text', { ttl: 1_000, grace: 500, tags: ['t'], version: 7 });
    expect(await cache.inspect('k')).toMatchObject({
      key: 'k',
      stored: 'P:k',
      state: 'fresh',
      ttl: 1_000,
      grace: 500,
      expiresIn: 1_500,
      version: '7',
      encoding: 'json',
      tags: [{ tag: 't', isGood: true }],
      lease: 'none',
      isPending: false,
    });
    clock.advance(1_200);
    expect(await cache.inspect('k')).toMatchObject({ state: 'stale', ttl: 0 });
    await cache.invalidateTags('t');
    expect(await cache.inspect('k')).toMatchObject({
      state: 'gone',
      reason: 'tag',
      tags: [{ tag: 't', isGood: false }],
    });
    expect(await cache.inspect('none')).toMatchObject({ state: 'gone', reason: 'absent' });
  });
});

describe('without the store', () => {
  test('reads load, writes are kept, nothing rejects', async () => {
    const { cache, store } = arrange();
    await cache.set('k', 'stored');
    store.takeDown();
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.wrap('k', () => 'loaded')).toBe('loaded');
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect(await cache.wrapMany(['k'], () => new Map([['k', 'loaded']]))).toEqual(new Map([['k', 'loaded']]));
    expect([
      await cache.has('k'),
      await cache.ttl('k'),
      await cache.del('k'),
      await cache.delMultiple(['k']),
      await cache.invalidate('x*'),
    ]).toEqual([false, undefined, false, 0, 0]);
    await cache.set('k', 'lost');
    await cache.invalidateTags('t');
    expect(await cache.inspect('k')).toMatchObject({ state: 'unknown', isPending: true });
    expect(await cache.health()).toMatchObject({ status: 'down', pending: 3 });
  });

  test('a store that hangs costs its deadline', async () => {
    const { cache, store, clock } = arrange({ deadline: { store: 100 } });
    store.hang('*', 3);
    const call = cache.wrap('k', () => 'loaded');
    await clock.elapse(100);
    expect(await call).toBe('loaded');
  });
});

describe('closing', () => {
  test('closes a store of its own, and leaves one that was given', async () => {
    const { cache, inner } = arrange();
    await cache.close();
    await cache.close();
    expect((await inner.health()).status).toBe('ok');
    await using own = new Cache();
    await own.set('k', 1);
    await own.named('other').close();
    expect((await own.health()).status).toBe('down');
  });
});

describe('warming', () => {
  test('runs a few jobs at a time, tells its progress, and goes on after failures', async () => {
    const { cache, clock } = arrange();
    let running = 0;
    let most = 0;
    const job = (index: number) => async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => void clock.after(10, resolve));
      running--;
      if (index === 3) throw new Error('mine');
    };
    const progress: number[] = [];
    const done = cache.warm(
      Array.from({ length: 9 }, (_, index) => job(index)),
      { concurrency: 3, onProgress: (now) => progress.push(now.done + now.failed) },
    );
    await clock.elapse(100);
    expect(await done).toMatchObject({ done: 8, failed: 1, aborted: false, errors: [new Error('mine')] });
    expect([most, progress]).toEqual([3, [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  test('stops taking jobs when it is told to', async () => {
    const { cache } = arrange();
    const stop = new AbortController();
    let done = 0;
    function* jobs(): Generator<() => void> {
      for (;;) yield () => void (++done === 5 && stop.abort());
    }
    expect(await cache.warm(jobs(), { concurrency: 1, signal: stop.signal })).toMatchObject({ done: 5, aborted: true });
  });

  test('refuses what is no list of functions', async () => {
    const { cache } = arrange();
    await expect(cache.warm(7 as unknown as [])).rejects.toMatchObject({ code: 'USAGE', field: 'jobs' });
    await expect(cache.warm([], { concurrency: 0 })).rejects.toMatchObject({ code: 'USAGE' });
    expect(await cache.warm(['not a function' as unknown as () => void])).toMatchObject({ done: 0, failed: 1 });
  });
});
