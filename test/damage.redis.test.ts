import { deflateRawSync } from 'node:zlib';

import { createClient } from '@redis/client';
import { Cache, connect, type CacheOptions, type CacheStats } from 'cenote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Random } from './race/random.js';
import { testRedis, type SharedRedis } from './servers/redis.js';

/** How many entries are damaged in each way; 10,000 in all. */
const many = 1_000;

type Client = Awaited<ReturnType<typeof connected>>;

interface Damage {
  readonly name: string;
  /** What the entry becomes, or nothing where `put` does it. */
  readonly spoil?: (entry: Buffer, random: Random) => Buffer;
  /** Puts something else under the key. */
  readonly put?: (client: Client, key: string, entry: Buffer, random: Random) => Promise<unknown>;
  /** How it is counted. */
  readonly counts: readonly (keyof CacheStats['missesBy'])[];
}

const damages: readonly Damage[] = [
  { name: 'a flipped bit', spoil: flip, counts: ['damaged'] },
  {
    name: 'several flipped bits',
    spoil: (entry, random) => flip(flip(flip(entry, random), random), random),
    counts: ['damaged'],
  },
  { name: 'truncation', spoil: (entry, random) => entry.subarray(0, random.below(entry.length)), counts: ['damaged'] },
  {
    name: 'bytes after its end',
    spoil: (entry, random) => Buffer.concat([entry, Buffer.alloc(1 + random.below(9), random.below(256))]),
    counts: ['damaged'],
  },
  { name: 'a hole of zeroes', spoil: hole, counts: ['damaged'] },
  {
    name: 'garbage of the same length',
    spoil: (entry, random) => Buffer.from(entry.map(() => random.below(256))),
    counts: ['damaged'],
  },
  { name: 'another format', spoil: (entry, random) => random.pick(others(entry)), counts: ['damaged'] },
  { name: 'another type', put: putOtherType, counts: ['absent', 'damaged'] },
  {
    name: 'the entry of another key',
    put: (client, key, _entry, random) => client.sendCommand(['COPY', keyAt(key, random), key, 'REPLACE']),
    counts: ['damaged'],
  },
  { name: 'what cannot be decoded, under a good checksum', put: putUndecodable, counts: ['codec'] },
];

function flip(entry: Buffer, random: Random): Buffer {
  const spoilt = Buffer.from(entry);
  const at = random.below(entry.length);
  spoilt[at] = (spoilt[at] as number) ^ (1 << random.below(8));
  return spoilt;
}

function hole(entry: Buffer, random: Random): Buffer {
  const spoilt = Buffer.from(entry);
  const from = random.below(entry.length);
  return spoilt.fill(0, from, Math.min(entry.length, from + 1 + random.below(32)));
}

/** What older or other programs may have left there. */
function others(entry: Buffer): Buffer[] {
  const payload = entry.subarray(entry.indexOf(10) + 1);
  return [
    payload,
    Buffer.from('{"value":1,"expires":2}'),
    Buffer.from(''),
    Buffer.from('cenote/1 '),
    Buffer.from('cenote/f'),
    Buffer.from(`cenote/2 ${entry.toString('latin1', 9)}`, 'latin1'),
    Buffer.from('\n\n\n'),
    deflateRawSync(payload),
  ];
}

function putOtherType(client: Client, key: string, _entry: Buffer, random: Random): Promise<unknown> {
  const command = random.pick([
    ['RPUSH', key, 'x'],
    ['HSET', key, 'field', 'x'],
    ['SADD', key, 'x'],
    ['ZADD', key, '1', 'x'],
    ['XADD', key, '*', 'field', 'x'],
    ['SETRANGE', key, '40', 'x'],
  ]);
  return Promise.all([client.sendCommand(['DEL', key]), client.sendCommand(command)]);
}

/** A key next to it, which exists. */
function keyAt(key: string, random: Random): string {
  const index = Number(key.slice(key.lastIndexOf(':') + 1));
  return `${key.slice(0, key.lastIndexOf(':') + 1)}${(index + many / 2 + random.below(many / 4)) % many}`;
}

