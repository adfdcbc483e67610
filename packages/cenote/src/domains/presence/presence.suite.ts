import { afterEach, beforeEach, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { oneSlot } from '../kit/one-slot.fixture.js';
import { domainProcess, type DomainProcess, type Suite } from '../kit/worlds.fixture.js';
import { PresenceCache } from './index.js';
import { shardOf } from './shards.js';

type Process = DomainProcess<PresenceCache>;

/** A process whose operations keep to one slot each. */
export function open(world: World): Process {
  return domainProcess(world, (options) => new PresenceCache({ ...options, store: oneSlot(options.store) }));
}

/** What a listener is told: `alice online`. */
export function changesOf({ domain }: Process): string[] {
  const told: string[] = [];
  domain.on('change', ({ userId, status }) => void told.push(`${userId} ${status}`));
  return told;
}

/** Ids that fall into one shard. */
export function neighbours(count: number): string[] {
  const found: string[] = [];
  for (let n = 0; found.length < count; n++) if (shardOf(`user-${n}`) === 7) found.push(`user-${n}`);
  return found;
}

async function everyPage(presence: PresenceCache, limit: number, between = async () => {}): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await presence.getOnlineUsers({ limit, ...(cursor === undefined ? {} : { cursor }) });
    expect(page.partial).toBe(false);
    pages.push([...page.users]);
    cursor = page.cursor;
    await between();
  } while (cursor !== undefined);
  return pages;
}

