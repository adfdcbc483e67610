import fc from 'fast-check';

import type { Store } from '../../store/store.js';
import { compareStores, type Step } from '../kit/compare.fixture.js';
import { dropKey } from './drop-key.js';
import { dropRoom } from './drop-room.js';
import { dropViews } from './drop-views.js';
import { RoomCache, type Room, type RoomMessage } from './index.js';
import { noteRooms } from './note-rooms.js';
import { openView } from './open-view.js';
import { isNewer, orderOf } from './order.js';
import { putViews } from './put-views.js';
import { rawHash, rawSet } from './raw.fixture.js';
import { tellMessage } from './tell-message.js';

/** Rooms and messages against a model that keeps them in maps, and both stores against each other. */
interface View extends Room {
  readonly name: string;
  readonly lastMessage?: RoomMessage | null;
}
type Rooms = RoomCache<View>;

class Model {
  readonly views = new Map<string, View>();
  readonly messages = new Map<string, RoomMessage>();
  readonly last = new Map<string, RoomMessage>();

  shown(room: string, key: string): View | undefined {
    const [view, last] = [this.views.get(`${room} ${key}`), this.last.get(room)];
    if (!view || !last) return view;
    const held = view.lastMessage;
    return held && !isLater(last, held) ? view : { ...view, lastMessage: last, lastMessageAt: last.createdAt };
  }

  drop(matches: (room: string, key: string) => boolean): number {
    const gone = [...this.views.keys()].filter((each) => matches(...(each.split(' ') as [string, string])));
    for (const each of gone) this.views.delete(each);
    return gone.length;
  }
}

function isLater(a: RoomMessage, b: RoomMessage): boolean {
  const place = ({ createdAt, id }: RoomMessage) => orderOf(createdAt, id, 'createdAt');
  return isNewer(place(a), place(b));
}

const roomId = fc.constantFrom('r', 's');
const cacheKey = fc.constantFrom('a', 'b', '{a}', 'a}');
const message = fc
  .record({
    id: fc.constantFrom('1', '2', 'é'),
    roomId,
    createdAt: fc.constantFrom<number | string>(1, 2, 2.5, '1970-01-01T00:00:00.002Z', -1),
  })
  .map((each): RoomMessage => each);
const view = fc
  .tuple(fc.string({ maxLength: 3 }), fc.option(message, { nil: null }))
  .map(([name, last]): View =>
    last ? { id: 'v', name, lastMessage: last, lastMessageAt: last.createdAt } : { id: 'v', name, lastMessage: null },
  );

const step: fc.Arbitrary<Step<Rooms, Model>> = fc.oneof(
  fc.tuple(roomId, cacheKey, view).map(([room, key, given]) => ({
    say: `set ${room} ${key} ${JSON.stringify(given)}`,
    run: (rooms: Rooms) => rooms.setCachedRoom(room, key, given),
    expected: (model: Model) => void model.views.set(`${room} ${key}`, given),
  })),
  fc.array(fc.record({ roomId, cacheKey, room: view }), { maxLength: 4 }).map((given) => ({
    say: `setMultiple ${JSON.stringify(given)}`,
    run: (rooms: Rooms) => rooms.setMultipleCachedRooms(given),
    expected: (model: Model) => given.forEach((each) => model.views.set(`${each.roomId} ${each.cacheKey}`, each.room)),
  })),
  fc.tuple(roomId, cacheKey).map(([room, key]) => ({
    say: `get ${room} ${key}`,
    run: (rooms: Rooms) => rooms.getCachedRoom(room, key),
    expected: (model: Model) => model.shown(room, key),
  })),
  fc.tuple(roomId, cacheKey, fc.option(view, { nil: undefined })).map(([room, key, given]) => ({
    say: `load ${room} ${key} ${JSON.stringify(given)}`,
    run: (rooms: Rooms) => rooms.loadRoom(room, key, () => given),
    expected(model: Model) {
      if (!model.views.has(`${room} ${key}`) && given) {
        model.views.set(`${room} ${key}`, given);
      }
      return model.shown(room, key);
    },
  })),
  message.map((given) => ({
    say: `tell ${JSON.stringify(given)}`,
    run: (rooms: Rooms) => rooms.updateRoomCacheWithNewMessage(given),
    expected(model: Model) {
      const last = model.last.get(given.roomId);
      if (!last || isLater(given, last)) model.last.set(given.roomId, given);
    },
  })),
  roomId.map((room) => ({
    say: `drop ${room}`,
    run: (rooms: Rooms) => rooms.deleteRoomCacheByRoomId(room),
    expected(model: Model) {
      model.last.delete(room);
      return model.drop((each) => each === room);
    },
  })),
  fc.tuple(roomId, cacheKey).map(([room, key]) => ({
    say: `drop ${room} ${key}`,
    run: (rooms: Rooms) => rooms.deleteCachedRoom(room, key),
    expected: (model: Model) => model.drop((each, of) => each === room && of === key) > 0,
  })),
  cacheKey.map((key) => ({
    say: `drop ${key}`,
    run: (rooms: Rooms) => rooms.deleteCache(key),
    expected(model: Model) {
      const hadMessage = model.messages.delete(key);
      return model.drop((_, of) => of === key) > 0 || hadMessage;
    },
  })),
  fc.tuple(cacheKey, message).map(([key, given]) => ({
    say: `set message ${key}`,
    run: (rooms: Rooms) => rooms.setCachedMessage(key, given),
    expected: (model: Model) => void model.messages.set(key, given),
  })),
  fc.tuple(cacheKey, fc.option(message, { nil: undefined })).map(([key, given]) => ({
    say: `load message ${key}`,
    run: (rooms: Rooms) => rooms.loadMessage(key, () => given),
    expected(model: Model) {
      if (!model.messages.has(key) && given) model.messages.set(key, given);
      return model.messages.get(key);
    },
  })),
  cacheKey.map((key) => ({
    say: `get message ${key}`,
    run: (rooms: Rooms) => rooms.getCachedMessage(key),
    expected: (model: Model) => model.messages.get(key),
  })),
);

