import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { UsageError } from '../../core/errors.js';
import { defineOperation } from '../../store/operation.js';
import type { Store } from '../../store/store.js';
import { oneSlot } from '../kit/one-slot.fixture.js';
import { domainProcess, type DomainProcess, type Suite } from '../kit/worlds.fixture.js';
import { ConversationCache, type ChatConversation, type ConversationCacheOptions } from './index.js';

/** Puts a text where something else stands, as another program would. */
const overwrite = defineOperation<{ key: string; value: string }, void>({
  name: 'test:overwrite',
  lua: "redis.call('SET', KEYS[1], ARGV[1])",
  invalidates: false,
  encode: ({ key, value }) => ({ keys: [key], args: [value] }),
  local(data, { keys: [key = ''], args: [value = ''] }) {
    data.set(key, value);
    return null;
  },
  decode: () => undefined,
});

/** Damages what a list holds of a conversation. */
const damage = defineOperation<{ bodies: string; id: string; value: string }, void>({
  name: 'test:damage',
  lua: "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])",
  invalidates: false,
  encode: ({ bodies, id, value }) => ({ keys: [bodies], args: [id, value] }),
  local(data, { keys: [bodies = ''], args: [id, value = ''] }) {
    data.hset(bodies, String(id), value);
    return null;
  },
  decode: () => undefined,
});

type Chats = ConversationCache;

const start = Date.UTC(2030, 0, 1);

/** The conversation of a number, whose last message was sent at that second. */
function chat(number: number, more: Partial<ChatConversation> = {}): ChatConversation {
  return {
    id: `c${number}`,
    type: 'direct',
    name: `chat ${number}`,
    lastMessageId: `m${number}`,
    lastMessageText: `text ${number}`,
    lastMessageAt: start + number * 1_000,
    unreadCount: 0,
    isPinned: false,
    isMuted: false,
    ...more,
  };
}

const chats = (...numbers: number[]): ChatConversation[] => numbers.map((number) => chat(number));

/** Conversations of users, on whatever store, on one server or as on a cluster. */
export const conversationsSuite: Suite = (makeWorld) => {
  describe('on one server', () => {
    behaviour(makeWorld, (store) => store);
  });
  describe('as on a cluster', () => {
    behaviour(makeWorld, oneSlot);
  });
};

