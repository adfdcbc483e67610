import { randomId } from '../../cache/entry.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import type { Lease } from '../kit/lease.js';
import type { Through } from '../kit/through.js';
import { generationLength, readHeadline, sealMessage, type Last } from './headline.js';
import { Held } from './held.js';
import { leastLife, margin } from './lives.js';
import { memberOf, type RoomNames } from './names.js';
import { noteRooms, type NoteRoom } from './note-rooms.js';
import { openView } from './open-view.js';
import type { Order } from './order.js';
import { putViews, type PutView } from './put-views.js';
import type { RoomMessage } from './message.js';
import { decodeRoom, withMessage, type Room } from './room.js';
import type { Seal } from './seal.js';
import { tellMessage } from './tell-message.js';
import { putAll, removeRoom } from './writing.js';

/** Where a view is. */
export interface Place {
  readonly roomId: string;
  /** Its cache key, as keys and indices hold it. */
  readonly member: string;
  readonly headline: string;
  readonly view: string;
  /** What else makes it cold while a write of it is kept: its room, and its cache key. */
  readonly within: readonly string[];
}

/** A view to be written. */
export interface Writing {
  readonly place: Place;
  readonly text: string;
  /** Milliseconds. */
  readonly life: number;
}

/** The newest message of a room that a reader has seen beside its view. */
export interface Seen<M extends RoomMessage> {
  last?: Last<M> | undefined;
}

/** A view under the message that its reader has seen: its own for each call, frozen. */
export function shown<R extends Room>(held: Held<R>, { last }: Seen<RoomMessage>): R {
  return last ? withMessage(held.take(), last) : held.take();
}

/** How the views of rooms are found, written and loaded. */
export class Views<R extends Room, M extends RoomMessage> {
  readonly #ground: Ground;
  readonly #names: RoomNames;
  readonly #seal: Seal;

  constructor(ground: Ground, names: RoomNames, seal: Seal) {
    this.#ground = ground;
    this.#names = names;
    this.#seal = seal;
  }

  /** @throws UsageError for a room id or cache key that can be none. */
  place(roomId: unknown, cacheKey: unknown): Place {
    const id = this.#ground.id(roomId, 'roomId');
    const member = memberOf(cacheKey, 'cacheKey');
    const [headline, view] = [this.#names.headline(id), this.#names.view(id, member)];
    return { roomId: id, member, headline, view, within: [headline, this.#names.rooms(member)] };
  }

  /** The view, if it is of its room's generation; `seen` gets the room's last message. One `MGET`. */
  async look(place: Place, seen: Seen<M>, call: CallOptions): Promise<Held<R> | undefined> {
    const { store } = this.#ground;
    const epoch = await this.#ground.epoch(call);
    const [bytes, above] = await store.read([place.view, place.headline], call);
    const headline = readHeadline<M>(this.#seal, place.headline, above, epoch);
    if (headline === 'damaged') await removeRoom(store, this.#names, place.roomId, call);
    if (typeof headline === 'string') return undefined;
    seen.last = headline.last;
    if (!bytes || bytes.toString('latin1', 0, generationLength) !== headline.generation) return undefined;
    const text = this.#seal.open(place.view, bytes.subarray(generationLength), epoch);
    const held = text === undefined ? undefined : new Held(text, decodeRoom<R>);
    return held?.isReadable ? held : undefined;
  }

  /** Writes views over whatever stands there. */
  async put(writings: readonly Writing[], call: CallOptions): Promise<void> {
    const epoch = await this.#ground.epoch(call);
    const views = writings.map((writing) => this.#putOf(writing, randomId(), epoch));
    const notes = writings.map(({ place, life }) => this.#noteOf(place, life));
    await putAll(this.#ground.store, notes, views, { epoch, least: leastLife }, call);
  }

  /** What a read-through of a view is made of, but for its loader. */
  through(place: Place, life: number, seen: Seen<M>, { hard }: DomainCall): Omit<Through<Held<R> | undefined>, 'load'> {
    const { store } = this.#ground;
    let generation = '';
    return {
      key: place.view,
      within: place.within,
      look: (call) => this.look(place, seen, call),
      before: async (lease, call) => void (generation = await this.#open(place, life, hard, lease, call)),
      fill: async (value, { token, epoch }, call) => {
        const view = this.#putOf({ place, life, text: value?.text ?? '' }, generation, epoch);
        const [word] = await store.run(putViews, { epoch, least: leastLife, views: [{ ...view, token }] }, call);
        return word === 'stored' ? view.entry.length : 'voided';
      },
    };
  }

  /** Makes a message the last one of its room, unless a newer one is; bytes stored, or `older`. */
  async tell(roomId: string, message: M, order: Order, call: CallOptions): Promise<number | 'older'> {
    const headline = this.#names.headline(roomId);
    const epoch = await this.#ground.epoch(call);
    const entry = sealMessage(this.#seal, headline, message, order, epoch);
    const input = { headline, epoch, least: leastLife, generation: randomId(), order, entry };
    return (await this.#ground.store.run(tellMessage, input, call)) === 'told' ? entry.length : 'older';
  }

  /** Captures the room's generation, and makes the load known to whoever drops the room or the cache key. One round trip. */
  async #open(place: Place, life: number, hard: number, { epoch }: Lease, call: CallOptions): Promise<string> {
    const { store } = this.#ground;
    const { roomId, member, headline } = place;
    const index = this.#names.index(roomId);
    const input = { headline, index, epoch, least: leastLife, life: hard + margin, generation: randomId(), member };
    const [generation] = await Promise.all([
      store.run(openView, input, call),
      store.run(noteRooms, [this.#noteOf(place, hard + life)], call),
    ]);
    return generation;
  }

  #putOf({ place, life, text }: Writing, generation: string, epoch: string): PutView {
    const { roomId, member, headline, view } = place;
    const entry = this.#seal.close(view, text, epoch);
    const [index, lease] = [this.#names.index(roomId), this.#names.lease(view)];
    return { headline, index, view, lease, generation, life, member, entry };
  }

  #noteOf({ roomId, member }: Place, life: number): NoteRoom {
    return { rooms: this.#names.rooms(member), roomId, life: life + margin };
  }
}
