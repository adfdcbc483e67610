import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { World } from '../../cache/world.fixture.js';
import { UsageError } from '../../core/errors.js';
import { domainProcess, type DomainProcess, type Suite } from '../kit/worlds.fixture.js';
import { rawHash, rawSet } from './raw.fixture.js';
import { RoomCache, type Room, type RoomCacheOptions, type Time } from './index.js';

interface ChatRoom extends Room {
  readonly name: string;
  readonly lastMessage?: ChatMessage | null;
  readonly topics?: readonly string[];
}
interface ChatMessage {
  readonly id: string;
  readonly roomId: string;
  readonly createdAt: Time;
  readonly content: string;
}
type Rooms = RoomCache<ChatRoom, ChatMessage>;

const room = (name: string, more: Partial<ChatRoom> = {}): ChatRoom => ({ id: 'r', name, ...more });
const message = (createdAt: Time, id = `m${String(createdAt)}`, roomId = 'r'): ChatMessage => ({
  id,
  roomId,
  createdAt,
  content: `says ${id}`,
});
const hour = 3_600_000;

/** A source that is slow to answer: it reads when asked, and answers when told. */
function slowly<T>(read: () => T): { load: () => Promise<T>; hasRead: Promise<void>; answer: () => void } {
  let hasRead = (): void => {};
  let answer = (): void => {};
  const reading = new Promise<void>((resolve) => (hasRead = resolve));
  const answered = new Promise<void>((resolve) => (answer = resolve));
  return {
    hasRead: reading,
    answer: () => answer(),
    async load() {
      const value = read();
      hasRead();
      await answered;
      return value;
    },
  };
}

