import { UsageError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import type { Replay } from '../kit/kept.js';
import type { Lease } from '../kit/lease.js';
import { readThrough, type DomainLoadContext, type Through } from '../kit/through.js';
import { add, type Added, type Encoded } from './add.js';
import { mark } from './mark.js';
import { decodeMessage, encodeMessage, type Held, type Message } from './message.js';
import { recent } from './recent.js';
import { replace } from './replace.js';
import type { SingleMessages } from './single-messages.js';
import { isBefore, type ListKeys, type Position } from './stored.js';
import { writeMark } from './write-mark.js';

/** What a list's loader is given. */
export interface MessagesLoadContext extends DomainLoadContext {
  /** How many of the newest are wanted: fewer say that the conversation has no more. */
  readonly limit: number;
}

export interface ListLimits {
  readonly most: number;
  /** Milliseconds that a note of an added message lives at least, and so its list at most. */
  readonly life: number;
  /** Milliseconds that a mark is remembered. */
  readonly remember: number;
}

/** What is to be stored as a list. */
interface Given {
  /** The newest, newest first, no more than a list holds. */
  readonly messages: readonly Encoded[];
  /** The oldest of them; `undefined` when the conversation has no older ones. */
  readonly floor: Position | undefined;
}

/**
 * The newest messages of conversations, each list in the slot of its conversation. A list is known down to its floor: what
 * is older than that must come from the source. Messages are noted (`SingleMessages.place`) before a list holds them.
 */
export class MessageLists {
  readonly #ground: Ground;
  readonly #singles: SingleMessages;
  readonly #limits: ListLimits;

  constructor(ground: Ground, singles: SingleMessages, limits: ListLimits) {
    this.#ground = ground;
    this.#singles = singles;
    this.#limits = limits;
  }

  async get<M extends Message>(
    conversation: string,
    limit: number,
    before: Position | undefined,
    call: DomainCall,
  ): Promise<M[] | undefined> {
    const list = this.#keys(conversation);
    const asked = before ? limit : Math.min(limit, this.#limits.most);
    return this.#ground.look(list.order, call, async (options) =>
      decodeAll<M>(await this.#read(list, asked, before, options)),
    );
  }

  async load<M extends Message>(
    conversation: string,
    limit: number,
    load: (context: MessagesLoadContext) => Promise<readonly M[]> | readonly M[],
    life: number,
    call: DomainCall,
  ): Promise<M[]> {
    const list = this.#keys(conversation);
    const through: Through<readonly Held[]> = {
      key: list.order,
      shape: String(limit),
      look: (asked) => this.#read(list, limit, undefined, asked),
      load: async ({ signal }) => encodeAll(conversation, await load({ signal, limit }), 'loaded'),
      fill: async (loaded, lease, asked) => {
        const messages = loaded as readonly Encoded[];
        const word = await this.#store(list, conversation, this.#given(messages, limit), life, asked, lease);
        return word === 'voided' ? word : messages.reduce((sum, { payload }) => sum + payload.length, 0);
      },
    };
    const found = await readThrough(this.#ground, through, call);
    const messages = decodeAll<M>(found.slice(0, limit));
    if (messages) return messages;
    // Unreadable counts as cold.
    await this.delete(conversation, call);
    return decodeAll<M>((await readThrough(this.#ground, through, call)).slice(0, limit)) ?? [];
  }

  /** @param limit is how many were asked of the source, `undefined` when all there are: fewer than `most` are the whole conversation then. */
  set(
    conversation: string,
    messages: readonly unknown[],
    limit: number | undefined,
    life: number,
    call: DomainCall,
  ): Promise<unknown> {
    const list = this.#keys(conversation);
    const given = this.#given(encodeAll(conversation, messages, 'messages'), limit);
    return this.#ground.write<string>(call, {
      key: list.order,
      send: (asked) => this.#store(list, conversation, given, life, asked),
      replay: this.#drop(list),
      instead: 'kept',
      replaces: true,
    });
  }

  /** Puts a message in its place, noting it first: in one step where one server holds both, else in two. */
  add(message: Encoded, conversation: string, call: DomainCall): Promise<Added> {
    const { store } = this.#ground;
    const { life, most } = this.#limits;
    const list = this.#keys(conversation);
    return this.#ground.write<Added>(call, {
      key: list.order,
      send: async (asked) => {
        const epoch = await this.#ground.epoch(asked);
        const key = this.#singles.noteOf(message.id);
        const isTogether = store.partition([list.order, key]).length === 1;
        const input = { list, epoch, message, most, life };
        if (isTogether) return store.run(add, { ...input, note: { key, conversation } }, asked);
        const known = await this.#singles.place([message.id], conversation, life, asked);
        return store.run(add, { ...input, message: raised(message, known.get(message.id)) }, asked);
      },
      replay: this.#drop(list),
      instead: 'cold',
    });
  }

  /** Changes a message that the list holds. */
  edit(message: Encoded, conversation: string, call: DomainCall): Promise<Added> {
    const list = this.#keys(conversation);
    const { most } = this.#limits;
    return this.#ground.write<Added>(call, {
      key: list.order,
      send: async (asked) =>
        this.#ground.store.run(
          add,
          { list, epoch: await this.#ground.epoch(asked), message, most, life: undefined },
          asked,
        ),
      replay: this.#drop(list),
      instead: 'cold',
    });
  }

  /** Moves a status forward, or takes a message out. `undefined` when the store did not acknowledge it, and it is kept. */
  mark(
    id: string,
    conversation: string,
    status: number,
    call: DomainCall,
  ): Promise<'moved' | 'kept' | 'absent' | undefined> {
    const list = this.#keys(conversation);
    return writeMark(this.#ground, call, {
      key: list.order,
      replay: this.#drop(list),
      note: `${list.marks} ${id} ${status}`,
      send: async (asked) =>
        this.#ground.store.run(
          mark,
          { list, epoch: await this.#ground.epoch(asked), life: this.#limits.remember, id, status },
          asked,
        ),
    });
  }

  async delete(conversation: string, call: DomainCall): Promise<void> {
    const { order, bodies, lease } = this.#keys(conversation);
    await this.#ground.write<number>(call, {
      key: order,
      send: (asked) => this.#ground.store.delete([order, bodies, lease], asked),
      replay: this.#ground.drop(order, bodies, lease),
      instead: 0,
      replaces: true,
      during: 'delete',
    });
  }

  async #read(
    list: ListKeys,
    limit: number,
    before: Position | undefined,
    call: CallOptions,
  ): Promise<Held[] | undefined> {
    return this.#ground.store.run(recent, { list, epoch: await this.#ground.epoch(call), limit, before }, call);
  }

  async #store(
    list: ListKeys,
    conversation: string,
    { messages, floor }: Given,
    life: number,
    call: CallOptions,
    lease?: Lease,
  ): Promise<'stored' | 'voided'> {
    const epoch = lease?.epoch ?? (await this.#ground.epoch(call));
    const ids = messages.map(({ id }) => id);
    const known = await this.#singles.place(ids, conversation, life, call);
    const reached = messages.map((each) => raised(each, known.get(each.id)));
    const input = { list, epoch, token: lease?.token, life, floor, messages: reached };
    return this.#ground.store.run(replace, input, call);
  }

  #given(messages: readonly Encoded[], limit: number | undefined): Given {
    const { most } = this.#limits;
    const kept = messages.slice(0, most);
    const isWhole = messages.length < Math.min(limit ?? Infinity, most);
    return { messages: kept, floor: isWhole ? undefined : kept.at(-1) };
  }

  #drop({ order, bodies, lease }: ListKeys): Replay {
    return this.#ground.drop(order, bodies, lease);
  }

  #keys(conversation: string): ListKeys {
    const order = this.#ground.key('conversation:messages', conversation);
    return {
      order,
      bodies: this.#ground.key('conversation:messages', conversation, 'bodies'),
      marks: this.#ground.key('conversation:messages', conversation, 'marks'),
      lease: this.#ground.lease(order),
    };
  }
}

