import { connect, Cache, glob, UsageError, type Store } from 'cenote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { memoryStore } from '../packages/cenote/src/store/memory/memory-store.js';
import { startRedis, type RedisServer } from './servers/redis.js';

/** Keys that somebody may try, on purpose or not. */
const signs = [
  '*',
  '?',
  '[',
  ']',
  '[a-z]',
  '[^a]',
  ':',
  '::',
  '{',
  '}',
  '{}',
  '{{}}',
  '{a}',
  '}{',
  '{a}{b}',
  '\\',
  '\\*',
  '%',
  '%%',
  '%25',
  '%2525',
  '%7B',
  '%7b',
  '%7D',
  '%257B',
  '%2A',
  '%3A',
  '=',
  ',',
  '@',
  '#',
  '&',
  '+',
  '~',
];
const controls = [
  '\n',
  '\r\n',
  '\t',
  ' ',
  '  ',
  '\0',
  '\0\0',
  'a\0b',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\u200b',
];
const letters = [
  'é',
  'e\u0301',
  'ñ',
  '日本語',
  '😀',
  '😀😀',
  'ß',
  'ẞ',
  'ı',
  'İ',
  '\u202eabc',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10ffff}',
];
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'true',
  '0',
  '-0',
  '00',
  '1e3',
  'get',
  'then',
  'cache',
  'lease',
  'tag',
  'stats',
];
const internal = [
  'lease',
  'lease:',
  'lease:x',
  'lease:x}',
  'leases:{x}',
  ' lease:{x}',
  'Lease:{x}',
  'tag',
  'tag:',
  'tag:x',
  'tags:{x}',
  'cache:stats:',
  'cache:stats ',
  'Cache:stats',
  'group:x',
  'cenote/1',
  'p:lease:{x}',
  'p:tag:{x}',
  '%6Cease:{x}',
  'lease%3A{x}',
];
const long = ['x'.repeat(8_000), `${'x'.repeat(7_999)}y`, '😀'.repeat(2_000)];
const hostile = [...new Set([...signs, ...controls, ...letters, ...names, ...internal, ...long])];

/** What no key can be, with the reason. */
const refused: readonly (readonly [string, RegExp])[] = [
  ['', /non-empty/],
  ['lease:{x}', /reserved/],
  ['lease::x{y}z', /reserved/],
  ['tag:{x}', /reserved/],
  ['cache:stats', /reserved/],
  ['\ud800', /well-formed/],
  ['a\udc00b', /well-formed/],
  ['\udc00\ud800', /well-formed/],
  ['x'.repeat(8 * 1024 + 1), /8192 bytes/],
  ['x'.repeat(1024 * 1024), /8192 bytes/],
  ['{'.repeat(8 * 1024), /8192 bytes/],
];

