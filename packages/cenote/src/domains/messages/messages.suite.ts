import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { UsageError } from '../../core/errors.js';
import { defineOperation } from '../../store/operation.js';
import type { Store } from '../../store/store.js';
import { domainProcess, type DomainProcess, type Suite } from '../kit/worlds.fixture.js';
import type { World } from '../../cache/world.fixture.js';
import { oneSlot } from '../kit/one-slot.fixture.js';
import { MessageCache, type ChatMessage, type MessageCacheOptions, type MessageStatus } from './index.js';

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

type Process = DomainProcess<MessageCache>;

const start = Date.UTC(2030, 0, 1);

/** The message of a number, sent at that second. */
function message(number: number, more: Partial<ChatMessage> = {}): ChatMessage {
  return {
    id: `m${String(number).padStart(4, '0')}`,
    conversationId: 'c',
    senderId: 'u1',
    content: `text ${number}`,
    createdAt: start + number * 1_000,
    ...more,
  };
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const messages = (from: number, to: number): ChatMessage[] => numbers(from, to).map((number) => message(number));
const newestFirst = (from: number, to: number): string[] =>
  messages(from, to)
    .map(({ id }) => id)
    .toReversed();

/** Recent messages, single ones and unread counts, on whatever store, on one server or as on a cluster. */
export const messagesSuite: Suite = (makeWorld) => {
  describe('on one server', () => {
    behaviour(makeWorld, (store) => store);
  });
  describe('as on a cluster', () => {
    behaviour(makeWorld, oneSlot);
  });
};

function behaviour(makeWorld: () => World, arrange: (store: Store) => Store): void {
  let world: World;
  let process: Process;
  let cache: MessageCache;
  const open = (options: Partial<MessageCacheOptions> = {}): Process =>
    domainProcess(world, (given) => new MessageCache({ ...given, store: arrange(given.store), ...options }));
  beforeEach(() => {
    world = makeWorld();
    process = open();
    cache = process.domain;
  });
  afterEach(() => world.close());

  const key = (name: string): string => `${world.prefix}:${name}`;
  const ids = async (limit = 100, of = cache): Promise<string[] | undefined> =>
    (await of.getConversationMessages('c', limit))?.map(({ id }) => id);
  const statusOf = async (id: string): Promise<(MessageStatus | undefined)[]> => [
    (await cache.getMessage(id))?.status,
    (await cache.getConversationMessages('c', 100))?.find((each) => each.id === id)?.status,
  ];
  const refusals = ({ events }: Process): string[] =>
    events.flatMap((event) => (event.type === 'refuse' ? [event.reason] : []));

  describe('lists', () => {
    test('a cold list is not an empty one', async () => {
      expect(await ids()).toBeUndefined();
      await cache.setConversationMessages('c', []);
      expect(await ids()).toEqual([]);
    });

    test('an add to a cold list is refused: one message must not look like the whole list', async () => {
      expect(await cache.addMessageToConversation('c', message(1))).toBe(false);
      expect(await ids()).toBeUndefined();
    });

    test('messages are given as they were, newest first, whatever the order they came in', async () => {
      const given = [message(2, { createdAt: new Date(start + 2_000) }), message(3, { content: '{"a":[],"b":1e15}' })];
      await cache.setConversationMessages('c', [given[1]!, given[0]!]);
      const iso = message(1, { createdAt: new Date(start + 1_000).toISOString() });
      expect(await cache.addMessageToConversation('c', iso)).toBe(true);
      expect(await cache.getConversationMessages('c', 10)).toEqual([given[1], given[0], iso]);
      expect(await ids(2)).toEqual(['m0003', 'm0002']);
    });

    test('messages of one millisecond are ordered by their ids, bytewise', async () => {
      const same = ['b', 'a', 'B', 'é', 'z'].map((id) => message(1, { id }));
      await cache.setConversationMessages('c', same.slice(0, 3));
      for (const each of same.slice(3)) await cache.addMessageToConversation('c', each);
      expect(await ids()).toEqual(['é', 'z', 'b', 'a', 'B']);
      const page = await cache.getConversationMessages('c', 2, { before: same[0]! });
      expect(page?.map(({ id }) => id)).toEqual(['a', 'B']);
    });

    test('the newest hundred are kept, whether set or added', async () => {
      await cache.setConversationMessages('c', messages(1, 120));
      expect(await ids(200)).toEqual(newestFirst(21, 120));
      for (const each of messages(121, 130)) await cache.addMessageToConversation('c', each);
      expect(await ids(200)).toEqual(newestFirst(31, 130));
    });

    test('the number that is kept is an option', async () => {
      cache = open({ maxPerConversation: 3 }).domain;
      await cache.setConversationMessages('c', []);
      for (const each of messages(1, 5)) expect(await cache.addMessageToConversation('c', each)).toBe(true);
      expect(await ids()).toEqual(newestFirst(3, 5));
    });

    test('a list expires as a whole; an add does not prolong it', async () => {
      await cache.setConversationMessages('c', messages(1, 2), 200);
      await cache.addMessageToConversation('c', message(3));
      expect(await ids()).toEqual(newestFirst(1, 3));
      await world.pass(250);
      expect(await ids()).toBeUndefined();
      expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
    });

    test('a list that was emptied and filled again still expires', async () => {
      await cache.setConversationMessages('c', messages(1, 1), 200);
      await cache.deleteMessage('m0001', { conversationId: 'c' });
      expect(await ids()).toEqual([]);
      await cache.addMessageToConversation('c', message(2));
      expect(await process.store.expiry(key('conversation:messages:{c}'))).toBeLessThanOrEqual(200);
    });

    test('a list never outlives the note of a message that was added to it', async () => {
      await cache.setConversationMessages('c', messages(1, 2), '1h');
      await cache.addMessageToConversation('c', message(3));
      // The one that must be the longer is read first: time goes on between.
      const [note, list] = await Promise.all(
        ['message:{m0003}:note', 'conversation:messages:{c}'].map((name) => process.store.expiry(key(name))),
      );
      expect(list).toBeLessThanOrEqual(note!);
    });

    test('a message that is delivered again is there once', async () => {
      await cache.setConversationMessages('c', messages(1, 2));
      for (let time = 0; time < 3; time++) await cache.addMessageToConversation('c', message(3));
      await cache.setConversationMessages('c', [...messages(1, 3), ...messages(2, 3)]);
      expect(await ids()).toEqual(newestFirst(1, 3));
    });

    test('an edit replaces, an older version does not, nor one without a version', async () => {
      await cache.setConversationMessages('c', [message(1, { version: 9 }), message(2)]);
      await cache.addMessageToConversation('c', message(1, { version: 10, content: 'edited' }));
      await cache.addMessageToConversation('c', message(1, { version: 9, content: 'late' }));
      await cache.addMessageToConversation('c', message(1));
      await cache.addMessageToConversation('c', message(2, { content: 'the last writer’s' }));
      const contents = async (): Promise<unknown> =>
        (await cache.getConversationMessages('c', 9))?.map(({ content }) => content);
      expect(await contents()).toEqual(['the last writer’s', 'edited']);
      await cache.setConversationMessages('c', messages(1, 2));
      expect(await contents()).toEqual(['text 2', 'edited']);
    });

    test('updatedAt serves as the version', async () => {
      await cache.setConversationMessages('c', [message(1, { updatedAt: new Date(start + 5) })]);
      await cache.addMessageToConversation('c', message(1, { updatedAt: start + 4, content: 'late' }));
      expect((await cache.getConversationMessages('c', 1))?.[0]).toEqual(
        message(1, { updatedAt: new Date(start + 5) }),
      );
    });

    test('paging ends at the floor: below it only the source knows', async () => {
      await cache.setConversationMessages('c', messages(1, 120));
      const page = async (limit: number, number: number): Promise<string[] | undefined> =>
        (await cache.getConversationMessages('c', limit, { before: message(number) }))?.map(({ id }) => id);
      expect(await page(50, 71)).toEqual(newestFirst(21, 70));
      expect(await page(50, 70)).toBeUndefined();
      expect(await page(1, 21)).toBeUndefined();
      expect(await page(1, 5)).toBeUndefined();
      expect(await page(2, 500)).toEqual(newestFirst(119, 120));
    });

    test('paging through a whole conversation ends with an empty page', async () => {
      await cache.setConversationMessages('c', messages(1, 5));
      const page = await cache.getConversationMessages('c', 9, { before: message(3) });
      expect(page?.map(({ id }) => id)).toEqual(newestFirst(1, 2));
      expect(await cache.getConversationMessages('c', 9, { before: message(1) })).toEqual([]);
    });

    test('a page before a message that is not held goes by its time', async () => {
      await cache.setConversationMessages('c', [message(1), message(3), message(5)]);
      const page = await cache.getConversationMessages('c', 9, { before: message(4) });
      expect(page?.map(({ id }) => id)).toEqual(['m0003', 'm0001']);
    });

    test('a list of which fewer were asked than there are is short only for who asks for more', async () => {
      await cache.setConversationMessages('c', messages(11, 20), '15m', { limit: 10 });
      expect(await ids(10)).toEqual(newestFirst(11, 20));
      expect(await ids(11)).toBeUndefined();
      await cache.setConversationMessages('c', messages(11, 19), '15m', { limit: 10 });
      expect(await ids(11)).toEqual(newestFirst(11, 19));
    });

    test('a late message older than the floor is left to the source', async () => {
      await cache.setConversationMessages('c', messages(11, 20), '15m', { limit: 10 });
      expect(await cache.addMessageToConversation('c', message(5))).toBe(true);
      expect(await cache.addMessageToConversation('c', message(11, { id: 'm0010' }))).toBe(true);
      expect(await cache.addMessageToConversation('c', message(11, { id: 'm0011x' }))).toBe(true);
      expect(await ids(11)).toEqual([...newestFirst(12, 20), 'm0011x', 'm0011']);
      expect(await ids(12)).toBeUndefined();
    });

    test('an edit that would move a message below the floor leaves it to the source', async () => {
      await cache.setConversationMessages('c', messages(11, 20), '15m', { limit: 10 });
      await cache.addMessageToConversation('c', message(15, { createdAt: start }));
      expect(await ids(9)).toEqual([...newestFirst(16, 20), ...newestFirst(11, 14)]);
    });

    test('a list that lost a part, to eviction, is cold', async () => {
      for (const part of ['conversation:messages:{c}', 'conversation:messages:{c}:bodies']) {
        await cache.setConversationMessages('c', messages(1, 3));
        await process.store.delete([key(part)]);
        expect(await ids()).toBeUndefined();
        expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
      }
    });

    test('what is no list is cold, and replaced', async () => {
      for (const part of [
        'conversation:messages:{c}',
        'conversation:messages:{c}:bodies',
        'conversation:messages:{c}:marks',
      ]) {
        await process.store.run(overwrite, { key: key(part), value: 'x' });
        expect(await ids()).toBeUndefined();
        expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
        await cache.setConversationMessages('c', messages(1, 3));
        expect(await ids()).toEqual(newestFirst(1, 3));
        await cache.deleteMessage('m0009', { conversationId: 'c' });
        await cache.deleteConversationMessages('c');
      }
      expect(process.events.filter(({ type }) => type === 'store-fault')).toEqual([]);
    });

    test('dropping a list makes it cold and leaves single messages', async () => {
      await cache.setMessage(message(1));
      await cache.setConversationMessages('c', messages(1, 3));
      await cache.deleteConversationMessages('c');
      expect(await ids()).toBeUndefined();
      expect(await cache.getMessage('m0001')).toEqual(message(1));
    });

    test('two processes that add at the same moment lose nothing', async () => {
      const other = open().domain;
      await cache.setConversationMessages('c', []);
      await Promise.all(
        messages(1, 90).map((each, index) => (index % 2 ? cache : other).addMessageToConversation('c', each)),
      );
      expect(await ids()).toEqual(newestFirst(1, 90));
    });
  });

  describe('single messages', () => {
    test('are set, read and expire', async () => {
      await cache.setMessage(message(1, { createdAt: new Date(start), status: 'sent' }), 200);
      expect(await cache.getMessage('m0001')).toEqual(message(1, { createdAt: new Date(start), status: 'sent' }));
      expect(await cache.getMessage('m0002')).toBeUndefined();
      await world.pass(250);
      expect(await cache.getMessage('m0001')).toBeUndefined();
    });

    test('a set shows in the list that holds the message, and in no other', async () => {
      await cache.setConversationMessages('c', messages(1, 2));
      await cache.setMessage(message(1, { content: 'edited' }));
      await cache.setMessage(message(3));
      expect((await cache.getConversationMessages('c', 9))?.map(({ content }) => content)).toEqual([
        'text 2',
        'edited',
      ]);
    });

    test('an older version changes nothing', async () => {
      await cache.setMessage(message(1, { version: 2n ** 60n, content: 'new' }));
      await cache.setMessage(message(1, { version: 3, content: 'old' }));
      expect((await cache.getMessage('m0001'))?.content).toBe('new');
    });

    test('what cannot be read counts as cold, and is replaced', async () => {
      for (const value of ['x', '1 2', 'epoch 0 \n{', `${process.store.epoch} 0 \n{`]) {
        await process.store.run(overwrite, { key: key('message:{m0001}'), value });
        expect(await cache.getMessage('m0001')).toBeUndefined();
        expect(await world.soon(cache.loadMessage('m0001', () => message(1)))).toEqual(message(1));
        expect(await cache.getMessage('m0001')).toEqual(message(1));
      }
    });
  });

  describe('statuses', () => {
    test('move forward only, in the list and by themselves', async () => {
      await cache.setMessage(message(1, { status: 'sent' }));
      await cache.setConversationMessages('c', [message(1, { status: 'sent' })]);
      expect(await cache.updateMessageStatus('m0001', 'delivered')).toBe(true);
      expect(await statusOf('m0001')).toEqual(['delivered', 'delivered']);
      expect(await cache.updateMessageStatus('m0001', 'sent')).toBe(false);
      expect(await cache.updateMessageStatus('m0001', 'delivered', { conversationId: 'c' })).toBe(false);
      expect(await cache.updateMessageStatus('m0001', 'read', { conversationId: 'c' })).toBe(true);
      expect(await cache.updateMessageStatus('m0001', 'delivered')).toBe(false);
      expect(await statusOf('m0001')).toEqual(['read', 'read']);
    });

    test('of an add, a set or an edit do not go back', async () => {
      await cache.setConversationMessages('c', [message(1, { status: 'read' })]);
      await cache.setMessage(message(1, { status: 'read' }));
      await cache.addMessageToConversation('c', message(1, { status: 'sent', content: 'edited' }));
      await cache.setMessage(message(1, { status: 'delivered' }));
      expect(await statusOf('m0001')).toEqual(['read', 'read']);
      await cache.setConversationMessages('c', [message(1)]);
      expect(await statusOf('m0001')).toEqual(['read', 'read']);
    });

    test('without one stay without one', async () => {
      await cache.setConversationMessages('c', [message(1)]);
      expect((await cache.getConversationMessages('c', 1))?.[0]).toEqual(message(1));
      await cache.updateMessageStatus('m0001', 'delivered');
      expect((await cache.getConversationMessages('c', 1))?.[0]).toEqual(message(1, { status: 'delivered' }));
    });

    test.each([[{}], [{ conversationId: 'c' }]])('that come before their message hold (%j)', async (where) => {
      await cache.setConversationMessages('c', []);
      expect(await cache.updateMessageStatus('m0001', 'read', where)).toBe(false);
      await cache.addMessageToConversation('c', message(1, { status: 'sent' }));
      await cache.setMessage(message(1, { status: 'sent' }));
      expect(await statusOf('m0001')).toEqual(['read', 'read']);
      await cache.deleteConversationMessages('c');
      expect(await cache.updateMessageStatus('m0002', 'delivered', where)).toBe(false);
      await cache.setConversationMessages('c', [message(2, { status: 'sent' })]);
      expect((await cache.getConversationMessages('c', 1))?.[0]?.status).toBe('delivered');
    });

    test('find the list by the note alone', async () => {
      await cache.setConversationMessages('c', [message(1)]);
      await cache.addMessageToConversation('c', message(2));
      expect(await cache.updateMessageStatus('m0001', 'read')).toBe(true);
      expect(await cache.updateMessageStatus('m0002', 'delivered')).toBe(true);
      expect((await cache.getConversationMessages('c', 2))?.map(({ status }) => status)).toEqual(['delivered', 'read']);
    });

    test('a status between note and list holds', async () => {
      await cache.setConversationMessages('c', []);
      const held = process.store.hold('run:messages:add');
      const adding = cache.addMessageToConversation('c', message(1, { status: 'sent' }));
      await held.reached;
      const other = open().domain;
      await other.updateMessageStatus('m0001', 'read');
      held.release();
      await adding;
      expect((await cache.getConversationMessages('c', 1))?.[0]?.status).toBe('read');
    });
  });

  describe('deleting', () => {
    test.each([[{}], [{ conversationId: 'c' }]])('removes a message everywhere (%j)', async (where) => {
      await cache.setConversationMessages('c', messages(1, 3));
      await cache.setMessage(message(2));
      expect(await cache.deleteMessage('m0002', where)).toBe(true);
      expect(await cache.getMessage('m0002')).toBeUndefined();
      expect(await ids()).toEqual(['m0003', 'm0001']);
      expect(await cache.deleteMessage('m0002', where)).toBe(false);
    });

    test.each([[{}], [{ conversationId: 'c' }]])('no add, set or load brings it back (%j)', async (where) => {
      await cache.setConversationMessages('c', messages(1, 3));
      await cache.deleteMessage('m0002', where);
      expect(await cache.addMessageToConversation('c', message(2))).toBe(true);
      await cache.setMessage(message(2));
      expect([await ids(), await cache.getMessage('m0002')]).toEqual([['m0003', 'm0001'], undefined]);
      await cache.setConversationMessages('c', messages(1, 3));
      expect(await ids()).toEqual(['m0003', 'm0001']);
      expect(await world.soon(cache.loadMessage('m0002', () => message(2)))).toEqual(message(2));
      expect(await cache.getMessage('m0002')).toBeUndefined();
      await cache.deleteConversationMessages('c');
      await world.soon(cache.loadConversationMessages('c', 9, () => messages(1, 3)));
      expect(await ids()).toEqual(['m0003', 'm0001']);
    });

    test('is remembered for a while only', async () => {
      cache = open({ remember: 200 }).domain;
      await cache.setConversationMessages('c', []);
      await cache.deleteMessage('m0001', { conversationId: 'c' });
      await world.pass(250);
      await cache.addMessageToConversation('c', message(1));
      expect(await ids()).toEqual(['m0001']);
    });

    test('remembers the last thousand of a conversation', async () => {
      for (const number of numbers(1, 1_003)) await cache.deleteMessage(message(number).id, { conversationId: 'c' });
      await cache.setConversationMessages('c', messages(1, 3));
      expect((await ids())?.length).toBeLessThanOrEqual(3);
      await cache.setConversationMessages('c', messages(1_000, 1_003));
      expect(await ids()).toEqual([]);
    });

    test('a hundred kept and one deleted: who asks for a hundred must ask the source', async () => {
      await cache.setConversationMessages('c', messages(1, 120));
      await cache.deleteMessage('m0120');
      expect(await ids(99)).toEqual(newestFirst(21, 119));
      expect(await ids(100)).toBeUndefined();
    });
  });

  describe('loading', () => {
    test('a cold list is loaded once, and stored', async () => {
      const limits: number[] = [];
      const load = ({ limit }: { limit: number }): ChatMessage[] => {
        limits.push(limit);
        return messages(100 - limit + 1, 100);
      };
      const loaded = await world.soon(cache.loadConversationMessages('c', 50, load));
      expect(loaded.map(({ id }) => id)).toEqual(newestFirst(51, 100));
      expect(await world.soon(cache.loadConversationMessages('c', 20, load))).toEqual(loaded.slice(0, 20));
      expect(await ids(50)).toEqual(newestFirst(51, 100));
      expect(await ids(51)).toBeUndefined();
      await world.soon(cache.loadConversationMessages('c', 60, load));
      expect(limits).toEqual([50, 60]);
      expect(await ids(60)).toEqual(newestFirst(41, 100));
    });

    test('fewer than were asked for are all there are', async () => {
      await world.soon(cache.loadConversationMessages('c', 50, () => messages(1, 3)));
      expect(await ids(100)).toEqual(newestFirst(1, 3));
      await world.soon(cache.loadConversationMessages('d', 50, () => []));
      expect(await cache.getConversationMessages('d', 9)).toEqual([]);
    });

    const overtaking: [string, (cache: MessageCache) => Promise<unknown>][] = [
      ['a new message', (other) => other.addMessageToConversation('c', message(4))],
      ['an edit', (other) => other.setMessage(message(2, { content: 'new' }))],
      ['a deletion', (other) => other.deleteMessage('m0002', { conversationId: 'c' })],
      ['a status', (other) => other.updateMessageStatus('m0002', 'read', { conversationId: 'c' })],
      ['a drop', (other) => other.deleteConversationMessages('c')],
    ];
    test.each(overtaking)('a list that %s overtook is not stored', async (_, overtake) => {
      let read = (): void => {};
      let answer = (): void => {};
      const hasRead = new Promise<void>((resolve) => (read = resolve));
      const answered = new Promise<void>((resolve) => (answer = resolve));
      const late = cache.loadConversationMessages('c', 9, async () => {
        read();
        await answered;
        return messages(1, 3);
      });
      await hasRead;
      await overtake(open().domain);
      answer();
      expect((await world.soon(late)).map(({ id }) => id)).toEqual(newestFirst(1, 3));
      expect(refusals(process)).toEqual(['voided']);
      expect(await ids()).toBeUndefined();
    });

    test.each([
      ['an edit', (other: MessageCache) => other.setMessage(message(1, { content: 'new' }))],
      ['a deletion', (other: MessageCache) => other.deleteMessage('m0001')],
      ['a status', (other: MessageCache) => other.updateMessageStatus('m0001', 'read')],
    ])('a message that %s overtook is not stored', async (_, overtake) => {
      let read = (): void => {};
      let answer = (): void => {};
      const hasRead = new Promise<void>((resolve) => (read = resolve));
      const answered = new Promise<void>((resolve) => (answer = resolve));
      const late = cache.loadMessage('m0001', async () => {
        read();
        await answered;
        return message(1);
      });
      await hasRead;
      const other = open().domain;
      await overtake(other);
      const before = await other.getMessage('m0001');
      answer();
      expect(await world.soon(late)).toEqual(message(1));
      expect(refusals(process)).toEqual(['voided']);
      expect(await other.getMessage('m0001')).toEqual(before);
    });

    test('nothing found is answered, and not stored', async () => {
      expect(await world.soon(cache.loadMessage('m0001', () => null))).toBeUndefined();
      expect(await world.soon(cache.loadMessage('m0001', () => message(1)))).toEqual(message(1));
    });

    test('a list with a body that cannot be read is loaded again', async () => {
      await cache.setConversationMessages('c', messages(1, 2));
      await process.store.run(
        defineOperation<string, void>({
          name: 'test:damage',
          lua: "redis.call('HSET', KEYS[1], 'm0001', '0 \\n{')",
          invalidates: false,
          encode: (bodies) => ({ keys: [bodies], args: [] }),
          local(data, { keys: [bodies = ''] }) {
            data.hset(bodies, 'm0001', '0 \n{');
            return null;
          },
          decode: () => undefined,
        }),
        key('conversation:messages:{c}:bodies'),
      );
      expect(await ids()).toBeUndefined();
      expect(await world.soon(cache.loadConversationMessages('c', 9, () => messages(1, 2)))).toEqual([
        message(2),
        message(1),
      ]);
      expect(await ids()).toEqual(['m0002', 'm0001']);
    });

    test('a loader that gives what is asked of another is a mistake', async () => {
      await expect(world.soon(cache.loadMessage('m0002', () => message(1)))).rejects.toThrow(UsageError);
      const foreign = [message(1, { conversationId: 'd' })];
      await expect(world.soon(cache.loadConversationMessages('c', 9, () => foreign))).rejects.toThrow(
        'loaded[0].conversationId',
      );
    });
  });

  describe('unread', () => {
    test('is counted, read and reset', async () => {
      expect(await cache.getUnreadCount('c', 'u')).toBe(0);
      expect(await cache.incrementUnreadCount('c', 'u')).toBe(1);
      expect(await cache.incrementUnreadCount('c', 'u', 4)).toBe(5);
      expect(await cache.getUnreadCount('c', 'u')).toBe(5);
      expect(await cache.getUnreadCount('c', 'v')).toBe(0);
      await cache.resetUnreadCount('c', 'u');
      expect(await cache.getUnreadCount('c', 'u')).toBe(0);
    });

    test('by markers is exact, however often and in whatever order it is told', async () => {
      const told = [...numbers(1, 100), ...numbers(40, 70)].toSorted((a, b) => ((a * 37) % 101) - ((b * 37) % 101));
      await Promise.all(told.map((seq) => cache.markSent('c', seq)));
      expect(await cache.getUnreadCount('c', 'u')).toBe(100);
      await Promise.all([60, 40, 60, 10].map((seq) => cache.markRead('c', 'u', seq)));
      expect(await cache.getUnreadCount('c', 'u')).toBe(40);
      await cache.resetUnreadCount('c', 'u');
      expect(await cache.getUnreadCount('c', 'u')).toBe(0);
      await cache.markSent('c', 101);
      expect([await cache.getUnreadCount('c', 'u'), await cache.getUnreadCount('c', 'v')]).toEqual([1, 101]);
    });

    test('comes from the source until it has told its markers', async () => {
      let [loads, sent] = [0, 100];
      const load = (): { sent: number; read: number } => {
        loads++;
        return { sent, read: 60 };
      };
      await cache.markSent('c', 57);
      await cache.markRead('c', 'u', 12);
      expect(await world.soon(cache.loadUnreadCount('c', 'u', load))).toBe(40);
      await cache.markSent('c', (sent = 101));
      expect(await world.soon(cache.loadUnreadCount('c', 'u', load))).toBe(41);
      await cache.resetUnreadCount('c', 'u');
      expect(await world.soon(cache.loadUnreadCount('c', 'u', load))).toBe(0);
      expect(loads).toBe(1);
      expect(await world.soon(cache.loadUnreadCount('c', 'v', load))).toBe(41);
      expect(loads).toBe(2);
    });
  });

  describe('with the store away', () => {
    test('reads do not know, loads ask their source, writes resolve', async () => {
      await cache.setConversationMessages('c', messages(1, 3));
      process.store.takeDown();
      expect(await ids()).toBeUndefined();
      expect(await cache.getMessage('m0001')).toBeUndefined();
      expect(await cache.getUnreadCount('c', 'u')).toBeUndefined();
      expect(await world.soon(cache.loadConversationMessages('c', 2, () => messages(1, 3)))).toEqual([
        message(3),
        message(2),
      ]);
      expect(await world.soon(cache.loadMessage('m0001', () => message(1)))).toEqual(message(1));
      expect(await world.soon(cache.loadUnreadCount('c', 'u', () => ({ sent: 3, read: 1 })))).toBe(2);
      await cache.setMessage(message(1));
      expect(await cache.deleteMessage('m0001')).toBe(false);
      expect(await cache.updateMessageStatus('m0001', 'read')).toBe(false);
      expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
      await cache.setConversationMessages('c', messages(1, 4));
      await cache.deleteConversationMessages('c');
      expect(await cache.incrementUnreadCount('c', 'u')).toBeUndefined();
      await cache.resetUnreadCount('c', 'u');
      await cache.markSent('c', 1);
      await cache.markRead('c', 'u', 1);
    });

    test('a hanging store holds nobody longer than the deadline', async () => {
      process.store.hang('*');
      expect(await world.soon(cache.getConversationMessages('c', 9, { deadline: 50 }))).toBeUndefined();
    });

    test('an add that was not acknowledged makes the list cold, here at once and everywhere once told', async () => {
      const other = open().domain;
      await cache.setConversationMessages('c', messages(1, 3));
      process.store.fail('run:messages:add').fail('delete', undefined, 2);
      expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
      expect(await ids()).toBeUndefined();
      await world.clock.elapse(2_000);
      await world.turns();
      expect(await ids(9, other)).toBeUndefined();
      await other.setConversationMessages('c', messages(1, 4));
      expect(await ids()).toEqual(newestFirst(1, 4));
    });

    test('a deletion that was not acknowledged is told later, and still holds against what comes late', async () => {
      const other = open().domain;
      await cache.setConversationMessages('c', messages(1, 3));
      await cache.setMessage(message(2));
      process.store.takeDown();
      expect(await cache.deleteMessage('m0002', { conversationId: 'c' })).toBe(false);
      process.store.restore();
      await world.clock.elapse(2_000);
      await world.turns();
      expect(await other.getMessage('m0002')).toBeUndefined();
      await other.setConversationMessages('c', messages(1, 3));
      await other.setMessage(message(2));
      expect(await ids(9, other)).toEqual(['m0003', 'm0001']);
      expect(await other.getMessage('m0002')).toBeUndefined();
    });

    test('an increment that was lost makes the count unknown, until it is reset', async () => {
      await cache.incrementUnreadCount('c', 'u');
      process.store.fail('run:messages:count');
      await cache.incrementUnreadCount('c', 'u');
      await world.clock.elapse(2_000);
      await world.turns();
      expect(await cache.getUnreadCount('c', 'u')).toBeUndefined();
      expect(await cache.incrementUnreadCount('c', 'u')).toBeUndefined();
      await cache.resetUnreadCount('c', 'u');
      expect(await cache.incrementUnreadCount('c', 'u')).toBe(1);
    });

    test('markers that were lost are told later, the highest of each', async () => {
      process.store.takeDown();
      for (const seq of [5, 9, 7]) await cache.markSent('c', seq);
      await cache.markRead('c', 'u', 4);
      expect(await cache.getUnreadCount('c', 'u')).toBeUndefined();
      process.store.restore();
      await world.clock.elapse(2_000);
      await world.turns();
      expect(await cache.getUnreadCount('c', 'u')).toBe(5);
    });

    test('what another server left behind is cold', async () => {
      await cache.setConversationMessages('c', messages(1, 3));
      await cache.setMessage(message(1));
      await cache.incrementUnreadCount('c', 'u');
      await cache.markSent('d', 7);
      process.store.restore('another');
      expect(await ids()).toBeUndefined();
      expect(await cache.addMessageToConversation('c', message(4))).toBe(false);
      expect(await cache.getMessage('m0001')).toBeUndefined();
      expect(await cache.getUnreadCount('c', 'u')).toBeUndefined();
      expect(await cache.getUnreadCount('d', 'u')).toBeUndefined();
      await cache.setConversationMessages('c', messages(1, 2));
      expect(await ids()).toEqual(newestFirst(1, 2));
    });

    test('a caller that gives up gets its reason, and the write is kept', async () => {
      await cache.setConversationMessages('c', messages(1, 3));
      const held = process.store.hold('run:messages:mark');
      const controller = new AbortController();
      const deleting = cache.deleteMessage('m0002', { conversationId: 'c', signal: controller.signal });
      await held.reached;
      controller.abort(new Error('gone'));
      held.release();
      await deleting.catch(() => undefined);
      await world.clock.elapse(2_000);
      await world.turns();
      await cache.setConversationMessages('c', messages(1, 3));
      expect(await ids()).toEqual(['m0003', 'm0001']);
    });
  });

  describe('mistakes', () => {
    const call = (name: string, ...args: unknown[]): Promise<unknown> =>
      (cache as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!(...args);
    test.each<[string, unknown[], string]>([
      ['getMessage', [''], 'id'],
      ['getMessage', ['a:b'], 'id'],
      ['getMessage', ['x'.repeat(513)], 'id'],
      ['getMessage', ['a{b}'], 'id'],
      ['setMessage', [null], 'message'],
      ['setMessage', [{ conversationId: 'c', createdAt: 1 }], 'message.id'],
      ['setMessage', [{ id: 'm', createdAt: 1 }], 'message.conversationId'],
      ['setMessage', [{ id: 'm', conversationId: 'c' }], 'message.createdAt'],
      ['setMessage', [{ id: 'm', conversationId: 'c', createdAt: 'yesterday' }], 'message.createdAt'],
      ['setMessage', [{ id: 'm', conversationId: 'c', createdAt: new Date(Number.NaN) }], 'message.createdAt'],
      ['setMessage', [{ id: 'm', conversationId: 'c', createdAt: 1, status: 'lost' }], 'message.status'],
      ['setMessage', [{ id: 'm', conversationId: 'c', createdAt: 1, version: -1 }], 'message.version'],
      ['setMessage', [message(1), -5], 'ttl'],
      ['setMessage', [message(1), Infinity], 'ttl'],
      ['setMessage', [message(1), '5m', { near: false }], 'options.near'],
      ['updateMessageStatus', ['m', 'seen'], 'status'],
      ['updateMessageStatus', ['m', 'read', { conversationId: '' }], 'options.conversationId'],
      ['deleteMessage', [7], 'id'],
      ['addMessageToConversation', ['d', message(1)], 'message.conversationId'],
      ['addMessageToConversation', ['', message(1)], 'conversationId'],
      ['setConversationMessages', ['c', 'none'], 'messages'],
      ['setConversationMessages', ['c', [message(1), {}]], 'messages[1].id'],
      ['setConversationMessages', ['c', [], '15m', { limit: 0 }], 'options.limit'],
      ['getConversationMessages', ['c', 0], 'limit'],
      ['getConversationMessages', ['c', -1], 'limit'],
      ['getConversationMessages', ['c', 1.5], 'limit'],
      ['getConversationMessages', ['c', 5, { before: 'm' }], 'options.before'],
      ['getConversationMessages', ['c', 5, { before: { id: 'm' } }], 'options.before.createdAt'],
      ['loadConversationMessages', ['c', 5], 'load'],
      ['loadMessage', ['m', 5], 'load'],
      ['incrementUnreadCount', ['c', 'u', 0], 'by'],
      ['incrementUnreadCount', ['c', ''], 'userId'],
      ['markSent', ['c', -1], 'seq'],
      ['markRead', ['c', 'u', 0.5], 'seq'],
      ['getUnreadCount', ['c:u', 'u'], 'conversationId'],
    ])('%s(%j) names %s', async (name, args, field) => {
      await cache.setConversationMessages('c', messages(1, 2));
      const error: unknown = await call(name, ...args).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).field).toBe(field);
      expect(await ids()).toEqual(newestFirst(1, 2));
    });

    test.each<[Record<string, unknown>, string]>([
      [{ maxPerConversation: 0 }, 'options.maxPerConversation'],
      [{ maxPerConversation: 1_001 }, 'options.maxPerConversation'],
      [{ ttl: Infinity }, 'options.ttl'],
      [{ remember: '400d' }, 'options.remember'],
      [{ unreadTtl: 0 }, 'options.unreadTtl'],
      [{ maximum: 3 }, 'options.maximum'],
    ])('the option %j names %s', (options, field) => {
      const make = (): unknown => new MessageCache({ store: process.store, ...options });
      expect(make).toThrow(expect.objectContaining({ field }));
    });
  });
}