/** What presence does on whatever store. */
export const presenceSuite: Suite = (makeWorld) => {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  test('a user is online from the first connection to the last', async () => {
    const { domain } = open(world);
    expect(await domain.getStatus('alice')).toBe('offline');
    await domain.setOnline('alice', '5m', { connectionId: 'phone' });
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await domain.setOffline('alice', { connectionId: 'phone' });
    expect([await domain.getStatus('alice'), await domain.isOnline('alice')]).toEqual(['online', true]);
    await domain.setOffline('alice', { connectionId: 'phone' });
    expect(await domain.isOnline('alice')).toBe(true);
    await domain.setOffline('alice', { connectionId: 'tab' });
    expect([await domain.getStatus('alice'), await domain.isOnline('alice')]).toEqual(['offline', false]);
  });

  test('without a name there is one connection, and going offline without a name ends all', async () => {
    const { domain } = open(world);
    await domain.setOnline('alice');
    await domain.setOnline('alice');
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await domain.setOffline('alice');
    expect(await domain.getStatus('alice')).toBe('offline');
  });

  test('away lasts through heartbeats, until the user does something or another connection comes', async () => {
    const { domain } = open(world);
    await domain.setAway('alice');
    expect(await domain.getStatus('alice')).toBe('offline');
    await domain.setOnline('alice');
    await domain.setAway('alice');
    await domain.extendOnline('alice');
    await domain.extendOnline('alice', '5m', { active: false });
    expect([await domain.getStatus('alice'), await domain.isOnline('alice')]).toEqual(['away', true]);
    await domain.extendOnline('alice', '5m', { active: true });
    expect(await domain.getStatus('alice')).toBe('online');
    await domain.setAway('alice');
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    expect(await domain.getStatus('alice')).toBe('online');
  });

  test('a silent user is offline at once, and is reported once, whoever sweeps', async () => {
    const processes = [open(world), open(world), open(world)];
    const [a] = processes as [Process];
    const told = changesOf(a);
    const users = [...neighbours(130), 'alice', 'bob'];
    await Promise.all(users.map((user) => a.domain.setOnline(user, 400)));
    await a.domain.setOnline('bob', '5m', { connectionId: 'tab' });
    expect(await a.domain.sweep()).toEqual([]);
    await world.pass(450);
    expect(await a.domain.getStatus('alice')).toBe('offline');
    expect(await a.domain.getOnlineCount()).toBe(1);
    const reports = await Promise.all([...processes, ...processes].map(({ domain }) => domain.sweep()));
    expect(reports.flat().toSorted()).toEqual(users.slice(0, -1).toSorted());
    expect(await a.domain.sweep()).toEqual([]);
    expect(told.filter((line) => line.endsWith('offline'))).toHaveLength(reports[0]!.length + reports[3]!.length);
  });

  test('a heartbeat keeps the connection, and brings back one that had expired', async () => {
    const { domain } = open(world);
    await domain.setOnline('alice', 400);
    await domain.extendOnline('alice', '5m');
    await world.pass(450);
    expect(await domain.getStatus('alice')).toBe('online');
    await domain.extendOnline('alice', 1);
    await world.pass(10);
    expect(await domain.getStatus('alice')).toBe('offline');
    await domain.extendOnline('alice');
    // Nobody noticed: there is nothing to report.
    expect([await domain.getStatus('alice'), await domain.sweep()]).toEqual(['online', []]);
    await domain.extendOnline('carol');
    expect(await domain.getStatus('carol')).toBe('online');
  });

  test('of several connections the last to expire counts', async () => {
    const { domain } = open(world);
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await domain.setOnline('alice', 400, { connectionId: 'phone' });
    await world.pass(450);
    expect([await domain.getStatus('alice'), await domain.sweep()]).toEqual(['online', []]);
    await domain.setOffline('alice', { connectionId: 'tab' });
    expect(await domain.getStatus('alice')).toBe('offline');
  });

  test('of more than 100 connections the next to expire give way', async () => {
    const { domain } = open(world);
    await domain.setOnline('alice', '1m', { connectionId: 'soonest' });
    for (let n = 0; n < 100; n++) await domain.setOnline('alice', '5m', { connectionId: `c${n}` });
    for (let n = 0; n < 99; n++) await domain.setOffline('alice', { connectionId: `c${n}` });
    expect(await domain.getStatus('alice')).toBe('online');
    await domain.setOffline('alice', { connectionId: 'c99' });
    expect(await domain.getStatus('alice')).toBe('offline');
  });

  test('last seen is the last heartbeat, and stays when the user has gone', async () => {
    const { domain, store } = open(world);
    expect(await domain.getLastSeen('alice')).toBeUndefined();
    const start = store.now();
    await domain.setOnline('alice', 400);
    await world.pass(100);
    await domain.extendOnline('alice', 400);
    const heard = await domain.getLastSeen('alice');
    expect(heard!.getTime()).toBeGreaterThanOrEqual(start + 90);
    await world.pass(450);
    expect(await domain.getLastSeen('alice')).toEqual(heard);
    expect(await domain.sweep()).toEqual(['alice']);
    expect(await domain.getLastSeen('alice')).toEqual(heard);
    await domain.setOnline('bob');
    const came = await domain.getLastSeen('bob');
    await world.pass(20);
    await domain.setOffline('bob');
    expect((await domain.getLastSeen('bob'))!.getTime()).toBeGreaterThan(came!.getTime());
  });

  test('when somebody was last seen is forgotten after the retention', async () => {
    const { domain } = domainProcess(world, (options) => new PresenceCache({ ...options, retention: 400 }));
    await domain.setOnline('alice');
    await domain.setOnline('dave');
    await domain.setOffline('alice');
    await world.pass(300);
    await domain.setOffline('dave');
    expect(await domain.getLastSeen('alice')).toBeDefined();
    await world.pass(150);
    await domain.sweep();
    expect(await domain.getLastSeen('alice')).toBeUndefined();
    expect(await domain.getLastSeen('dave')).toBeDefined();
  });

  test('the status of many, in the order of asking, by one call for each shard', async () => {
    const { domain, store } = open(world);
    const users = Array.from({ length: 300 }, (_, n) => `user-${n}`);
    await Promise.all(users.filter((_, n) => n % 3 > 0).map((user) => domain.setOnline(user)));
    await Promise.all(users.filter((_, n) => n % 3 === 2).map((user) => domain.setAway(user)));
    const before = store.calls.length;
    const statuses = await domain.getBulkStatus([...users, 'user-1']);
    const calls = store.calls.slice(before);
    expect([...statuses.keys()]).toEqual(users);
    expect([...statuses.values()]).toEqual(users.map((_, n) => ['offline', 'online', 'away'][n % 3]));
    expect(calls).toEqual(Array.from(new Set(users.map(shardOf)), () => 'run:presence:status'));
    expect(await domain.getBulkStatus([])).toEqual(new Map());
  });

  test('where one operation may touch all keys, many are asked in few calls', async () => {
    const { domain, store } = domainProcess(world, (options) => new PresenceCache(options));
    const users = Array.from({ length: 2_500 }, (_, n) => `user-${n}`);
    await Promise.all(users.map((user, n) => domain.setOnline(user, n < 100 ? 400 : '5m')));
    await world.pass(450);
    const before = store.calls.length;
    const statuses = [...(await domain.getBulkStatus(users)).values()];
    expect(statuses).toEqual(users.map((_, n) => (n < 100 ? 'offline' : 'online')));
    expect(await domain.getOnlineCount()).toBe(2_400);
    await domain.poll();
    const asked = store.calls.slice(before);
    expect(asked.filter((call) => call !== 'run:presence:status')).toEqual([
      'run:presence:count',
      'run:presence:changes',
    ]);
    // A shard is not divided between two: so they may be one more than 2,500 / 1,000.
    expect(asked.length).toBeLessThanOrEqual(2 + 4);
    expect((await domain.sweep()).toSorted()).toEqual(users.slice(0, 100).toSorted());
    expect(await domain.sweep()).toEqual([]);
    expect(store.calls.slice(-1)).toEqual(['run:presence:silent']);
    const { users: listed } = await domain.getOnlineUsers({ limit: 1_000 });
    expect(new Set(listed).size).toBe(1_000);
  });

  test('everyone who is connected is listed once, a page at a time, whatever is heard of them meanwhile', async () => {
    const { domain } = open(world);
    expect(await domain.getOnlineUsers()).toEqual({ users: [], partial: false });
    const users = [...neighbours(25), ...Array.from({ length: 150 }, (_, n) => `other-${n}`)];
    await Promise.all(users.map((user) => domain.setOnline(user)));
    await domain.setAway('other-3');
    await domain.setOffline('other-4');
    const connected = users.filter((user) => user !== 'other-4').toSorted();
    expect(await domain.getOnlineCount()).toBe(connected.length);
    for (const limit of [1, 7, 100, 1_000]) {
      const pages = await everyPage(domain, limit, async () => {
        await Promise.all(['other-1', 'other-2', ...neighbours(3)].map((user) => domain.extendOnline(user)));
      });
      expect(pages.flat().toSorted()).toEqual(connected);
      expect(Math.max(...pages.map((page) => page.length))).toBe(Math.min(limit, connected.length));
      if (limit > 1) expect(pages.length).toBeLessThan((2 * connected.length) / limit + 2);
    }
  });

  test('the silent are neither counted nor listed', async () => {
    const { domain } = open(world);
    const [first, second, third] = neighbours(3) as [string, string, string];
    await domain.setOnline(first, 400);
    await domain.setOnline(second, 400);
    await domain.setOnline(third);
    await world.pass(450);
    expect(await domain.getOnlineCount()).toBe(1);
    expect((await everyPage(domain, 1)).flat()).toEqual([third]);
  });

  test('typing lasts for its time, until cleared', async () => {
    const { domain } = open(world);
    await domain.setTyping('c1', 'alice', 400);
    await domain.setTyping('c1', 'bob');
    await domain.setTyping('c1', 'carol', '5s');
    expect(await domain.getTypingUsers('c1')).toEqual(['alice', 'carol', 'bob']);
    expect([await domain.isTyping('c1', 'alice'), await domain.isTyping('c2', 'alice')]).toEqual([true, false]);
    await domain.clearTyping('c1', 'carol');
    await world.pass(450);
    expect(await domain.getTypingUsers('c1')).toEqual(['bob']);
    expect(await domain.isTyping('c1', 'alice')).toBe(false);
    await domain.setTyping('c1', 'alice');
    await domain.setTyping('c1', 'alice', '30s');
    expect(await domain.getTypingUsers('c1')).toEqual(['bob', 'alice']);
  });
};