compareStores<Rooms, Model>({
  steps: step,
  subject: (store, prefix) => new RoomCache<View>({ store, prefix }),
  model: () => new Model(),
  runs: 100,
});

/** The operations by themselves, under tokens, generations and epochs of any kind, over whatever stands there. */
interface Raw {
  readonly store: Store;
  readonly key: (name: string) => string;
}
const hour = 3_600_000;
const epoch = fc.constantFrom('e', 'f');
const generation = fc.constantFrom('g', 'h');
const name = fc.constantFrom('headline', 'index', 'view', 'lease');
const member = fc.constantFrom('a', 'b');
const order = fc.record({
  at: fc.constantFrom(-1, 0, 9, 10),
  tie: fc.constantFrom('0', '1', '10', 'Z', 'a', 'é', '\uffee', '🜛'),
});

const operation: fc.Arbitrary<Step<Raw, undefined>> = fc.oneof(
  fc
    .array(fc.tuple(fc.constantFrom(undefined, 't', 'u'), generation, member), { minLength: 1, maxLength: 3 })
    .chain((views) => epoch.map((of) => ({ of, views })))
    .map(({ of, views }) => ({
      say: `put ${of} ${JSON.stringify(views)}`,
      run: ({ store, key }: Raw) =>
        store.run(putViews, {
          epoch: of,
          least: hour,
          views: views.map(([token, its, each]) => ({
            headline: key('headline'),
            index: key('index'),
            view: key('view'),
            lease: key('lease'),
            token,
            generation: its,
            life: 2 * hour,
            member: each,
            entry: Buffer.from([0, 255, 10]),
          })),
        }),
    })),
  fc.tuple(epoch, generation, member).map(([of, its, each]) => ({
    say: `open ${of} ${its} ${each}`,
    run: ({ store, key }: Raw) =>
      store.run(openView, {
        headline: key('headline'),
        index: key('index'),
        epoch: of,
        least: hour,
        life: hour,
        generation: its,
        member: each,
      }),
  })),
  fc.tuple(epoch, generation, order).map(([of, its, at]) => ({
    say: `tell ${of} ${its} ${at.at} ${at.tie}`,
    run: ({ store, key }: Raw) =>
      store.run(tellMessage, {
        headline: key('headline'),
        epoch: of,
        least: hour,
        generation: its,
        order: at,
        entry: 'm',
      }),
  })),
  fc.constant<Step<Raw, undefined>>({
    say: 'drop room',
    run: async ({ store, key }) =>
      (await store.run(dropRoom, { headline: key('headline'), index: key('index') })).sort(),
  }),
  member.map((each) => ({
    say: `drop view ${each}`,
    run: ({ store, key }: Raw) =>
      store.run(dropViews, { index: key('index'), views: [{ member: each, view: key('view'), lease: key('lease') }] }),
  })),
  member.map((each) => ({
    say: `note ${each}`,
    run: ({ store, key }: Raw) => store.run(noteRooms, [{ rooms: key('index'), roomId: each, life: hour }]),
  })),
  fc.constant<Step<Raw, undefined>>({
    say: 'drop key',
    async run({ store, key }) {
      const { removed, rooms } = await store.run(dropKey, {
        message: key('view'),
        lease: key('lease'),
        rooms: key('index'),
      });
      return [removed, rooms.sort()];
    },
  }),
  fc
    .tuple(name, fc.constantFrom('t', 'u', '', 'e g - -\n', 'e g 9 1\nm', 'e g - -', 'e  g - -\n', 'e g h - -\n'))
    .map(([of, bytes]) => ({
      say: `write ${of} ${bytes}`,
      run: ({ store, key }: Raw) => store.run(rawSet, { key: key(of), bytes }),
    })),
  fc.constantFrom('headline', 'index', 'view').map((of) => ({
    say: `hash ${of}`,
    run: ({ store, key }: Raw) => store.run(rawHash, key(of)),
  })),
);

compareStores<Raw, undefined>({
  steps: operation,
  subject: (store, prefix) => ({ store, key: (of) => `${prefix}:{r}:${of}` }),
  model: () => undefined,
  async state({ store, key }) {
    const all = ['headline', 'index', 'view', 'lease'].map(key);
    const lives = await Promise.all(all.map((each) => store.expiry(each)));
    // To the minute: the stores' clocks are not one.
    return [(await store.read(all)).map(String), lives.map((life) => life && Math.round(life / 60_000))];
  },
});
