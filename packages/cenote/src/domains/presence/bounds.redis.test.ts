import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { hashSlot } from '../../core/slot.js';
import { connect } from '../../store/connect.js';
import type { Store } from '../../store/store.js';
import { PresenceCache } from './index.js';
import { neighbours } from './presence.suite.js';
import { shardCount } from './shards.js';

/** What presence leaves on a server, sends to it, and makes of what it brings back. */
let redis: RedisServer;
let store: Store;
let presence: PresenceCache;
const [alice, bob, carol] = neighbours(3) as [string, string, string];

beforeAll(async () => {
  redis = await startRedis();
  store = connect({ url: redis.url, deadline: '5s' });
});
afterAll(async () => {
  await store.close();
  await redis.stop();
});
beforeEach(async () => {
  await redis.command('FLUSHALL');
  presence = new PresenceCache({ store, prefix: 'app' });
});

const keys = async (): Promise<string[]> => ((await redis.command('KEYS', '*')) as string[]).toSorted();
const size = async (command: string, key: string): Promise<number> => Number(await redis.command(command, key));

/** How often the server has been sent each command, or a script has called it. */
async function calls(): Promise<Map<string, number>> {
  const info = String(await redis.command('INFO', 'commandstats'));
  return new Map(
    [...info.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name = '', count]) => [name, Number(count)]),
  );
}

test('the keys of a user lie in one slot, those of other shards in others, and all of them expire', async () => {
  await presence.setOnline(alice);
  await presence.setAway(alice);
  const epoch = store.epoch!;
  const shard = ['expiry', 'feed', 'names', 'users'].map((what) => `app:presence:{s7}:${epoch}:${what}`);
  expect(await keys()).toEqual(['app:lastseen:{s7}', ...shard]);
  expect(new Set((await keys()).map(hashSlot)).size).toBe(1);
  const tags = Array.from({ length: shardCount }, (_, n) => `app:presence:{s${n}}`);
  expect(new Set(tags.map(hashSlot)).size).toBe(shardCount);
  await presence.setTyping('c1', alice);
  for (const key of await keys()) expect(await size('PTTL', key), key).toBeGreaterThan(0);
  expect(await size('PTTL', `app:typing:{c1}:${epoch}`)).toBeLessThanOrEqual(10_000);
  await presence.setOffline(alice);
  expect(await keys()).toEqual(['app:lastseen:{s7}', shard[1], `app:typing:{c1}:${epoch}`]);
});

test('a shard lives for an hour after its last connection at least, prolonged seldom', async () => {
  const users = `app:presence:{s7}:${store.epoch!}:users`;
  await presence.setOnline(alice, '1m');
  expect(await size('PTTL', users)).toBeGreaterThan(2 * 3_600_000);
  const before = (await calls()).get('pexpire') ?? 0;
  for (let n = 0; n < 10; n++) await presence.extendOnline(alice, '1m');
  expect((await calls()).get('pexpire') ?? 0).toBe(before);
  await presence.extendOnline(alice, '1d');
  expect(await size('PTTL', users)).toBeGreaterThan(25 * 3_600_000);
  expect(await size('PTTL', users.replace('users', 'feed'))).toBeGreaterThan(25 * 3_600_000);
});

test('a heartbeat calls five commands, and the feed keeps 500 changes', async () => {
  await presence.setOnline(alice);
  const before = await calls();
  await presence.extendOnline(alice);
  const after = await calls();
  const called = [...after].flatMap(([name, count]) => (count === before.get(name) ? [] : [name]));
  expect(called.filter((name) => !['evalsha', 'info', 'hello', 'config|resetstat'].includes(name)).toSorted()).toEqual([
    'hget',
    'hset',
    'pttl',
    'time',
    'zadd',
  ]);
  for (let n = 0; n < 300; n++) await Promise.all([presence.setAway(alice), presence.setOnline(alice)]);
  expect(await size('ZCARD', `app:presence:{s7}:${store.epoch!}:feed`)).toBe(500);
});

test('nobody sweeps: who has been silent for over an hour goes when others come', async () => {
  const shard = `app:presence:{s7}:${store.epoch!}`;
  const long = Date.now() - 3_700_000;
  await presence.setOnline(alice);
  await presence.setOnline(bob);
  for (const [user, expires] of [
    [alice, long],
    [bob, Date.now() - 3_000_000],
  ] as const) {
    await redis.command('HSET', `${shard}:users`, user, `online ${expires - 1_000} ${expires} :`);
    await redis.command('ZADD', `${shard}:expiry`, `${expires}`, user);
  }
  const told: string[] = [];
  const other = new PresenceCache({ store, prefix: 'app' });
  other.on('change', ({ userId, status }) => void told.push(`${userId} ${status}`));
  await other.poll();
  await presence.setOnline(carol);
  await other.poll();
  expect(told).toEqual([`${alice} offline`, `${carol} online`]);
  expect(await presence.getLastSeen(alice)).toEqual(new Date(long - 1_000));
  expect(await presence.sweep()).toEqual([bob]);
  expect(await size('HLEN', `${shard}:users`)).toBe(1);
  expect(await size('ZCARD', `${shard}:names`)).toBe(1);
});

test('when the many were last seen who are gone for long is forgotten a few at a time, at each leave', async () => {
  const old = Date.now() - 31 * 86_400_000;
  for (let n = 0; n < 5; n++) await redis.command('ZADD', 'app:lastseen:{s7}', `${old}`, `old-${n}`);
  await presence.setOnline(alice);
  await presence.setOffline(alice);
  expect(await size('ZCARD', 'app:lastseen:{s7}')).toBe(4);
  await presence.sweep();
  expect(await size('ZCARD', 'app:lastseen:{s7}')).toBe(1);
});

test('no method looks through the keyspace', async () => {
  await redis.command('CONFIG', 'RESETSTAT');
  await presence.setOnline(alice);
  await presence.getBulkStatus([alice, bob]);
  await presence.getOnlineUsers();
  await presence.getOnlineCount();
  await presence.setTyping('c1', alice);
  await presence.getTypingUsers('c1');
  await presence.sweep();
  await presence.poll();
  await presence.getLastSeen(alice);
  await presence.setOffline(alice);
  const sent = [...(await calls()).keys()];
  expect(sent).toContain('evalsha');
  expect(sent.filter((name) => /^(?:scan|keys|hscan|zscan|hgetall|smembers)$/.test(name))).toEqual([]);
});

test('a server that is killed and comes back with a snapshot brings nobody back, and reports nobody', async () => {
  const told: string[] = [];
  presence.on('change', ({ userId, status }) => void told.push(`${userId} ${status}`));
  presence.on('gap', ({ reason }) => void told.push(reason));
  await presence.poll();
  await presence.setOnline(alice, '1h');
  await presence.setOnline(bob, 200);
  await redis.command('SAVE');
  await presence.setOffline(alice);
  await redis.kill();
  expect(await presence.getStatus(alice)).toBe('unknown');
  await redis.start();
  await expect.poll(() => presence.getStatus(alice), { timeout: 10_000 }).not.toBe('unknown');
  expect(await presence.getStatus(alice)).toBe('offline');
  expect([await presence.sweep(), await presence.getOnlineCount()]).toEqual([[], 0]);
  await presence.poll();
  await presence.extendOnline(bob);
  expect(told).toEqual([`${alice} online`, `${bob} online`, `${alice} offline`, 'restart', `${bob} online`]);
  expect(await presence.getLastSeen(alice)).toBeDefined();
});