/** An unknown codec, an unknown compression, or compressed bytes that are none: written by caches that are set up so. */
async function putUndecodable(_client: Client, key: string, _entry: Buffer, random: Random): Promise<void> {
  const raw = key.slice(key.indexOf(':') + 1);
  await random.pick(strangers).set(raw, { name: raw, text: 'x'.repeat(200) });
}

let redis: SharedRedis;
let client: Client;
let cache: Cache;
let strangers: Cache<{ name: string; encode(value: unknown): Uint8Array; decode(bytes: Buffer): unknown }>[] = [];

async function connected(url: string) {
  const made = createClient({ url });
  made.on('error', () => undefined);
  return made.connect();
}

beforeAll(async () => {
  redis = await testRedis();
  client = await connected(redis.url);
  const open = <Options extends CacheOptions>(options: Options): Options => ({
    store: connect({ url: redis.url, deadline: '5s' }),
    prefix: redis.prefix,
    ttl: '1h',
    ...options,
  });
  cache = new Cache(open({ codec: 'json' as const, compress: { over: 100 } }));
  const decode = (bytes: Buffer): unknown => bytes;
  const codecs = [
    { name: 'cbor', encode: () => Buffer.from('x'), decode },
    { name: 'json', encode: () => Buffer.from('{"name":'), decode },
    { name: 'json', encode: () => Buffer.alloc(300, 'no JSON at all'), decode },
  ];
  strangers = codecs.map((codec) => new Cache(open({ codec, compress: false as const })));
});

afterAll(async () => {
  client.destroy();
  for (const one of [cache, ...strangers]) await one.close();
  await redis.stop();
});

describe.each([...damages.entries()].map(([index, damage]) => Object.assign(damage, { index })))(
  '$name',
  ({ name, spoil, put, counts, index }) => {
    test(`makes each of ${many} entries a counted miss, replaced by a fresh value`, { timeout: 60_000 }, async () => {
      const random = new Random('damage', index);
      const keys = Array.from({ length: many }, (_, number) => `damage${index}:${number}`);
      const value = (key: string, version: number): { name: string; version: number; text: string } => ({
        name: key,
        version,
        text: `${key} `.repeat(key.length % 3 === 0 ? 1 : 30),
      });
      const read = (version: number): Promise<Map<string, unknown>> =>
        cache.wrapMany(keys, (missing) => new Map(missing.map((key) => [key, value(key, version)])));
      await read(1);
      const stored = keys.map((key) => `${redis.prefix}:${key}`);
      const entries = await Promise.all(
        stored.map((key) => client.sendCommand<Buffer>(['GET', key], { typeMapping: { 36: Buffer } })),
      );
      const spoilt = await Promise.all(
        stored.map(async (key, number) => {
          const entry = entries[number] as Buffer;
          if (put) return put(client, key, entry, random);
          // Flipping the same bit twice would be no damage.
          let bytes = spoil?.(entry, random) ?? entry;
          while (bytes.equals(entry)) bytes = spoil?.(entry, random) ?? bytes;
          return client.sendCommand(['SET', key, bytes]);
        }),
      );
      expect(spoilt).toHaveLength(many);

      const before = (await cache.stats()).missesBy;
      const one = random.pick(keys);
      expect(await cache.get(one), 'alone').toBeUndefined();
      const values = await read(2);
      const after = (await cache.stats()).missesBy;
      expect(
        keys.filter((key) => JSON.stringify(values.get(key)) !== JSON.stringify(value(key, 2))),
        name,
      ).toEqual([]);
      const counted = Object.fromEntries(
        Object.entries(after).map(([reason, count]) => [
          reason,
          count - ((before as Record<string, number>)[reason] ?? 0),
        ]),
      );
      expect(
        Object.entries(counted).filter(
          ([reason, count]) => count > 0 && !(counts as readonly string[]).includes(reason),
        ),
      ).toEqual([]);
      expect(Object.values(counted).reduce((sum, count) => sum + count, 0)).toBe(many + 1);

      const again = await cache.getMany<{ version: number }>(keys);
      expect([...again.values()].filter(({ version }) => version === 2)).toHaveLength(many);
    });
  },
);