/** What the rooms do on whatever store. */
export const roomsSuite: Suite = (makeWorld) => {
  let world: World;
  beforeEach(() => void (world = makeWorld()));
  afterEach(() => world.close());

  const open = (own: Partial<RoomCacheOptions> = {}): DomainProcess<Rooms> =>
    domainProcess(world, (options) => new RoomCache<ChatRoom, ChatMessage>({ ...options, ...own }));
  const key = (rest: string): string => `${world.prefix}:endpoint:chat:${rest}`;
  const misses = ({ events }: DomainProcess<Rooms>): string[] =>
    events.flatMap((event) => (event.type === 'miss' ? [event.reason] : []));
  const refusals = ({ events }: DomainProcess<Rooms>): string[] =>
    events.flatMap((event) => (event.type === 'refuse' ? [event.reason] : []));

  describe('views', () => {
    test('what is stored is read, frozen, in every process, and only under its room and cache key', async () => {
      const [a, b] = [open(), open()];
      expect(await a.domain.getCachedRoom('r', 'user:7')).toBeUndefined();
      await a.domain.setCachedRoom('r', 'user:7', room('Plaza', { topics: ['x'], lastMessageAt: 5 }));
      const read = await b.domain.getCachedRoom('r', 'user:7');
      expect(read).toEqual(room('Plaza', { topics: ['x'], lastMessageAt: 5 }));
      expect([Object.isFrozen(read), Object.isFrozen(read?.topics)]).toEqual([true, true]);
      expect(await b.domain.getCachedRoom('r', 'user:8')).toBeUndefined();
      expect(await b.domain.getCachedRoom('s', 'user:7')).toBeUndefined();
      expect(await b.domain.getCachedMessage('user:7')).toBeUndefined();
    });

    test('dates come back as dates, in the room and in its last message', async () => {
      const { domain } = open();
      const [early, late] = [new Date(1_000), new Date(2_000)];
      const given = room('Plaza', { lastMessage: message(early, 'm1'), lastMessageAt: early });
      await domain.setCachedRoom('r', 'k', given);
      expect(await domain.getCachedRoom('r', 'k')).toEqual(given);
      await domain.updateRoomCacheWithNewMessage(message(late, 'm2'));
      expect(await domain.getCachedRoom('r', 'k')).toEqual(
        room('Plaza', { lastMessage: message(late, 'm2'), lastMessageAt: late }),
      );
    });

    test('cache keys may hold anything, and none reaches another', async () => {
      const { domain } = open();
      const keys = ['a', 'a}', '{a', '{a}', 'a%7D', '%', '%25', ' ', '\n', 'é', '🜛', ':', 'a:rooms', '*', 'view:a'];
      for (const each of keys) {
        await domain.setCachedRoom('r', each, room(each));
        await domain.setCachedMessage(each, message(1, `m${keys.indexOf(each)}`));
      }
      for (const each of keys) {
        expect((await domain.getCachedRoom('r', each))?.name).toBe(each);
        expect((await domain.getCachedMessage(each))?.id).toBe(`m${keys.indexOf(each)}`);
      }
      expect(await domain.deleteCache('{a}')).toBe(true);
      for (const each of keys) {
        const isThere = (await domain.getCachedRoom('r', each)) !== undefined;
        expect([each, isThere, (await domain.getCachedMessage(each)) !== undefined]).toEqual([
          each,
          each !== '{a}',
          each !== '{a}',
        ]);
      }
    });

    test('they live for their time to live, the index and the rest no longer than that and a little more', async () => {
      const { domain, store } = open();
      await domain.setCachedRoom('r', 'brief', room('brief'), 300);
      await domain.setCachedRoom('r', 'plain', room('plain'));
      const left = async (name: string): Promise<number> => (await store.expiry(key(name))) ?? 0;
      expect(await left('room:{r}:view:plain')).toBeGreaterThan(hour - 60_000);
      expect(await left('room:{r}:view:plain')).toBeLessThanOrEqual(hour);
      for (const name of ['room:{r}:headline', 'room:{r}:members', 'message:{plain}:rooms']) {
        expect(await left(name)).toBeGreaterThanOrEqual((await left('room:{r}:view:plain')) - 5);
        expect(await left(name)).toBeLessThanOrEqual(hour + 60_000);
      }
      expect(await left('room:{r}:view:brief')).toBeLessThanOrEqual(300);
      await world.pass(310);
      expect(await domain.getCachedRoom('r', 'brief')).toBeUndefined();
      await domain.setCachedRoom('r', 'other', room('other'));
      // The expired view has left the index: dropping finds two.
      expect(await domain.deleteRoomCacheByRoomId('r')).toBe(2);
    });

    test('a view that lives longer than most keeps its headline with it', async () => {
      const { domain, store } = open();
      await domain.updateRoomCacheWithNewMessage(message(1));
      await domain.setCachedRoom('r', 'k', room('long'), '2d');
      expect(await store.expiry(key('room:{r}:headline'))).toBeGreaterThanOrEqual(48 * hour - 5_000);
      await domain.updateRoomCacheWithNewMessage(message(2));
      expect(await store.expiry(key('room:{r}:headline'))).toBeGreaterThanOrEqual(48 * hour - 5_000);
    });

    test('large ones are compressed, transparently, and whoever does not compress reads them too', async () => {
      const [a, b] = [open(), open({ compress: false })];
      const large = room('Plaza '.repeat(2_000));
      await a.domain.setCachedRoom('r', 'k', large);
      await b.domain.setCachedRoom('r', 'plain', large);
      await a.domain.setCachedMessage('k', { ...message(1), content: 'x'.repeat(20_000) });
      const size = async (name: string): Promise<number> => (await a.store.readOne(key(name)))?.length ?? 0;
      expect(await size('room:{r}:view:k')).toBeLessThan(1_000);
      expect(await size('room:{r}:view:plain')).toBeGreaterThan(10_000);
      expect(await size('message:{k}')).toBeLessThan(1_000);
      expect(await b.domain.getCachedRoom('r', 'k')).toEqual(large);
      expect(await a.domain.getCachedRoom('r', 'plain')).toEqual(large);
      expect((await b.domain.getCachedMessage('k'))?.content).toHaveLength(20_000);
    });

    test('many are stored in one pipeline: one operation for notes, one for each 25 views', async () => {
      const { domain, store } = open();
      await domain.getCachedRoom('r', 'k');
      const before = store.calls.length;
      const rooms = Array.from({ length: 50 }, (_, i) => ({
        roomId: `r${i % 20}`,
        cacheKey: `user:${i % 10}`,
        room: { id: `r${i % 20}`, name: `${i}` },
      }));
      await domain.setMultipleCachedRooms(rooms);
      expect(store.calls.slice(before)).toEqual([
        'run:rooms:note-rooms',
        'run:rooms:note-rooms',
        'run:rooms:put-views',
        'run:rooms:put-views',
      ]);
      expect((await domain.getCachedRoom('r3', 'user:3'))?.name).toBe('43');
      await domain.setMultipleCachedRooms([]);
      expect(store.calls).toHaveLength(before + 5);
    });

    test('what is damaged, of another type or of another room is a miss, and is replaced', async () => {
      const { domain, store } = open();
      const put = async (name: string, bytes: Buffer | string): Promise<void> => {
        await store.run(rawSet, { key: key(name), bytes });
      };
      const views = 'room:{r}:view:k';
      await domain.setCachedRoom('r', 'k', room('good'));
      await domain.setCachedRoom('s', 'k', room('of another'));
      const [good, foreign] = await store.read([key(views), key('room:{s}:view:k')]);
      for (let at = 0; at < good!.length; at += 3) {
        const flipped = Buffer.from(good!);
        flipped[at]! ^= 1;
        await put(views, flipped);
        expect([at, await domain.getCachedRoom('r', 'k')]).toEqual([at, undefined]);
      }
      for (const bytes of ['', 'nonsense', good!.subarray(0, 40), foreign!]) {
        await put(views, bytes);
        expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
      }
      for (const name of [views, 'room:{r}:headline', 'room:{r}:members', 'message:{k}', 'message:{k}:rooms']) {
        await store.delete([key(name)]);
        await store.run(rawHash, key(name));
        if (name === 'message:{k}') expect(await domain.getCachedMessage('k')).toBeUndefined();
        if (name === views) expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
        await domain.setCachedRoom('r', 'k', room('again'));
        expect(await domain.getCachedRoom('r', 'k')).toEqual(room('again'));
        await domain.setCachedMessage('k', message(1));
        expect(await domain.getCachedMessage('k')).toEqual(message(1));
      }
      await store.delete([key('room:{r}:members')]);
      await store.run(rawHash, key('room:{r}:members'));
      expect(await domain.deleteRoomCacheByRoomId('r')).toBe(0);
      expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
    });

    test('a damaged headline makes its room cold, and does not stand in the way of what comes after', async () => {
      const { domain, store } = open();
      await domain.setCachedRoom('r', 'k', room('good'));
      await domain.updateRoomCacheWithNewMessage(message(5));
      const good = await store.readOne(key('room:{r}:headline'));
      for (let at = 0; at < good!.length; at++) {
        const flipped = Buffer.from(good!);
        flipped[at]! ^= 1;
        await store.run(rawSet, { key: key('room:{r}:headline'), bytes: flipped });
        expect([at, await domain.getCachedRoom('r', 'k')]).toEqual([at, undefined]);
        await domain.setCachedRoom('r', 'k', room('again'));
        await domain.updateRoomCacheWithNewMessage(message(1));
        const read = await domain.getCachedRoom('r', 'k');
        expect([at, read?.name]).toEqual([at, 'again']);
        // Only damage to the generation leaves the message as it was.
        const generation = good!.indexOf(' ') + 1;
        const isSpared = at >= generation && at < generation + 16;
        expect([at, read?.lastMessage?.id]).toEqual([at, isSpared ? expect.stringMatching(/m[15]/) : 'm1']);
        await store.run(rawSet, { key: key('room:{r}:headline'), bytes: good! });
        await domain.setCachedRoom('r', 'k', room('good'));
      }
    });
  });

  describe('a new message', () => {
    test('shows in every view of its room, in all processes, and in no other room', async () => {
      const [a, b] = [open(), open()];
      for (const each of ['1', '2', '3']) await a.domain.setCachedRoom('r', each, room(each));
      await a.domain.setCachedRoom('s', '1', { id: 's', name: 'other' });
      await b.domain.updateRoomCacheWithNewMessage(message(7));
      for (const each of ['1', '2', '3'])
        expect(await a.domain.getCachedRoom('r', each)).toEqual(
          room(each, { lastMessage: message(7), lastMessageAt: 7 }),
        );
      expect(await a.domain.getCachedRoom('s', '1')).toEqual({ id: 's', name: 'other' });
    });

    test('costs one operation, however many views there are', async () => {
      const { domain, store } = open();
      for (let each = 0; each < 20; each++) await domain.setCachedRoom('r', `${each}`, room(`${each}`));
      const before = store.calls.length;
      await domain.updateRoomCacheWithNewMessage(message(1));
      expect(store.calls.slice(before)).toEqual(['run:rooms:tell-message']);
    });

    test('never gives way to an older one, whichever comes last: by time, then by id, bytewise', async () => {
      const { domain } = open();
      await domain.setCachedRoom('r', 'k', room('Plaza'));
      const last = async (): Promise<string | undefined> => (await domain.getCachedRoom('r', 'k'))?.lastMessage?.id;
      const told: (readonly [Time, string, string])[] = [
        [1_000, 'b', 'b'],
        [999, 'z', 'b'],
        [1_000, 'a', 'b'],
        [1_000, 'ba', 'ba'],
        [1_000, 'Z', 'ba'],
        [1_000, 'é', 'é'],
        [1_000, '\uffee', '\uffee'],
        [1_000, '🜛', '🜛'],
        [1_000, '\uffee', '🜛'],
        ['1970-01-01T00:00:01.000001Z', 'a', 'a'],
        ['1970-01-01T00:00:01.000Z', 'zz', 'a'],
        ['1970-01-01T01:00:01.000002+01:00', '0', '0'],
        [new Date(1_001), '1', '1'],
        [10_000, '2', '2'],
        [9_999, '3', '2'],
        ['2024-01-01T00:00:00Z', '4', '4'],
        ['2023-12-31T23:59:59.999', '5', '4'],
      ];
      for (const [time, id, expected] of told) {
        await domain.updateRoomCacheWithNewMessage(message(time, id));
        expect([time, id, await last()]).toEqual([time, id, expected]);
      }
    });

    test('told again it changes nothing, nor does it undo what a view has read since', async () => {
      const { domain } = open();
      await domain.updateRoomCacheWithNewMessage(message(5, 'm', 'r'));
      const edited = { ...message(5, 'm'), content: 'edited' };
      await domain.setCachedRoom('r', 'k', room('Plaza', { lastMessage: edited, lastMessageAt: 5 }));
      await domain.updateRoomCacheWithNewMessage(message(5, 'm', 'r'));
      expect((await domain.getCachedRoom('r', 'k'))?.lastMessage?.content).toBe('edited');
    });

    test('an older one does not show in a view that holds a newer one, in whatever form', async () => {
      const { domain } = open();
      await domain.updateRoomCacheWithNewMessage(message(5));
      const views: Record<string, Partial<ChatRoom>> = {
        newer: { lastMessage: message(6), lastMessageAt: 6 },
        'newer, by its message alone': { lastMessage: message(6) },
        'newer, by its time alone': { lastMessageAt: '1970-01-01T00:00:00.006Z' },
        older: { lastMessage: message(4), lastMessageAt: 4 },
        'of the same moment': { lastMessageAt: 5 },
        without: {},
        'with none': { lastMessage: null, lastMessageAt: null },
      };
      for (const [name, more] of Object.entries(views)) await domain.setCachedRoom('r', name, room(name, more));
      const shown = await Promise.all(
        Object.keys(views).map(async (name) => [name, (await domain.getCachedRoom('r', name))?.lastMessage?.id]),
      );
      expect(Object.fromEntries(shown)).toEqual({
        newer: 'm6',
        'newer, by its message alone': 'm6',
        'newer, by its time alone': undefined,
        older: 'm5',
        'of the same moment': 'm5',
        without: 'm5',
        'with none': 'm5',
      });
    });

    test('survives a view that was read before it and set after it, though no view was there', async () => {
      const { domain } = open();
      await domain.updateRoomCacheWithNewMessage(message(5));
      await domain.setCachedRoom('r', 'k', room('read before', { lastMessage: message(4) }));
      expect((await domain.getCachedRoom('r', 'k'))?.lastMessage?.id).toBe('m5');
    });

    test('without a message or a room id nothing is done', async () => {
      const { domain, store } = open();
      const before = store.calls.length;
      for (const nothing of [
        null,
        undefined,
        message(1, 'm', ''),
        { ...message(1), roomId: null as unknown as string },
      ])
        await domain.updateRoomCacheWithNewMessage(nothing);
      expect(store.calls).toHaveLength(before);
    });
  });

  describe('dropping', () => {
    test('a room goes with all its views, which are counted, and nothing else', async () => {
      const [a, b] = [open(), open()];
      for (let each = 0; each < 60; each++) await a.domain.setCachedRoom('r', `${each}`, room(`${each}`));
      await a.domain.setCachedRoom('s', '1', { id: 's', name: 'other' });
      await a.domain.updateRoomCacheWithNewMessage(message(9));
      expect(await b.domain.deleteRoomCacheByRoomId('r')).toBe(60);
      for (let each = 0; each < 60; each++) expect(await a.domain.getCachedRoom('r', `${each}`)).toBeUndefined();
      expect((await a.domain.getCachedRoom('s', '1'))?.name).toBe('other');
      for (const name of ['room:{r}:headline', 'room:{r}:members', 'room:{r}:view:1'])
        expect(await a.store.expiry(key(name))).toBeUndefined();
      expect(await b.domain.deleteRoomCacheByRoomId('r')).toBe(0);
      // What the room knew of its last message is gone too: it may have been deleted.
      await a.domain.setCachedRoom('r', '1', room('again'));
      expect(await a.domain.getCachedRoom('r', '1')).toEqual(room('again'));
    });

    test('who dies half-way has dropped every view all the same', async () => {
      const [a, b] = [open(), open()];
      for (const each of ['1', '2', '3']) await a.domain.setCachedRoom('r', each, room(each));
      b.store.fail('run:rooms:drop-views');
      expect(await b.domain.deleteRoomCacheByRoomId('r')).toBe(0);
      for (const each of ['1', '2', '3']) expect(await a.domain.getCachedRoom('r', each)).toBeUndefined();
      expect(await a.domain.deleteRoomCacheByRoomId('r')).toBe(3);
    });

    test('one view goes alone', async () => {
      const { domain } = open();
      await domain.setCachedRoom('r', '1', room('1'));
      await domain.setCachedRoom('r', '2', room('2'));
      expect(await domain.deleteCachedRoom('r', '1')).toBe(true);
      expect(await domain.deleteCachedRoom('r', '1')).toBe(false);
      expect(await domain.getCachedRoom('r', '1')).toBeUndefined();
      expect(await domain.getCachedRoom('r', '2')).toEqual(room('2'));
      expect(await domain.deleteRoomCacheByRoomId('r')).toBe(1);
    });

    test('a cache key goes with its message and its views in every room', async () => {
      const { domain } = open();
      await domain.setCachedRoom('r', 'k', room('r'));
      await domain.setCachedRoom('s', 'k', room('s'));
      await domain.setCachedRoom('s', 'other', room('other'));
      await domain.setCachedMessage('k', message(1));
      expect(await domain.deleteCache('k')).toBe(true);
      expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
      expect(await domain.getCachedRoom('s', 'k')).toBeUndefined();
      expect(await domain.getCachedMessage('k')).toBeUndefined();
      expect(await domain.getCachedRoom('s', 'other')).toEqual(room('other'));
      expect(await domain.deleteCache('k')).toBe(false);
    });
  });

  describe('messages', () => {
    test('are stored for half an hour and read back, frozen', async () => {
      const { domain, store } = open();
      await domain.setCachedMessage('k', message('2024-01-01T00:00:00Z', 'm'));
      const read = await domain.getCachedMessage('k');
      expect(read).toEqual(message('2024-01-01T00:00:00Z', 'm'));
      expect(Object.isFrozen(read)).toBe(true);
      const left = (await store.expiry(key('message:{k}'))) ?? 0;
      expect([left > hour / 2 - 60_000, left <= hour / 2]).toEqual([true, true]);
    });

    test('are loaded once for all who ask, and not stored when dropped meanwhile', async () => {
      const [a, b] = [open(), open()];
      const slow = slowly(() => message(1));
      const asked = a.domain.loadMessage('k', slow.load);
      await slow.hasRead;
      await b.domain.deleteCache('k');
      slow.answer();
      expect(await world.soon(asked)).toEqual(message(1));
      expect(refusals(a)).toEqual(['voided']);
      expect(await world.soon(a.domain.loadMessage('k', () => message(2)))).toEqual(message(2));
      expect(await b.domain.getCachedMessage('k')).toEqual(message(2));
      expect(await world.soon(b.domain.loadMessage('none', () => undefined))).toBeUndefined();
    });
  });

  describe('reading through', () => {
    test('a cold view is loaded once, stored, and found by every process', async () => {
      const [a, b] = [open(), open()];
      const slow = slowly(() => room('loaded'));
      const all = Promise.all([
        a.domain.loadRoom('r', 'k', slow.load),
        a.domain.loadRoom('r', 'k', slow.load),
        b.domain.loadRoom('r', 'k', slow.load),
      ]);
      await slow.hasRead;
      slow.answer();
      expect(await world.soon(all)).toEqual([room('loaded'), room('loaded'), room('loaded')]);
      expect([...a.events, ...b.events].filter(({ type }) => type === 'load')).toHaveLength(1);
      expect(await b.domain.getCachedRoom('r', 'k')).toEqual(room('loaded'));
      expect(await a.domain.deleteRoomCacheByRoomId('r')).toBe(1);
    });

    test('nothing there is returned and not stored; its error is its caller’s', async () => {
      const { domain } = open();
      expect(await world.soon(domain.loadRoom('r', 'k', () => undefined))).toBeUndefined();
      expect(await world.soon(domain.loadRoom('r', 'k', () => null))).toBeUndefined();
      expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
      const fails = domain.loadRoom('r', 'k', () => Promise.reject(new Error('away')));
      await expect(world.soon(fails)).rejects.toThrow('away');
      expect(await world.soon(domain.loadRoom('r', 'k', () => room('now')))).toEqual(room('now'));
    });

    test('a message that comes during a load shows, in what is stored and to who joins after it', async () => {
      const [a, b] = [open(), open()];
      const slow = slowly(() => room('read before', { lastMessage: message(4), lastMessageAt: 4 }));
      const first = a.domain.loadRoom('r', 'k', slow.load);
      await slow.hasRead;
      await b.domain.updateRoomCacheWithNewMessage(message(5));
      const joined = a.domain.loadRoom('r', 'k', () => room('never'));
      await world.turns();
      slow.answer();
      await world.soon(first);
      expect((await world.soon(joined))?.name).toBe('read before');
      expect((await joined)?.lastMessage?.id).toBe('m5');
      expect((await b.domain.getCachedRoom('r', 'k'))?.lastMessage?.id).toBe('m5');
      expect((await a.domain.getCachedRoom('r', 'k'))?.lastMessage?.id).toBe('m5');
    });

    const drops: Record<string, (rooms: Rooms) => Promise<unknown>> = {
      'its room': (rooms) => rooms.deleteRoomCacheByRoomId('r'),
      'its cache key': (rooms) => rooms.deleteCache('k'),
      'the view itself': (rooms) => rooms.deleteCachedRoom('r', 'k'),
    };
    for (const [what, drop] of Object.entries(drops)) {
      test(`a load that a drop of ${what} overtook is not stored, nor joined by who comes after`, async () => {
        const [a, b] = [open(), open()];
        const slow = slowly(() => room('old'));
        const doomed = a.domain.loadRoom('r', 'k', slow.load);
        await slow.hasRead;
        await drop(b.domain);
        expect(await world.soon(a.domain.loadRoom('r', 'k', () => room('new')))).toEqual(room('new'));
        slow.answer();
        expect(await world.soon(doomed)).toEqual(room('old'));
        expect(refusals(a)).toEqual(['voided']);
        expect(await b.domain.getCachedRoom('r', 'k')).toEqual(room('new'));
      });
    }

    test('a load is refused if the room was dropped, even if who dropped it died before voiding leases', async () => {
      const [a, b] = [open(), open()];
      const slow = slowly(() => room('old'));
      const doomed = a.domain.loadRoom('r', 'k', slow.load);
      await slow.hasRead;
      b.store.fail('run:rooms:drop-views');
      await b.domain.deleteRoomCacheByRoomId('r');
      slow.answer();
      await world.soon(doomed);
      expect(refusals(a)).toEqual(['voided']);
      expect(await a.domain.getCachedRoom('r', 'k')).toBeUndefined();
      expect(await a.store.expiry(`${world.prefix}:lease::${key('room:{r}:view:k')}`)).toBeUndefined();
    });

    test('a set overtakes a load', async () => {
      const [a, b] = [open(), open()];
      const slow = slowly(() => room('old'));
      const doomed = a.domain.loadRoom('r', 'k', slow.load);
      await slow.hasRead;
      await b.domain.setCachedRoom('r', 'k', room('set'));
      slow.answer();
      await world.soon(doomed);
      expect(await a.domain.getCachedRoom('r', 'k')).toEqual(room('set'));
    });

    test('it is stored for as long as it says', async () => {
      const { domain, store } = open();
      await world.soon(domain.loadRoom('r', 'k', () => room('brief'), { ttl: '5s' }));
      await world.soon(domain.loadMessage('k', () => message(1), { ttl: '5s' }));
      for (const name of ['room:{r}:view:k', 'message:{k}'])
        expect(await store.expiry(key(name))).toBeLessThanOrEqual(5_000);
    });
  });

  describe('a store that is away', () => {
    test('makes reads cold, loads answer, and nothing rejects', async () => {
      const process = open();
      const { domain, store } = process;
      store.takeDown();
      expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
      expect(await domain.getCachedMessage('k')).toBeUndefined();
      expect(await world.soon(domain.loadRoom('r', 'k', () => room('source')))).toEqual(room('source'));
      expect(await world.soon(domain.loadMessage('k', () => message(1)))).toEqual(message(1));
      await domain.setCachedRoom('r', 'k', room('Plaza'));
      await domain.setMultipleCachedRooms([{ roomId: 'r', cacheKey: 'l', room: room('Plaza') }]);
      await domain.setCachedMessage('k', message(1));
      await domain.updateRoomCacheWithNewMessage(message(1));
      expect(await domain.deleteRoomCacheByRoomId('r')).toBe(0);
      expect(await domain.deleteCachedRoom('r', 'k')).toBe(false);
      expect(await domain.deleteCache('k')).toBe(false);
      expect(process.events.filter(({ type }) => type === 'store-fault').length).toBeGreaterThanOrEqual(10);
      expect(misses(process).slice(0, 2)).toEqual(['away', 'away']);
    });

    const writes: Record<string, (rooms: Rooms) => Promise<unknown>> = {
      'a new message': (rooms) => rooms.updateRoomCacheWithNewMessage(message(5)),
      'a drop of the room': (rooms) => rooms.deleteRoomCacheByRoomId('r'),
      'a drop of the cache key': (rooms) => rooms.deleteCache('k'),
      'a drop of the view': (rooms) => rooms.deleteCachedRoom('r', 'k'),
      'a view': (rooms) => rooms.setCachedRoom('r', 'k', room('newer')),
    };
    for (const [what, act] of Object.entries(writes)) {
      test(`${what} that could not be told makes the view cold here at once, and everywhere when it is back`, async () => {
        const [a, b] = [open(), open()];
        await a.domain.setCachedRoom('r', 'k', room('old'));
        a.store.fail('*', undefined, 1);
        await act(a.domain);
        a.store.takeDown();
        expect(await a.domain.getCachedRoom('r', 'k')).toBeUndefined();
        a.store.restore();
        expect(await a.domain.getCachedRoom('r', 'k')).toBeUndefined();
        expect(misses(a)).toEqual(['pending', 'pending']);
        await world.pass(2_000);
        expect(await b.domain.getCachedRoom('r', 'k')).toBeUndefined();
        expect(await world.soon(a.domain.loadRoom('r', 'k', () => room('new')))).toEqual(room('new'));
        expect(await b.domain.getCachedRoom('r', 'k')).toEqual(room('new'));
      });
    }

    test('while a drop is kept, loads answer and are not stored', async () => {
      const process = open();
      const { domain, store } = process;
      store.fail('run:rooms:drop-room', undefined, 1);
      await domain.deleteRoomCacheByRoomId('r');
      expect(await world.soon(domain.loadRoom('r', 'k', () => room('source')))).toEqual(room('source'));
      expect(refusals(process)).toEqual(['unleased']);
    });

    test('a load whose generation could not be captured answers and is not stored', async () => {
      const process = open();
      process.store.fail('run:rooms:open-view');
      expect(await world.soon(process.domain.loadRoom('r', 'k', () => room('source')))).toEqual(room('source'));
      expect(refusals(process)).toEqual(['store']);
      expect(await process.domain.getCachedRoom('r', 'k')).toBeUndefined();
      expect(await world.soon(process.domain.loadRoom('r', 'k', () => room('again')))).toEqual(room('again'));
      expect(await process.domain.getCachedRoom('r', 'k')).toEqual(room('again'));
    });
  });

  test('what an earlier server held is cold: views, messages, and the last message of a room', async () => {
    const { domain, store } = open();
    await domain.setCachedRoom('r', 'k', room('old'));
    await domain.setCachedMessage('k', message(9));
    await domain.updateRoomCacheWithNewMessage(message(9));
    store.restore('another');
    expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
    expect(await domain.getCachedMessage('k')).toBeUndefined();
    await domain.updateRoomCacheWithNewMessage(message(5));
    await domain.setCachedRoom('r', 'k', room('new'));
    expect((await domain.getCachedRoom('r', 'k'))?.lastMessage?.id).toBe('m5');
  });

  test('a signal ends a call with its reason, deadlines are checked', async () => {
    const { domain } = open();
    const gone = AbortSignal.abort(new Error('gone'));
    const calls = [
      () => domain.getCachedRoom('r', 'k', { signal: gone }),
      () => domain.setCachedRoom('r', 'k', room('x'), '1h', { signal: gone }),
      () => domain.setMultipleCachedRooms([{ roomId: 'r', cacheKey: 'k', room: room('x') }], '1h', { signal: gone }),
      () => domain.loadRoom('r', 'k', () => room('x'), { signal: gone }),
      () => domain.updateRoomCacheWithNewMessage(message(1), { signal: gone }),
      () => domain.getCachedMessage('k', { signal: gone }),
      () => domain.setCachedMessage('k', message(1), '1h', { signal: gone }),
      () => domain.loadMessage('k', () => message(1), { signal: gone }),
      () => domain.deleteRoomCacheByRoomId('r', { signal: gone }),
      () => domain.deleteCachedRoom('r', 'k', { signal: gone }),
      () => domain.deleteCache('k', { signal: gone }),
    ];
    for (const call of calls) await expect(world.soon<unknown>(call())).rejects.toThrow('gone');
    expect(await domain.getCachedRoom('r', 'k')).toBeUndefined();
    await expect(domain.getCachedRoom('r', 'k', { deadline: -1 })).rejects.toThrow(UsageError);
  });

  test('a caller who gives up while the store hangs is let go', async () => {
    const { domain, store } = open();
    store.hang('read');
    const controller = new AbortController();
    const read = domain.getCachedRoom('r', 'k', { signal: controller.signal });
    await world.turns();
    controller.abort(new Error('gone'));
    await expect(world.soon(read)).rejects.toThrow('gone');
  });

  describe('mistakes are told by field, and change nothing', () => {
    const bad = (value: unknown): never => value as never;
    const mistakes: Record<string, (rooms: Rooms) => Promise<unknown>> = {
      'roomId: empty': (rooms) => rooms.getCachedRoom('', 'k'),
      'roomId: no text': (rooms) => rooms.getCachedRoom(bad(7), 'k'),
      'roomId: a separator': (rooms) => rooms.setCachedRoom('a:b', 'k', room('x')),
      'roomId: a brace': (rooms) => rooms.loadRoom('a}', 'k', () => room('x')),
      'roomId: too long': (rooms) => rooms.deleteRoomCacheByRoomId('x'.repeat(513)),
      'cacheKey: empty': (rooms) => rooms.getCachedRoom('r', ''),
      'cacheKey: too long': (rooms) => rooms.getCachedMessage('x'.repeat(2_049)),
      'cacheKey: half a pair': (rooms) => rooms.setCachedMessage('\ud800', message(1)),
      'key: empty': (rooms) => rooms.deleteCache(''),
      'room: null': (rooms) => rooms.setCachedRoom('r', 'k', bad(null)),
      'room: a list': (rooms) => rooms.setCachedRoom('r', 'k', bad([])),
      'room.id: none': (rooms) => rooms.setCachedRoom('r', 'k', bad({ name: 'x' })),
      'room.lastMessageAt: no time': (rooms) => rooms.setCachedRoom('r', 'k', room('x', { lastMessageAt: 'soon' })),
      'ttl: negative': (rooms) => rooms.setCachedRoom('r', 'k', room('x'), -1),
      'ttl: zero': (rooms) => rooms.setCachedMessage('k', message(1), 0),
      'ttl: infinite': (rooms) => rooms.setCachedRoom('r', 'k', room('x'), Infinity),
      'ttl: no duration': (rooms) => rooms.setMultipleCachedRooms([], bad('1 hour')),
      'rooms: no list': (rooms) => rooms.setMultipleCachedRooms(bad(null)),
      'roomId: the second of two': (rooms) =>
        rooms.setMultipleCachedRooms([
          { roomId: 'r', cacheKey: 'k', room: room('x') },
          { roomId: '', cacheKey: 'k', room: room('x') },
        ]),
      'message: a text': (rooms) => rooms.updateRoomCacheWithNewMessage(bad('hello')),
      'message.roomId: a separator': (rooms) => rooms.updateRoomCacheWithNewMessage(message(1, 'm', 'a:b')),
      'message.id: none': (rooms) => rooms.updateRoomCacheWithNewMessage(bad({ roomId: 'r', createdAt: 1 })),
      'message.createdAt: none': (rooms) => rooms.updateRoomCacheWithNewMessage(bad({ id: 'm', roomId: 'r' })),
      'message.createdAt: NaN': (rooms) => rooms.updateRoomCacheWithNewMessage(message(Number.NaN, 'm')),
      'message.createdAt: no day': (rooms) => rooms.updateRoomCacheWithNewMessage(message('2024-13-01', 'm')),
      'message.createdAt: a bare year': (rooms) => rooms.setCachedMessage('k', message('2024', 'm')),
      'options.ttl: negative': (rooms) => rooms.loadRoom('r', 'k', () => room('x'), { ttl: -5 }),
      'options.deadlin: unknown': (rooms) => rooms.getCachedRoom('r', 'k', bad({ deadlin: 1 })),
    };
    for (const [mistake, make] of Object.entries(mistakes)) {
      test(`a mistake in ${mistake}`, async () => {
        const { domain } = open();
        await domain.setCachedRoom('r', 'k', room('good'));
        const error: unknown = await make(domain).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).field).toBe(mistake.split(':')[0]);
        expect(await domain.getCachedRoom('r', 'k')).toEqual(room('good'));
        expect(await domain.getCachedMessage('k')).toBeUndefined();
      });
    }

    test('options of the cache', () => {
      const { store } = open();
      expect(() => new RoomCache(bad({ store, compres: false }))).toThrow(UsageError);
      expect(() => new RoomCache(bad({ store, compress: { over: -1 } }))).toThrow(UsageError);
      expect(() => new RoomCache(bad({}))).toThrow(UsageError);
    });
  });
};
