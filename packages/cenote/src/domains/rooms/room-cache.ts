/**
 * Rooms are cached as views, one for each endpoint or user that sees a room in its own way. A new message is told once per
 * room, not once per view: it goes into the room's **headline**, which every read fetches beside its view, in one `MGET`, and
 * which wins if it is newer. So all views show it or none, whatever is written or filled at the same time, and an older
 * message cannot undo a newer one: the headline keeps the newest by (createdAt, id).
 *
 * The headline also carries the room's **generation**, and so does each view. A view of another generation is cold. Hence:
 *
 * - Dropping a room is removing its headline. Its views are dead in that moment, however many they are, and even if who
 *   drops them dies half-way through removing them.
 * - A load captures the generation before it reads, and is stored only under the same: dropped meanwhile, it is refused.
 * - A headline that is evicted, or of another epoch, takes its views with it: none outlives the message that it should show.
 *
 * What a load gave to many callers at once is shown to each under the headline that this very caller has seen, so that who
 * comes after a message sees it even in a load that began before.
 */
import type { Compression } from '../../cache/compress.js';
import { resolveCompression } from '../../cache/options.js';
import { write } from '../../cache/operations/index.js';
import { milliseconds, type Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import { resolveDomainCall, type DomainCall, type DomainCallOptions } from '../kit/call.js';
import { Ground, type DomainOptions } from '../kit/ground.js';
import { decodeRecord, encodeRecord } from '../kit/record.js';
import { readThrough, type DomainLoadContext } from '../kit/through.js';
import { Held } from './held.js';
import { roomTtls } from './lives.js';
import { memberOf, RoomNames } from './names.js';
import { checkMessage, checkObject, type RoomMessage } from './message.js';
import { checkRoom, decodeRoom, encodeRoom, type Room } from './room.js';
import { Seal } from './seal.js';
import { shown, Views, type Seen, type Writing } from './views.js';
import { removeKey, removeRoom, removeViews } from './writing.js';

export interface RoomCacheOptions extends DomainOptions {
  /** Compresses what takes more than `over` bytes (default 1024); `false` never does. Any reader reads both. */
  readonly compress?: false | { readonly over?: number; readonly with?: Compression } | undefined;
}

export interface RoomLoadOptions extends DomainCallOptions {
  /** Life of what was loaded; by default that of its kind, as in `roomTtls`. */
  readonly ttl?: Duration | undefined;
}

/** A view to be stored. */
export interface RoomView<R extends Room> {
  readonly roomId: string;
  readonly cacheKey: string;
  readonly room: R;
}

/** Reads the source of truth. `undefined` or `null` when there is nothing: not stored. */
export type RoomLoader<T> = (context: DomainLoadContext) => Promise<T | null | undefined> | T | null | undefined;

/**
 * Cached views of chat rooms, and single messages. What reads give is frozen, and `undefined` when cold. A store that is away
 * makes reads cold, and writes drops that are kept for when it is back: an event tells, nothing rejects, and until then this
 * process takes what they mean for cold. Every method takes `{ signal, deadline }` last, rejects with `UsageError` for what
 * breaks a rule, and with the signal's reason when its caller gives up.
 */
export class RoomCache<R extends Room = Room, M extends RoomMessage = RoomMessage> {
  readonly #ground: Ground;
  readonly #names: RoomNames;
  readonly #seal: Seal;
  readonly #views: Views<R, M>;

  /** @throws UsageError naming the option, its value and the rule. */
  constructor(options: RoomCacheOptions) {
    this.#ground = new Ground(options, ['compress'], 'rooms');
    this.#names = new RoomNames(this.#ground);
    this.#seal = new Seal(resolveCompression(options.compress ?? {}));
    this.#views = new Views(this.#ground, this.#names, this.#seal);
  }

  /**
   * The view of a room under a cache key, with the room's newest message; `undefined` when cold. What is unreadable or of
   * another type counts as cold, and is replaced by the next write. One round trip: an `MGET` of two keys.
   */
  async getCachedRoom(roomId: string, cacheKey: string, options?: DomainCallOptions): Promise<R | undefined> {
    const place = this.#views.place(roomId, cacheKey);
    const seen: Seen<M> = {};
    const look = (call: CallOptions): Promise<Held<R> | undefined> => this.#views.look(place, seen, call);
    const held = await this.#ground.look(place.view, resolveDomainCall(options), look, place.within);
    return held && shown(held, seen);
  }

  /**
   * Stores a view for `ttl`, and voids loads of it. Not fenced against drops: what was read before a drop may be set after it
   * (with `loadRoom` it may not). Store away: the view is cold until it is back. One round trip, on a cluster two; O(log views).
   */
  async setCachedRoom(
    roomId: string,
    cacheKey: string,
    room: R,
    ttl: Duration = roomTtls.room,
    options?: DomainCallOptions,
  ): Promise<void> {
    await this.setMultipleCachedRooms([{ roomId, cacheKey, room }], ttl, options);
  }

  /**
   * `setCachedRoom` of many, in one pipeline, whichever rooms they are of. All are checked before any is written; of two
   * under one key the last wins. Not all or none: each that the store did not take is cold. One round trip, on a cluster two.
   */
  async setMultipleCachedRooms(
    rooms: Iterable<RoomView<R>>,
    ttl: Duration = roomTtls.room,
    options?: DomainCallOptions,
  ): Promise<void> {
    const call = resolveDomainCall(options);
    const life = milliseconds(ttl, 'ttl');
    const writings = [...checkList<RoomView<R>>(rooms, 'rooms')].map(({ roomId, cacheKey, room }): Writing => ({
      place: this.#views.place(roomId, cacheKey),
      text: encodeRoom(checkRoom(room, 'room')),
      life,
    }));
    let sent: Promise<void> | undefined;
    const send = (limits: CallOptions): Promise<void> => (sent ??= this.#views.put(writings, limits));
    await Promise.all(writings.map((writing) => this.#write(writing.place.view, writing.text.length, send, call)));
  }

  /**
   * The view of a room, or what `load` reads from the source of truth, stored under a lease: one load at a time in all
   * processes, refused if the room or the view was dropped meanwhile, joined only with the store's word. The newest message
   * shows even if it came during the load. Store away: loads.
   *
   * Rejects with the loader's error, with `LoadTimeoutError` after 30 s, or with `CODEC` for what JSON cannot hold. One round
   * trip when warm, five when cold.
   */
  async loadRoom(
    roomId: string,
    cacheKey: string,
    load: RoomLoader<R>,
    options?: RoomLoadOptions,
  ): Promise<R | undefined> {
    const place = this.#views.place(roomId, cacheKey);
    const { call, life } = loadCall(options, roomTtls.room);
    const seen: Seen<M> = {};
    const held = await readThrough<Held<R> | undefined>(
      this.#ground,
      {
        ...this.#views.through(place, life, seen, call),
        load: async (context) => {
          const room = await load(context);
          return room ? new Held(encodeRoom(checkRoom(room, 'room')), decodeRoom<R>) : undefined;
        },
      },
      call,
    );
    return held && shown(held, seen);
  }

  /**
   * Makes a message the last one of its room in every view, unless a newer one is: by `createdAt`, then by `id`. Told again
   * or late, it changes nothing. Without a message or a room id nothing is done. Store away: the room is cold until it is
   * back. One round trip, O(1) however many views there are.
   */
  async updateRoomCacheWithNewMessage(message: M | null | undefined, options?: DomainCallOptions): Promise<void> {
    const call = resolveDomainCall(options);
    if (message === null || message === undefined) return;
    const given = checkObject(message, 'message')['roomId'];
    if (given === null || given === undefined || given === '') return;
    const roomId = this.#ground.id(given, 'message.roomId');
    const order = checkMessage(message, 'message');
    const headline = this.#names.headline(roomId);
    const start = this.#ground.tally.start();
    const told = await this.#ground.write<number | 'older' | 'kept'>(call, {
      key: headline,
      send: (limits) => this.#views.tell(roomId, message, order, limits),
      // What is kept is not the message, which may be old news by then, but that the room is to be read anew.
      replay: () => removeRoom(this.#ground.store, this.#names, roomId),
      instead: 'kept',
    });
    const outcome = typeof told === 'number' ? 'stored' : told;
    this.#ground.tally.set(this.#ground.told(headline), outcome, typeof told === 'number' ? told : 0, start);
  }

  /** The message under a cache key; `undefined` when cold. One round trip, a `GET`. */
  async getCachedMessage(cacheKey: string, options?: DomainCallOptions): Promise<M | undefined> {
    const { key, within } = this.#messagePlace(cacheKey);
    const look = (call: CallOptions): Promise<Held<M> | undefined> => this.#lookMessage(key, call);
    return (await this.#ground.look(key, resolveDomainCall(options), look, within))?.take();
  }

  /** Stores a message for `ttl`, and voids loads of it. Store away: it is cold until the store is back. One round trip. */
  async setCachedMessage(
    cacheKey: string,
    message: M,
    ttl: Duration = roomTtls.message,
    options?: DomainCallOptions,
  ): Promise<void> {
    const { key } = this.#messagePlace(cacheKey);
    const call = resolveDomainCall(options);
    const life = milliseconds(ttl, 'ttl');
    checkMessage(message, 'message');
    const text = encodeRecord(message);
    const send = async (limits: CallOptions): Promise<void> =>
      void (await this.#putMessage(key, text, life, await this.#ground.epoch(limits), undefined, limits));
    await this.#write(key, text.length, send, call);
  }

  /**
   * The message under a cache key, or what `load` reads, stored under a lease as by `loadRoom`. Store away: loads. One round
   * trip when warm, four when cold.
   */
  async loadMessage(cacheKey: string, load: RoomLoader<M>, options?: RoomLoadOptions): Promise<M | undefined> {
    const { key, within } = this.#messagePlace(cacheKey);
    const { call, life } = loadCall(options, roomTtls.message);
    const held = await readThrough<Held<M> | undefined>(
      this.#ground,
      {
        key,
        within,
        look: (asked) => this.#lookMessage(key, asked),
        load: async (context) => {
          const message = await load(context);
          if (message) checkMessage(message, 'message');
          return message ? new Held(encodeRecord(message), decodeRecord<M>) : undefined;
        },
        fill: (value, { token, epoch }, asked) => this.#putMessage(key, value?.text ?? '', life, epoch, token, asked),
      },
      call,
    );
    return held?.take();
  }

  /**
   * Drops every view of a room, its index, and what it knows of its last message; the number of views that were there.
   * Atomic: after it, no view and no load that began before is served. Store away: 0, and dropped when it is back. Two round
   * trips, O(views).
   */
  async deleteRoomCacheByRoomId(roomId: string, options?: DomainCallOptions): Promise<number> {
    const id = this.#ground.id(roomId, 'roomId');
    const remove = (call?: CallOptions): Promise<number> => removeRoom(this.#ground.store, this.#names, id, call);
    return this.#remove(this.#names.headline(id), remove, resolveDomainCall(options));
  }

  /** Drops one view; true when it was there. Store away: false, and dropped when it is back. One round trip. */
  async deleteCachedRoom(roomId: string, cacheKey: string, options?: DomainCallOptions): Promise<boolean> {
    const { roomId: id, member, view } = this.#views.place(roomId, cacheKey);
    const remove = (call?: CallOptions): Promise<number> =>
      removeViews(this.#ground.store, this.#names, id, [member], call);
    return (await this.#remove(view, remove, resolveDomainCall(options))) > 0;
  }

  /**
   * Drops what stands under a cache key: the message, and the view of every room that has one under it; true when something
   * was there. A failure is told as an event, not thrown: false then, and dropped when the store is back. Two round trips,
   * O(rooms): which rooms these are stands in another slot than they do. Who dies in between has dropped some of them; done
   * again, it drops the rest.
   */
  async deleteCache(key: string, options?: DomainCallOptions): Promise<boolean> {
    const member = memberOf(key, 'key');
    const remove = (call?: CallOptions): Promise<number> => removeKey(this.#ground.store, this.#names, member, call);
    return (await this.#remove(this.#names.rooms(member), remove, resolveDomainCall(options))) > 0;
  }

  #messagePlace(cacheKey: string): { readonly key: string; readonly within: readonly string[] } {
    const member = memberOf(cacheKey, 'cacheKey');
    return { key: this.#names.message(member), within: [this.#names.rooms(member)] };
  }

  async #lookMessage(key: string, call: CallOptions): Promise<Held<M> | undefined> {
    const epoch = await this.#ground.epoch(call);
    const text = this.#seal.open(key, await this.#ground.store.readOne(key, call), epoch);
    const held = text === undefined ? undefined : new Held(text, decodeRecord<M>);
    return held?.isReadable ? held : undefined;
  }

  /** Bytes stored, or `voided` when `token` no longer holds the lease. */
  async #putMessage(
    key: string,
    text: string,
    life: number,
    epoch: string,
    token: string | undefined,
    call: CallOptions,
  ): Promise<number | 'voided'> {
    const sealed = this.#seal.close(key, text, epoch);
    const entry = Buffer.from(sealed as string);
    const input = { value: key, lease: this.#names.lease(key), token, entry, isText: typeof sealed === 'string', life };
    const [word] = await this.#ground.store.run(write, [input], call);
    return word === 'stored' ? entry.length : 'voided';
  }

  /** A write of what is merely cached: not acknowledged, it is dropped later. */
  async #write(key: string, size: number, send: (call: CallOptions) => Promise<void>, call: DomainCall): Promise<void> {
    const start = this.#ground.tally.start();
    const outcome = await this.#ground.write<'stored' | 'kept'>(call, {
      key,
      send: (limits) => send(limits).then(() => 'stored' as const),
      replay: this.#ground.drop(key, this.#names.lease(key)),
      instead: 'kept',
      replaces: true,
    });
    this.#ground.tally.set(this.#ground.told(key), outcome, size, start);
  }

  async #remove(key: string, send: (call?: CallOptions) => Promise<number>, call: DomainCall): Promise<number> {
    const start = this.#ground.tally.start();
    const removed = await this.#ground.write<number | undefined>(call, {
      key,
      send,
      replay: () => send(),
      instead: undefined,
      replaces: true,
      during: 'delete',
    });
    this.#ground.tally.delete([this.#ground.told(key)], removed ?? 0, removed === undefined, start);
    return removed ?? 0;
  }
}

function loadCall(options: RoomLoadOptions | undefined, ttl: Duration): { call: DomainCall; life: number } {
  const call = resolveDomainCall(options, ['ttl']);
  return { call, life: milliseconds(options?.ttl ?? ttl, 'options.ttl') };
}

function checkList<Item>(value: Iterable<Item>, field: string): Iterable<Item> {
  if (typeof value === 'object' && Symbol.iterator in ((value as object | null) ?? {})) return value;
  throw new UsageError(field, value, 'must be a list');
}