function behaviour(makeWorld: () => World, arrange: (store: Store) => Store): void {
  let world: World;
  let process: DomainProcess<Chats>;
  let cache: Chats;
  const open = (options: Partial<ConversationCacheOptions> = {}): DomainProcess<Chats> =>
    domainProcess(world, (given) => new ConversationCache({ ...given, store: arrange(given.store), ...options }));
  beforeEach(() => {
    world = makeWorld();
    process = open();
    cache = process.domain;
  });
  afterEach(() => world.close());

  const key = (...parts: string[]): string => [`${world.prefix}:conversations:user:{u}`, ...parts].join(':');
  const ids = async (limit = 50, of = cache): Promise<string[] | undefined> =>
    (await of.getUserConversations('u', limit))?.map(({ id }) => id);
  const get = async (id: string, of = cache): Promise<ChatConversation | undefined> =>
    (await of.getUserConversations('u', 50))?.find((each) => each.id === id);
  const faults = (): unknown[] => process.events.filter(({ type }) => type === 'store-fault');
  /** Every change of one conversation. */
  const changes: [string, (of: Chats, id: string) => Promise<unknown>][] = [
    ['a last message', (of, id) => of.updateLastMessage('u', id, 'm9', 'new', start + 9_000)],
    ['an increment', (of, id) => of.incrementUnread('u', id)],
    ['a reset', (of, id) => of.resetUnread('u', id)],
    ['pinning', (of, id) => of.setPinned('u', id, true)],
    ['unpinning', (of, id) => of.setPinned('u', id, false)],
    ['muting', (of, id) => of.setMuted('u', id, true)],
    ['a removal', (of, id) => of.removeConversation('u', id)],
  ];

  describe('lists', () => {
    test('a cold list is not an empty one', async () => {
      expect(await ids()).toBeUndefined();
      await cache.setUserConversations('u', []);
      expect(await ids()).toEqual([]);
      expect(await cache.getTotalUnreadCount('u')).toBe(0);
    });

    test('pinned ones come first, then the newest, at a tie by their ids, bytewise', async () => {
      const pinned = [chat(1, { isPinned: true }), chat(2, { isPinned: true })];
      const same = ['b', 'B', 'é'].map((id) => chat(9, { id }));
      const none = chat(0, { id: 'none', lastMessageAt: null, lastMessageId: null, lastMessageText: null });
      await cache.setUserConversations('u', [none, ...chats(3, 5, 4), ...pinned, ...same]);
      expect(await ids()).toEqual(['c2', 'c1', 'é', 'b', 'B', 'c5', 'c4', 'c3', 'none']);
      expect(await ids(3)).toEqual(['c2', 'c1', 'é']);
      expect(await ids(1)).toEqual(['c2']);
    });

    test('are given back as they were', async () => {
      const given = [
        chat(3, { lastMessageAt: new Date(start), avatar: null }),
        chat(2, { lastMessageAt: '2029-01-01T00:00:00.000Z', name: '{"a":[],"b":1e15}' }),
      ];
      await cache.setUserConversations('u', given);
      const found = await cache.getUserConversations('u', 9);
      expect(found).toEqual(given);
      expect(found?.every((each) => Object.isFrozen(each))).toBe(true);
    });

    test('what has no counts or flags does not get any, until they change', async () => {
      const bare = { id: 'c1', type: 'group', name: 'bare' } as ChatConversation;
      await cache.setUserConversations('u', [bare]);
      expect(await get('c1')).toEqual(bare);
      await cache.incrementUnread('u', 'c1');
      await cache.setMuted('u', 'c1', true);
      expect(await get('c1')).toEqual({ ...bare, unreadCount: 1, isMuted: true });
    });

    test('the first five hundred are kept; who asks for all that are held gets them', async () => {
      const many = Array.from({ length: 520 }, (_, number) => chat(number));
      await cache.setUserConversations('u', [...many, chat(0, { isPinned: true })]);
      const found = await ids(600);
      expect(found).toHaveLength(500);
      expect(found?.[0]).toBe('c0');
      expect(found?.at(-1)).toBe('c21');
    });

    test('a list expires as a whole; changes do not prolong it', async () => {
      await cache.setUserConversations('u', chats(1, 2), 250);
      await cache.setPinned('u', 'c1', true);
      await cache.updateLastMessage('u', 'c2', 'm3', 'new', start + 3_000);
      expect(await ids()).toEqual(['c1', 'c2']);
      for (const part of [[], ['pinned'], ['bodies']])
        expect(await process.store.expiry(key(...part))).toBeLessThanOrEqual(250);
      await world.pass(300);
      expect(await ids()).toBeUndefined();
      expect(await cache.setPinned('u', 'c1', false)).toBe(false);
    });

    test('live ten minutes, and the option says otherwise', async () => {
      await cache.setUserConversations('u', chats(1));
      expect(await process.store.expiry(key())).toBeGreaterThan(599_000);
      await open({ ttl: '1h' }).domain.setUserConversations('u', chats(1));
      expect(await process.store.expiry(key())).toBeGreaterThan(3_599_000);
    });

    test.each(changes)('a cold list stays cold: %s', async (_, change) => {
      await change(cache, 'c1');
      expect(await ids()).toBeUndefined();
      expect(await cache.getTotalUnreadCount('u')).toBeUndefined();
    });

    test('a list that lost a part, to eviction, is cold', async () => {
      for (const part of [key(), key('pinned'), key('bodies')]) {
        await cache.setUserConversations('u', [...chats(1, 2), chat(3, { isPinned: true })]);
        await process.store.delete([part]);
        expect(await ids(1)).toBeUndefined();
        expect(await cache.getTotalUnreadCount('u')).toBeUndefined();
        expect(await cache.updateLastMessage('u', 'c1', 'm9', 'new', start + 9_000)).toBe(false);
        expect(await ids(1)).toBeUndefined();
      }
    });

    test('what is no list is cold, and replaced', async () => {
      for (const part of [key(), key('pinned'), key('bodies'), key('counted')]) {
        await process.store.run(overwrite, { key: part, value: 'x' });
        expect(await ids()).toBeUndefined();
        expect(await cache.incrementUnread('u', 'c1', 1, { messageId: 'm' })).toBeUndefined();
        await cache.setUserConversations('u', chats(1));
        expect(await ids()).toEqual(['c1']);
        await cache.deleteUserConversations('u');
      }
      expect(faults()).toEqual([]);
    });

    test('users have nothing in common', async () => {
      await cache.setUserConversations('u', chats(1));
      await cache.setUserConversations('v', chats(1, 2));
      await cache.removeConversation('u', 'c1');
      expect(await ids()).toEqual([]);
      expect(await cache.getUserConversations('v', 9)).toEqual(chats(2, 1));
      await cache.deleteUserConversations('v');
      expect(await cache.getUserConversations('v', 9)).toBeUndefined();
    });
  });

  describe('last messages', () => {
    test('show in the conversation, which takes its place', async () => {
      await cache.setUserConversations('u', chats(1, 2, 3));
      const at = new Date(start + 9_500);
      expect(await cache.updateLastMessage('u', 'c1', 'm9', '"new"\n\u2028', at)).toBe(true);
      expect(await ids()).toEqual(['c1', 'c3', 'c2']);
      const told = { lastMessageId: 'm9', lastMessageText: '"new"\n\u2028', lastMessageAt: at };
      expect(await get('c1')).toEqual(chat(1, told));
    });

    test('that come late or again change nothing', async () => {
      await cache.setUserConversations('u', chats(1));
      await cache.updateLastMessage('u', 'c1', 'm5', 'fifth', start + 5_000);
      expect(await cache.updateLastMessage('u', 'c1', 'm5', 'again', start + 5_000)).toBe(false);
      expect(await cache.updateLastMessage('u', 'c1', 'm4', 'late', start + 4_999)).toBe(false);
      expect(await cache.updateLastMessage('u', 'c1', 'm40', 'late', start + 5_000)).toBe(false);
      expect((await get('c1'))?.lastMessageText).toBe('fifth');
      expect(await cache.updateLastMessage('u', 'c1', 'm50', 'tie', start + 5_000)).toBe(true);
      expect((await get('c1'))?.lastMessageText).toBe('tie');
    });

    test('of two processes the newest stands, in whatever order they come', async () => {
      const other = open().domain;
      await cache.setUserConversations('u', chats(1, 2));
      await Promise.all(
        Array.from({ length: 60 }, (_, number) => (number * 37) % 60).map((number) =>
          (number % 2 ? cache : other).updateLastMessage('u', 'c1', `m${number}`, '', start + 9_000 + number),
        ),
      );
      expect(await get('c1')).toEqual(
        chat(1, { lastMessageId: 'm59', lastMessageText: '', lastMessageAt: start + 9_059 }),
      );
    });

    test('of a conversation that a whole list does not know make it cold', async () => {
      await cache.setUserConversations('u', chats(1));
      expect(await cache.updateLastMessage('u', 'c7', 'm7', 'first', start)).toBe(false);
      expect(await ids()).toBeUndefined();
    });
  });

  describe('unread', () => {
    test('is counted, reset and summed', async () => {
      await cache.setUserConversations('u', [chat(1, { unreadCount: 2 }), chat(2, { isMuted: true }), chat(3)]);
      expect(await cache.incrementUnread('u', 'c1')).toBe(3);
      expect(await cache.incrementUnread('u', 'c2', 4)).toBe(4);
      expect(await cache.getTotalUnreadCount('u')).toBe(7);
      expect(await cache.getTotalUnreadCount('u', { mutedToo: false })).toBe(3);
      await cache.setMuted('u', 'c1', true);
      await cache.setMuted('u', 'c2', false);
      expect(await cache.getTotalUnreadCount('u', { mutedToo: false })).toBe(4);
      expect(await cache.resetUnread('u', 'c2')).toBe(true);
      expect(await cache.getTotalUnreadCount('u')).toBe(3);
      await cache.removeConversation('u', 'c1');
      expect(await cache.getTotalUnreadCount('u')).toBe(0);
      expect((await get('c2'))?.unreadCount).toBe(0);
    });

    test('a message that is named counts once, however often and wherever it is delivered', async () => {
      const other = open().domain;
      await cache.setUserConversations('u', chats(1, 2));
      const deliveries = Array.from({ length: 90 }, (_, number) => `n${number % 30}`);
      await Promise.all(
        deliveries.map((messageId, index) => (index % 2 ? cache : other).incrementUnread('u', 'c1', 1, { messageId })),
      );
      expect((await get('c1'))?.unreadCount).toBe(30);
      expect(await cache.incrementUnread('u', 'c2', 1, { messageId: 'n0' })).toBe(1);
    });

    test('a message that came while the list was cold is in what is loaded, and not counted again', async () => {
      expect(await cache.incrementUnread('u', 'c1', 1, { messageId: 'n1' })).toBeUndefined();
      await world.soon(cache.loadUserConversations('u', 9, () => [chat(1, { unreadCount: 1 })]));
      expect(await cache.incrementUnread('u', 'c1', 1, { messageId: 'n1' })).toBe(1);
    });

    test('a message that was loaded as the last is not counted, nor what was sent before it', async () => {
      await cache.setUserConversations('u', [chat(5, { unreadCount: 2 })]);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm5' })).toBe(2);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm4', at: start + 4_000 })).toBe(2);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm6', at: start + 6_000 })).toBe(3);
      await cache.updateLastMessage('u', 'c5', 'm8', 'new', start + 8_000);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm7', at: start + 7_000 })).toBe(4);
      expect(await cache.resetUnread('u', 'c5')).toBe(true);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm8', at: start + 8_000 })).toBe(0);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'm9', at: start + 9_000 })).toBe(1);
    });

    test('where only the time of the last message is known, whatever is of that moment was loaded', async () => {
      await cache.setUserConversations('u', [chat(5, { lastMessageId: null })]);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'zz', at: start + 5_000 })).toBe(0);
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'aa', at: start + 5_001 })).toBe(1);
      await cache.resetUnread('u', 'c5');
      expect(await cache.incrementUnread('u', 'c5', 1, { messageId: 'yy', at: start + 5_000 })).toBe(0);
    });

    test('counted messages are forgotten after a while, and beyond a thousand', async () => {
      cache = open({ remember: 200 }).domain;
      await cache.setUserConversations('u', chats(1));
      await cache.incrementUnread('u', 'c1', 1, { messageId: 'n1' });
      await world.pass(250);
      expect(await process.store.expiry(key('counted'))).toBeUndefined();
      expect(await cache.incrementUnread('u', 'c1', 1, { messageId: 'n1' })).toBe(2);
      const lasting = open({ remember: '1h' }).domain;
      for (let from = 0; from < 1_100; from += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, n) =>
            lasting.incrementUnread('u', 'c1', 1, { messageId: `x${String(from + n).padStart(4, '0')}` }),
          ),
        );
      expect(await lasting.incrementUnread('u', 'c1', 1, { messageId: 'x1099' })).toBe(1_102);
      expect(await lasting.incrementUnread('u', 'c1', 1, { messageId: 'x0000' })).toBe(1_103);
    });

    test('a list that was cut does not know the sum', async () => {
      await cache.setUserConversations('u', chats(1, 2), '10m', { limit: 2 });
      expect(await cache.getTotalUnreadCount('u')).toBeUndefined();
    });
  });

  describe('a list that was cut', () => {
    beforeEach(async () => {
      await cache.setUserConversations('u', [chat(1, { isPinned: true }), ...chats(5, 6)], '10m', { limit: 3 });
    });

    test('is known down to its floor only', async () => {
      expect(await ids(3)).toEqual(['c1', 'c6', 'c5']);
      expect(await ids(4)).toBeUndefined();
      await cache.removeConversation('u', 'c6');
      expect(await ids(2)).toEqual(['c1', 'c5']);
      expect(await ids(3)).toBeUndefined();
    });

    test('leaves to the source what falls below', async () => {
      expect(await cache.setPinned('u', 'c1', false)).toBe(true);
      expect(await ids(2)).toEqual(['c6', 'c5']);
      expect(await ids(3)).toBeUndefined();
    });

    test('is not changed by news of what stays below', async () => {
      await cache.updateLastMessage('u', 'c4', 'm', 'late', start + 4_500);
      await cache.incrementUnread('u', 'c4');
      await cache.setPinned('u', 'c4', false);
      await cache.setMuted('u', 'c4', true);
      expect(await ids(3)).toEqual(['c1', 'c6', 'c5']);
    });

    test.each<[string, () => Promise<unknown>]>([
      ['a newer message', () => cache.updateLastMessage('u', 'c4', 'm', 'new', start + 7_000)],
      ['pinning', () => cache.setPinned('u', 'c4', true)],
    ])('goes cold when %s lifts what was below', async (_, lift) => {
      await lift();
      expect(await ids(1)).toBeUndefined();
    });
  });

  describe('loading', () => {
    test('a cold list is loaded once, and stored', async () => {
      const limits: number[] = [];
      const load = ({ limit }: { limit: number }): ChatConversation[] => {
        limits.push(limit);
        return chats(...Array.from({ length: limit }, (_, number) => 100 - number));
      };
      const loaded = await Promise.all([1, 2, 3].map(() => world.soon(cache.loadUserConversations('u', 50, load))));
      expect(loaded[0]?.map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, number) => `c${100 - number}`));
      expect(loaded[1]).toEqual(loaded[0]);
      expect(await world.soon(cache.loadUserConversations('u', 20, load))).toEqual(loaded[0]?.slice(0, 20));
      expect(limits).toEqual([50]);
      expect(await ids(51)).toBeUndefined();
    });

    test('fewer than were asked for are all there are', async () => {
      expect(await world.soon(cache.loadUserConversations('u', 50, () => chats(1, 2)))).toEqual(chats(2, 1));
      expect(await ids(100)).toEqual(['c2', 'c1']);
      expect(await cache.getTotalUnreadCount('u')).toBe(0);
    });

    test.each([...changes, ['a drop', (of: Chats) => of.deleteUserConversations('u')] as (typeof changes)[number]])(
      'a list that %s overtook is not stored',
      async (_, overtake) => {
        let read = (): void => {};
        let answer = (): void => {};
        const hasRead = new Promise<void>((resolve) => (read = resolve));
        const answered = new Promise<void>((resolve) => (answer = resolve));
        const late = cache.loadUserConversations('u', 9, async () => {
          read();
          await answered;
          return chats(1, 2);
        });
        await hasRead;
        await overtake(open().domain, 'c1');
        answer();
        expect(await world.soon(late)).toEqual(chats(2, 1));
        expect(process.events.flatMap((event) => (event.type === 'refuse' ? [event.reason] : []))).toEqual(['voided']);
        expect(await ids()).toBeUndefined();
      },
    );

    test('a list with a conversation that cannot be read is loaded again', async () => {
      for (const value of ['x', '0 0 0 1 m 1 m\n\n{']) {
        await cache.setUserConversations('u', chats(1, 2));
        await process.store.run(damage, { bodies: key('bodies'), id: 'c1', value });
        expect(await ids()).toBeUndefined();
        expect(await world.soon(cache.loadUserConversations('u', 9, () => chats(1, 2)))).toEqual(chats(2, 1));
        expect(await ids()).toEqual(['c2', 'c1']);
      }
      await process.store.run(damage, { bodies: key('bodies'), id: 'c1', value: 'x' });
      expect(await cache.incrementUnread('u', 'c1')).toBeUndefined();
      expect(await ids(1)).toBeUndefined();
    });

    test('what a loader gives that is no conversation is a mistake', async () => {
      const load = (): ChatConversation[] => [chat(1), { name: 'nameless' } as ChatConversation];
      await expect(world.soon(cache.loadUserConversations('u', 9, load))).rejects.toThrow('loaded[1].id');
    });
  });

  describe('with the store away', () => {
    test('reads do not know, loads ask their source, writes resolve', async () => {
      await cache.setUserConversations('u', chats(1, 2));
      process.store.takeDown();
      expect(await ids()).toBeUndefined();
      expect(await cache.getTotalUnreadCount('u')).toBeUndefined();
      expect(await world.soon(cache.loadUserConversations('u', 1, () => chats(1, 2)))).toEqual(chats(2));
      expect(await cache.updateLastMessage('u', 'c1', 'm9', 'new', start + 9_000)).toBe(false);
      expect(await cache.incrementUnread('u', 'c1')).toBeUndefined();
      expect(await cache.resetUnread('u', 'c1')).toBe(false);
      expect(await cache.setPinned('u', 'c1', true)).toBe(false);
      expect(await cache.setMuted('u', 'c1', true)).toBe(false);
      expect(await cache.removeConversation('u', 'c1')).toBe(false);
      await cache.setUserConversations('u', chats(1));
      await cache.deleteUserConversations('u');
    });

    test('a hanging store holds nobody longer than the deadline', async () => {
      process.store.hang('*');
      expect(await world.soon(cache.getUserConversations('u', 9, { deadline: 50 }))).toBeUndefined();
    });

    test.each(changes)(
      '%s that was not acknowledged makes the list cold, here and then everywhere',
      async (_, change) => {
        const other = open().domain;
        await cache.setUserConversations('u', chats(1, 2));
        process.store.fail('run:conversations:edit').fail('delete', undefined, 2);
        await change(cache, 'c1');
        expect(await ids()).toBeUndefined();
        await world.clock.elapse(2_000);
        await world.turns();
        expect(await ids(9, other)).toBeUndefined();
        await other.setUserConversations('u', chats(1));
        expect(await ids()).toEqual(['c1']);
      },
    );

    test('what another server left behind is cold', async () => {
      await cache.setUserConversations('u', chats(1, 2));
      process.store.restore('another');
      expect(await ids()).toBeUndefined();
      expect(await cache.getTotalUnreadCount('u')).toBeUndefined();
      expect(await cache.updateLastMessage('u', 'c1', 'm9', 'new', start + 9_000)).toBe(false);
      expect(await ids()).toBeUndefined();
      await cache.setUserConversations('u', chats(1));
      expect(await ids()).toEqual(['c1']);
    });

    test('a caller that gives up gets its reason, and the list is cold', async () => {
      await cache.setUserConversations('u', chats(1, 2));
      const held = process.store.hold('run:conversations:edit');
      const controller = new AbortController();
      const removing = cache.removeConversation('u', 'c1', { signal: controller.signal });
      await held.reached;
      controller.abort(new Error('gone'));
      held.release();
      await removing.catch(() => undefined);
      await world.clock.elapse(2_000);
      await world.turns();
      expect((await ids()) ?? []).not.toContain('c1');
    });
  });

  describe('mistakes', () => {
    const call = (name: string, ...args: unknown[]): Promise<unknown> =>
      (cache as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!(...args);
    test.each<[string, unknown[], string]>([
      ['setUserConversations', ['', []], 'userId'],
      ['setUserConversations', ['u', 'none'], 'conversations'],
      ['setUserConversations', ['u', [chat(1), null]], 'conversations[1]'],
      ['setUserConversations', ['u', [{ name: 'x' }]], 'conversations[0].id'],
      ['setUserConversations', ['u', [{ id: 'a b' }]], 'conversations[0].id'],
      ['setUserConversations', ['u', [chat(1, { lastMessageAt: 'soon' })]], 'conversations[0].lastMessageAt'],
      ['setUserConversations', ['u', [chat(1, { lastMessageAt: new Date(NaN) })]], 'conversations[0].lastMessageAt'],
      ['setUserConversations', ['u', [chat(1, { lastMessageId: 'm:1' })]], 'conversations[0].lastMessageId'],
      ['setUserConversations', ['u', [chat(1, { unreadCount: -1 })]], 'conversations[0].unreadCount'],
      ['setUserConversations', ['u', [{ ...chat(1), isPinned: 1 }]], 'conversations[0].isPinned'],
      ['setUserConversations', ['u', [{ ...chat(1), isMuted: 'no' }]], 'conversations[0].isMuted'],
      ['setUserConversations', ['u', [], -5], 'ttl'],
      ['setUserConversations', ['u', [], Infinity], 'ttl'],
      ['setUserConversations', ['u', [], '10m', { limit: 0 }], 'options.limit'],
      ['setUserConversations', ['u', [], '10m', { near: false }], 'options.near'],
      ['getUserConversations', ['u:1', 5], 'userId'],
      ['getUserConversations', ['u', 0], 'limit'],
      ['getUserConversations', ['u', 1.5], 'limit'],
      ['getUserConversations', ['u', 5, { deadline: -1 }], 'options.deadline'],
      ['loadUserConversations', ['u', 5], 'load'],
      ['loadUserConversations', ['u', -1, () => []], 'limit'],
      ['updateLastMessage', ['u', 'c{1}', 'm', 't', 1], 'conversationId'],
      ['updateLastMessage', ['u', 'c1', '', 't', 1], 'messageId'],
      ['updateLastMessage', ['u', 'c1', 'm', undefined, 1], 'text'],
      ['updateLastMessage', ['u', 'c1', 'm', 't', undefined], 'at'],
      ['updateLastMessage', ['u', 'c1', 'm', 't', 'yesterday'], 'at'],
      ['incrementUnread', ['u', 'c1', 0], 'by'],
      ['incrementUnread', ['u', 'c1', 1e12], 'by'],
      ['incrementUnread', ['u', 'c1', 1, { messageId: '' }], 'options.messageId'],
      ['incrementUnread', ['u', 'c1', 1, { at: 1 }], 'options.messageId'],
      ['incrementUnread', ['u', 'c1', 1, { messageId: 'm', at: 'soon' }], 'options.at'],
      ['incrementUnread', ['u', 'c1', 1, { id: 'm' }], 'options.id'],
      ['resetUnread', ['u', 'x'.repeat(513)], 'conversationId'],
      ['getTotalUnreadCount', ['u', { mutedToo: 'yes' }], 'options.mutedToo'],
      ['setPinned', ['u', 'c1'], 'on'],
      ['setMuted', ['u', 'c1', 1], 'on'],
      ['removeConversation', ['u'], 'conversationId'],
      ['deleteUserConversations', [7], 'userId'],
    ])('%s(%j) names %s', async (name, args, field) => {
      await cache.setUserConversations('u', chats(1, 2));
      const error: unknown = await call(name, ...args).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).field).toBe(field);
      expect(await cache.getUserConversations('u', 9)).toEqual(chats(2, 1));
    });

    test.each<[Record<string, unknown>, string]>([
      [{ maxPerUser: 0 }, 'options.maxPerUser'],
      [{ maxPerUser: 1_001 }, 'options.maxPerUser'],
      [{ ttl: 0 }, 'options.ttl'],
      [{ remember: Infinity }, 'options.remember'],
      [{ maximum: 3 }, 'options.maximum'],
    ])('the option %j names %s', (options, field) => {
      const make = (): unknown => new ConversationCache({ store: process.store, ...options });
      expect(make).toThrow(expect.objectContaining({ field }));
    });
  });
}
