import { UsageError } from '../../core/errors.js';
import type { CallOptions, Store } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import { readThrough, type DomainLoadContext, type Through } from '../kit/through.js';
import type { Encoded } from './add.js';
import { markMessage, type MarkedMessage } from './mark-message.js';
import { decodeMessage, encodeMessage, type Held, type Message } from './message.js';
import { place } from './place.js';
import { putMessage, type MessageKeys } from './put-message.js';
import { readMessage, type Body } from './stored.js';
import { writeMark } from './write-mark.js';

/** How many notes one operation makes: the cost of a script under client tracking grows with the square of its keys. */
const mostNotes = 100;

/** By how much a note outlives its list, in milliseconds: it is written a moment before. */
const margin = 60_000;

/** Messages by themselves, each in a slot of its own, with a note of what is known of it: its conversation, and how far its status has come. */
export class SingleMessages {
  readonly #ground: Ground;
  readonly #remember: number;

  /** @param remember is how long a note lives at least, in milliseconds. */
  constructor(ground: Ground, remember: number) {
    this.#ground = ground;
    this.#remember = remember;
  }

  async get<M extends Message>(id: string, call: DomainCall): Promise<M | undefined> {
    const { message } = this.#keys(id);
    return this.#ground.look(message, call, async (asked) => {
      const body = await this.#read(message, asked);
      return body && decodeMessage<M>(body);
    });
  }

  async load<M extends Message>(
    id: string,
    load: (context: DomainLoadContext) => Promise<M | null | undefined> | M | null | undefined,
    life: number,
    call: DomainCall,
  ): Promise<M | undefined> {
    const keys = this.#keys(id);
    const through: Through<Held | undefined> = {
      key: keys.message,
      look: async (asked) => {
        const body = await this.#read(keys.message, asked);
        // Unreadable counts as cold.
        return body && decodeMessage(body) ? body : undefined;
      },
      load: async (context) => {
        const loaded = await load(context);
        if (loaded === null || loaded === undefined) return undefined;
        const encoded = encodeMessage(loaded, 'loaded');
        if (encoded.id !== id) throw new UsageError('loaded.id', encoded.id, 'must be the id that was asked for');
        return encoded;
      },
      fill: async (loaded, { epoch, token }, asked) => {
        const { status, version, payload } = loaded as Encoded;
        const input = { keys, epoch, token, life, status, version, payload };
        const word = await this.#ground.store.run(putMessage, input, asked);
        return word === 'stored' || word === 'older' ? payload.length : 'voided';
      },
    };
    const held = await readThrough(this.#ground, through, call);
    return held && decodeMessage<M>(held);
  }

  put({ id, status, version, payload }: Encoded, life: number, call: DomainCall): Promise<unknown> {
    const { store } = this.#ground;
    const keys = this.#keys(id);
    return this.#ground.write<string>(call, {
      key: keys.message,
      send: async (asked) =>
        store.run(putMessage, { keys, epoch: await this.#ground.epoch(asked), life, status, version, payload }, asked),
      replay: this.#ground.drop(keys.message, keys.lease),
      instead: 'kept',
      replaces: true,
    });
  }

  /** Moves a status forward, or removes; `undefined` when the store did not acknowledge it, and it is kept. */
  async mark(id: string, status: number, call: DomainCall): Promise<MarkedMessage | undefined> {
    const keys = this.#keys(id);
    const send = async (asked: CallOptions): Promise<MarkedMessage> =>
      this.#ground.store.run(
        markMessage,
        { keys, epoch: await this.#ground.epoch(asked), life: this.#remember, status },
        asked,
      );
    return writeMark(this.#ground, call, {
      key: keys.message,
      send,
      replay: this.#ground.drop(keys.message, keys.lease),
      note: `${keys.note} ${status}`,
    });
  }

  /** Notes where messages are, before a list holds them; the status known of each. One round trip. Rejects when the store is away. */
  async place(
    ids: readonly string[],
    conversation: string,
    life: number,
    call: CallOptions,
  ): Promise<Map<string, number>> {
    const { store } = this.#ground;
    const byNote = new Map(ids.map((id) => [this.#keys(id).note, id]));
    const groups = inGroups(store, [...byNote.keys()]);
    const statuses = new Map<string, number>();
    await Promise.all(
      groups.map(async (notes) => {
        const known = await store.run(place, { notes, conversation, life: life + margin }, call);
        for (const [index, note] of notes.entries()) statuses.set(byNote.get(note) ?? '', known[index] ?? 0);
      }),
    );
    return statuses;
  }

  noteOf(id: string): string {
    return this.#keys(id).note;
  }

  async #read(key: string, call: CallOptions): Promise<Body | undefined> {
    const epoch = await this.#ground.epoch(call);
    return readMessage(await this.#ground.store.readOne(key, call), epoch);
  }

  #keys(id: string): MessageKeys {
    const message = this.#ground.key('message', id);
    return { message, note: this.#ground.key('message', id, 'note'), lease: this.#ground.lease(message) };
  }
}

function inGroups(store: Store, keys: readonly string[]): (readonly string[])[] {
  return store
    .partition(keys)
    .flatMap((group) =>
      Array.from({ length: Math.ceil(group.length / mostNotes) }, (_, index) =>
        group.slice(index * mostNotes, (index + 1) * mostNotes),
      ),
    );
}