const foreign = { 'other:user:1': 'x', p: 'x', 'p2:user:1': 'x', 'pp:user:1': 'x', 'user:1': 'x', 'P:user:1': 'x' };
/** Under the prefix, but not written by us. */
const guests = { 'p:guest:1': 'plain text', 'p:guest:2': 'cenote', 'p:*': 'x' };

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe.each(['redis', 'memory'] as const)('on %s', (kind) => {
  let store: Store;
  let cache: Cache;
  beforeAll(async () => {
    if (kind === 'redis') await redis.command('FLUSHALL');
    store = kind === 'redis' ? connect({ url: redis.url, deadline: '5s' }) : memoryStore();
    cache = new Cache({ store, prefix: 'p', ttl: '1h' });
  });
  afterAll(async () => {
    await cache.close();
    await store.close();
  });

  /** What a cache has under these keys, and lacks, when it should have just `kept`. */
  async function expectOnly(kept: readonly string[], keys: readonly string[] = hostile): Promise<void> {
    const found = await cache.getMany<string>(keys);
    expect([...found].filter(([key, value]) => value !== key)).toEqual([]);
    expect(keys.filter((key) => found.has(key) !== kept.includes(key))).toEqual([]);
  }

  test('hostile keys never collide: each reads back what was written under it', async () => {
    await cache.clear();
    for (const key of hostile) await cache.set(key, key);
    for (const key of hostile) expect(await cache.get(key)).toBe(key);
    await expectOnly(hostile);
    await cache.clear();
    await expectOnly([]);
    await Promise.all(hostile.map(async (key) => expect(await cache.wrap(key, () => key)).toBe(key)));
    await expectOnly(hostile);
    expect(
      [...(await cache.wrapMany(hostile, () => new Map())).entries()].filter(([key, value]) => key !== value),
    ).toEqual([]);
  });

  test('removing a hostile key removes nothing else: by del, by pattern', { timeout: 60_000 }, async () => {
    await cache.clear();
    for (const key of hostile) {
      await cache.setMany(hostile.map((one) => [one, one]));
      const others = hostile.filter((one) => one !== key);
      expect(await cache.del(key), key).toBe(true);
      await expectOnly(others);
      await cache.set(key, key);
      const pattern = glob`${key}`;
      expect(await cache.invalidate(pattern), pattern).toBe(1);
      await expectOnly(others);
    }
  });

  test('a hostile tag reaches its own entries only', async () => {
    await cache.clear();
    for (const tag of hostile.filter((text) => text.length < 2_000))
      await cache.set(`tagged ${tag}`, tag, { tags: [tag, 'all'] });
    const tags = hostile.filter((text) => text.length < 2_000);
    for (const [index, tag] of tags.entries()) {
      await cache.invalidateTags(tag);
      const found = await cache.getMany(tags.map((one) => `tagged ${one}`));
      expect(found.size, JSON.stringify(tag)).toBe(tags.length - index - 1);
    }
  });

  test.each(refused.map(([key, rule]) => ({ key, rule, name: JSON.stringify(key.slice(0, 20)), length: key.length })))(
    '$name of $length is refused by every verb, as a mistake of the caller',
    async ({ key, rule }) => {
      const size = store.kind === 'redis' ? await redis.command('DBSIZE') : 0;
      const calls = [
        () => cache.get(key),
        () => cache.set(key, 1),
        () => cache.del(key),
        () => cache.delMultiple([key]),
        () => cache.wrap(key, () => 1),
        () => cache.getMany(['fine', key]),
        () =>
          cache.setMany([
            ['fine', 1],
            [key, 1],
          ]),
        () => cache.wrapMany(['fine', key], () => new Map()),
        () => cache.has(key),
        () => cache.ttl(key),
        () => cache.inspect(key),
      ];
      for (const call of calls)
        await expect(call()).rejects.toSatisfy(
          (error) => error instanceof UsageError && rule.test(error.message) && error.message.length < 1_000,
        );
      if (store.kind === 'redis') expect(await redis.command('DBSIZE')).toBe(size);
    },
  );

  test.each(['', '\ud800', '*'.repeat(8 * 1024 + 1), '['.repeat(1024 * 1024)])(
    'no pattern, tag or prefix is made of what cannot be text (%#)',
    async (text) => {
      await expect(cache.invalidate(text)).rejects.toThrow(UsageError);
      await expect(cache.invalidateTags(text)).rejects.toThrow(UsageError);
      expect(() => new Cache({ store, prefix: text })).toThrow(UsageError);
    },
  );

  test('parameters of keyspaces never reach another key, a group or a pattern', async () => {
    await cache.clear();
    const params = hostile.filter((text) => text.length < 600);
    const loads = new Map<string, number>();
    const rows = cache.keyspace('row:{left}:{right}', {
      groups: ['left', 'right'],
      load: ({ left, right }) => {
        const id = `${String(left)} ${String(right)}`;
        loads.set(id, (loads.get(id) ?? 0) + 1);
        return { left, right };
      },
    });
    const slots = cache.keyspace('slot:{{id}}', { load: ({ id }) => ({ id }) });
    const places = params.flatMap((one, index) => {
      const next = params[(index + 1) % params.length] as string;
      return [
        { left: one, right: next },
        { left: `${one}:${next}`, right: '' },
        { left: '', right: `${one}:${next}` },
        { left: one, right: one },
      ];
    });
    const keys = places.map((place) => rows.key(place));
    const distinct = new Map(places.map((place) => [JSON.stringify(place), place]));
    expect(new Set(keys).size).toBe(distinct.size);
    for (let turn = 0; turn < 2; turn++) expect(await rows.getMany(places)).toEqual(places);
    expect([...loads.values()].filter((times) => times !== 1)).toEqual([]);
    for (const id of params) expect(await slots.get({ id })).toEqual({ id });
    for (const id of params) expect(await slots.peek({ id })).toEqual({ id });

    for (const left of ['*', '?', '{a}', ':', '%', '__proto__']) {
      await rows.invalidate({ left });
      const lost = [...distinct.values()].filter((place) => place.left === left);
      const found = await Promise.all([...distinct.values()].map((place) => rows.peek(place)));
      expect([...distinct.values()].filter((_, index) => found[index] === undefined)).toEqual(lost);
      await rows.getMany(lost);
    }
    await expect(rows.get({ left: '\ud800', right: '' })).rejects.toThrow(UsageError);
    await expect(rows.get({ left: 'x'.repeat(1024 * 1024), right: '' })).rejects.toThrow(UsageError);
    await expect(rows.get(JSON.parse('{"__proto__":{"left":"a","right":"b"}}'))).rejects.toThrow(UsageError);
    await expect(rows.get(JSON.parse('{"left":"a","right":"b","__proto__":"c"}'))).rejects.toThrow(UsageError);
    await expect(slots.get({ id: '' })).rejects.toThrow(UsageError);
    expect(({} as { left?: unknown }).left).toBeUndefined();
  });

  test('no pattern reaches beyond the prefix, into internal names, or what others have put there', async () => {
    await cache.clear();
    const neighbours = ['other', 'p2', 'pp', 'P', 'p:q'].map((prefix) => new Cache({ store, prefix, ttl: '1h' }));
    const bare = new Cache({ store, ttl: '1h' });
    for (const neighbour of neighbours) await neighbour.set('user:1', 'theirs');
    if (kind === 'redis')
      for (const [key, value] of Object.entries({ ...foreign, ...guests }))
        if (!key.endsWith(':user:1')) await redis.command('SET', key, value);
    await bare.set('unprefixed', 'theirs');
    await cache.set('user:1', 'ours', { tags: ['t'] });
    for (const pattern of [
      '*',
      '**',
      '?*',
      '*:*',
      '[^z]*',
      '*user*',
      '\\*',
      '*\\',
      '[',
      '[]*',
      '../*',
      'p:*',
      'lease:*',
      'tag:*',
      'cache:*',
      '*}*',
      '\n*',
    ])
      await cache.invalidate(pattern);
    expect(await cache.get('user:1')).toBeUndefined();
    // `p:q` lies under `p`: those entries are ours to remove as well.
    for (const neighbour of neighbours)
      expect(await neighbour.get('user:1')).toBe(neighbour.name === 'p:q' ? undefined : 'theirs');
    expect(await bare.get('unprefixed')).toBe('theirs');
    if (kind === 'redis')
      for (const [key, value] of Object.entries({ ...foreign, ...guests }))
        if (!key.endsWith(':user:1')) expect(await redis.command('GET', key), key).toBe(value);

    await cache.set('user:1', 'ours', { tags: ['t'] });
    await cache.invalidate('tag:*');
    await cache.invalidate('*{*');
    expect(await cache.get('user:1'), 'the version of its tag is no entry').toBe('ours');
    await expect(bare.clear()).rejects.toThrow(UsageError);
  });
});
