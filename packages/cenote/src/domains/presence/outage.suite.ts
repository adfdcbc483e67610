import { afterEach, beforeEach, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { UsageError } from '../../core/errors.js';
import type { Suite } from '../kit/worlds.fixture.js';
import type { PresenceCache } from './index.js';
import { changesOf, open } from './presence.suite.js';

/** Everything that reads, with what it answers while the store is away. */
const reads: readonly (readonly [(presence: PresenceCache) => Promise<unknown>, unknown])[] = [
  [(presence) => presence.getStatus('alice'), 'unknown'],
  [(presence) => presence.isOnline('alice'), false],
  [(presence) => presence.getLastSeen('alice'), undefined],
  [
    (presence) => presence.getBulkStatus(['alice', 'bob']),
    new Map([
      ['alice', 'unknown'],
      ['bob', 'unknown'],
    ]),
  ],
  [(presence) => presence.getOnlineCount(), undefined],
  [(presence) => presence.getOnlineUsers(), { users: [], partial: true }],
  [(presence) => presence.isTyping('c1', 'alice'), false],
  [(presence) => presence.getTypingUsers('c1'), []],
  [(presence) => presence.sweep(), []],
  [(presence) => presence.poll(), undefined],
];

const writes: readonly ((presence: PresenceCache, options?: { signal: AbortSignal }) => Promise<unknown>)[] = [
  (presence, options) => presence.setOnline('alice', '5m', options),
  (presence, options) => presence.extendOnline('alice', '5m', options),
  (presence, options) => presence.setAway('alice', options),
  (presence, options) => presence.setOffline('alice', options),
  (presence, options) => presence.setTyping('c1', 'alice', '10s', options),
  (presence, options) => presence.clearTyping('c1', 'alice', options),
];

/** What presence does while its store is away, when that is another one, and with what it cannot take. */
export const outageSuite: Suite = (makeWorld) => {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  test('while the store is away everything answers, and each call tells one fault', async () => {
    const { domain, store, events } = open(world);
    await domain.setOnline('alice');
    store.takeDown();
    for (const write of writes) expect(await write(domain)).toBeUndefined();
    expect(events.filter(({ type }) => type === 'store-fault')).toHaveLength(writes.length);
    for (const [read, answer] of reads) expect(await read(domain)).toEqual(answer);
    store.restore();
    for (const target of ['status', 'count', 'page', 'last-seen', 'typists', 'silent', 'changes']) {
      const before = events.length;
      store.fail(`run:presence:${target}`, undefined, 64);
      for (const [read] of reads) await read(domain);
      expect(events.length, target).toBeGreaterThan(before);
    }
  });

  test('where a part of the store does not answer, the rest does', async () => {
    const { domain, store } = open(world);
    const users = Array.from({ length: 200 }, (_, n) => `user-${n}`);
    await Promise.all(users.map((user) => domain.setOnline(user)));
    store.fail('run:presence:status');
    const statuses = [...(await domain.getBulkStatus(users)).values()];
    expect(new Set(statuses)).toEqual(new Set(['online', 'unknown']));
    store.fail('run:presence:count');
    expect(await domain.getOnlineCount()).toBeUndefined();
    store.fail('run:presence:page');
    expect(await domain.getOnlineUsers()).toMatchObject({ partial: true });
  });

  test('a store that hangs is waited for no longer than the deadline', async () => {
    const { domain, store, events } = open(world);
    store.hang('*', 1_000);
    const begin = world.clock.monotonic();
    expect(await world.soon(domain.getStatus('alice', { deadline: 40 }))).toBe('unknown');
    expect(await world.soon(domain.getBulkStatus(['alice', 'bob'], { deadline: 40 }))).toHaveProperty('size', 2);
    expect(world.clock.monotonic() - begin).toBeLessThan(400);
    expect(events.map(({ type }) => type)).toEqual(['store-fault', 'store-fault']);
  });

  test('going offline is kept, and told to the store when it is back', async () => {
    const [a, b] = [open(world), open(world)];
    const told = changesOf(a);
    await a.domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await a.domain.setOnline('bob');
    await world.pass(20);
    a.store.takeDown();
    await a.domain.setOffline('alice', { connectionId: 'tab' });
    await a.domain.setOffline('bob');
    expect(await b.domain.getStatus('alice')).toBe('online');
    a.store.restore();
    await world.pass(100);
    expect([...(await b.domain.getBulkStatus(['alice', 'bob'])).values()]).toEqual(['offline', 'offline']);
    expect(told.slice(2).toSorted()).toEqual(['alice offline', 'bob offline']);
  });

  test('a kept leave does not take offline who has been heard of since', async () => {
    const [a, b] = [open(world), open(world)];
    await a.domain.setOnline('alice');
    await a.domain.setOnline('bob', '5m', { connectionId: 'tab' });
    a.store.takeDown();
    await a.domain.setOffline('alice');
    await a.domain.setOffline('bob', { connectionId: 'tab' });
    await world.pass(20);
    await b.domain.extendOnline('alice');
    await b.domain.extendOnline('bob', '5m', { connectionId: 'phone' });
    a.store.restore();
    await world.pass(100);
    expect([...(await b.domain.getBulkStatus(['alice', 'bob'])).values()]).toEqual(['online', 'online']);
    await b.domain.setOffline('bob', { connectionId: 'phone' });
    expect(await b.domain.getStatus('bob')).toBe('offline');
  });

  test('a kept leave is dropped when its connection comes back', async () => {
    const { domain, store } = open(world);
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    store.fail('run:presence:change');
    await domain.setOffline('alice', { connectionId: 'tab' });
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await world.pass(2_000);
    expect(await domain.getStatus('alice')).toBe('online');
  });

  test('a kept leave of all connections is dropped when any comes back', async () => {
    const { domain, store } = open(world);
    await domain.setOnline('alice');
    // A clock that is ahead, as this process knows it: by it alone the leave would be the newer.
    store.fail('run:presence:change');
    const now = store.now.bind(store);
    store.now = () => now() + 60_000;
    await domain.setOffline('alice');
    store.now = now;
    await domain.setOnline('alice', '5m', { connectionId: 'tab' });
    await world.pass(2_000);
    expect(await domain.getStatus('alice')).toBe('online');
  });

  test('of what another server brings back only when users were last seen counts', async () => {
    const [a, b] = [open(world), open(world)];
    const told = changesOf(b);
    const gaps: string[] = [];
    b.domain.on('gap', ({ reason }) => void gaps.push(reason));
    await b.domain.poll();
    await a.domain.setOnline('alice');
    await a.domain.setOnline('bob', 400);
    await a.domain.setTyping('c1', 'alice', '1m');
    for (const { store } of [a, b]) store.restore('another');
    expect(await a.domain.getStatus('alice')).toBe('offline');
    expect([await a.domain.getOnlineCount(), await a.domain.getTypingUsers('c1')]).toEqual([0, []]);
    expect(await a.domain.getLastSeen('alice')).toBeDefined();
    await b.domain.poll();
    await world.pass(450);
    // Neither are those reported offline of whom nothing is known any more.
    expect([await b.domain.sweep(), told, gaps]).toEqual([[], [], ['restart']]);
    await a.domain.extendOnline('alice');
    await b.domain.poll();
    expect([told, gaps, await b.domain.getStatus('alice')]).toEqual([['alice online'], ['restart'], 'online']);
  });

  test('who could not poll at first is told of a gap when that goes', async () => {
    const [a, b] = [open(world), open(world)];
    const gaps: string[] = [];
    b.domain.on('gap', ({ reason }) => void gaps.push(reason));
    b.store.fail('run:presence:changes', undefined, 3);
    await b.domain.poll();
    await a.domain.setOnline('alice');
    expect(gaps).toEqual([]);
    await b.domain.poll();
    await b.domain.poll();
    expect(gaps).toEqual(['restart']);
  });

  test('only the caller who gives up is refused', async () => {
    const { domain } = open(world);
    const reason = new Error('gone');
    const options = { signal: AbortSignal.abort(reason) };
    for (const write of writes) await expect(write(domain, options)).rejects.toBe(reason);
    for (const read of [
      domain.getStatus('alice', options),
      domain.getBulkStatus(['alice'], options),
      domain.getOnlineUsers(options),
      domain.getOnlineCount(options),
      domain.sweep(options),
      domain.poll(options),
      domain.getTypingUsers('c1', options),
    ])
      await expect(read).rejects.toBe(reason);
  });

  const long = 'x'.repeat(513);
  const mistakes: Record<string, (presence: PresenceCache) => unknown> = {
    'an empty user': (presence) => presence.setOnline(''),
    'a user with a colon': (presence) => presence.setOffline('a:b'),
    'a user with a brace': (presence) => presence.setAway('a{b'),
    'a user with a blank': (presence) => presence.getLastSeen('a b'),
    'a user of 513 bytes': (presence) => presence.getStatus(long),
    'a user that is no text': (presence) => presence.isOnline(7 as never),
    'one of many users': (presence) => presence.getBulkStatus(['alice', '']),
    'no list of users': (presence) => presence.getBulkStatus('alice' as never),
    'an empty connection': (presence) => presence.setOnline('alice', '5m', { connectionId: '' }),
    'a connection with a blank': (presence) => presence.setOffline('alice', { connectionId: 'a b' }),
    'no time': (presence) => presence.setOnline('alice', 0),
    'a negative time': (presence) => presence.extendOnline('alice', -1),
    NaN: (presence) => presence.extendOnline('alice', Number.NaN),
    'for ever': (presence) => presence.setOnline('alice', Infinity),
    'over 7 days': (presence) => presence.setOnline('alice', '8d'),
    'typing over an hour': (presence) => presence.setTyping('c1', 'alice', '2h'),
    'typing nowhere': (presence) => presence.setTyping('', 'alice'),
    'typing by nobody': (presence) => presence.isTyping('c1', ''),
    'active as a text': (presence) => presence.extendOnline('alice', '5m', { active: 'yes' as never }),
    'no users at all': (presence) => presence.getOnlineUsers({ limit: 0 }),
    'too many users': (presence) => presence.getOnlineUsers({ limit: 1_001 }),
    'half a user': (presence) => presence.getOnlineUsers({ limit: 1.5 }),
    'another cursor': (presence) => presence.getOnlineUsers({ cursor: '64' }),
    'a cursor that is no text': (presence) => presence.getOnlineUsers({ cursor: 3 as never }),
    'an unknown option': (presence) => presence.setOnline('alice', '5m', { connection: 'tab' } as never),
    'an unknown event': (presence) => presence.on('changes' as never, () => {}),
    'no listener': (presence) => presence.on('change', 'me' as never),
    'no pause': (presence) => presence.start({ every: 0 }),
  };
  test.each(Object.entries(mistakes))('%s is a mistake, and changes nothing', async (_, mistake) => {
    const { domain, store } = open(world);
    await domain.setOnline('alice');
    const before = store.calls.length;
    await expect((async () => mistake(domain))()).rejects.toBeInstanceOf(UsageError);
    expect([store.calls.length, await domain.getStatus('alice')]).toEqual([before, 'online']);
  });
};