/** With at least the status that is known of it. */
function raised(message: Encoded, known = 0): Encoded {
  return known > message.status ? { ...message, status: known } : message;
}

function decodeAll<M extends Message>(bodies: readonly Held[] | undefined): M[] | undefined {
  const messages = bodies?.map((body) => decodeMessage<M>(body));
  return messages?.includes(undefined) ? undefined : (messages as M[] | undefined);
}

/** Newest first; of those with one id the newest version, or the last. @throws UsageError for what is no list of messages of this conversation. */
function encodeAll(conversation: string, messages: unknown, field: string): Encoded[] {
  if (!Array.isArray(messages)) throw new UsageError(field, messages, 'must be a list of messages');
  const byId = new Map<string, Encoded>();
  for (const [index, message] of messages.entries()) {
    const encoded = encodeIn(conversation, message, `${field}[${index}]`);
    const there = byId.get(encoded.id);
    if (!there || there.version <= encoded.version) byId.set(encoded.id, encoded);
  }
  return [...byId.values()].sort((a, b) => (isBefore(a, b) ? 1 : -1));
}

/** @throws UsageError for a message of another conversation. */
export function encodeIn(conversation: string, message: unknown, field: string): Encoded {
  const encoded = encodeMessage(message, field);
  if (encoded.conversation !== conversation)
    throw new UsageError(`${field}.conversationId`, encoded.conversation, 'must be the conversation it is put into');
  return encoded;
}
