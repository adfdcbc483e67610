import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground, Write } from '../kit/ground.js';
import type { Lease } from '../kit/lease.js';
import { readThrough, type DomainLoadContext, type Through } from '../kit/through.js';
import { decodeAll, encodeAll, type Conversation } from './conversation.js';
import { edit, type Edit, type Edited } from './edit.js';
import { page } from './page.js';
import { replace, type Encoded } from './replace.js';
import type { Body, Floor, Keys } from './stored.js';
import { total, type Total } from './total.js';

/** What a loader of conversations is given. */
export interface ConversationsLoadContext extends DomainLoadContext {
  /** How many of the first are wanted, pinned ones before others: fewer say that the user has no more. */
  readonly limit: number;
}

/**
 * Users' conversations, each user's in the slot of the user. A list is known down to its floor: what is below must come from
 * the source.
 */
export class ConversationLists {
  readonly #ground: Ground;
  readonly #most: number;

  /** @param most is how many conversations a list holds. */
  constructor(ground: Ground, most: number) {
    this.#ground = ground;
    this.#most = most;
  }

  get<C extends Conversation>(user: string, limit: number, call: DomainCall): Promise<C[] | undefined> {
    const keys = this.#keys(user);
    return this.#ground.look(keys.ordinary, call, async (asked) => {
      const bodies = await this.#read(keys, Math.min(limit, this.#most), asked);
      return bodies && decodeAll<C>(bodies);
    });
  }

  async load<C extends Conversation>(
    user: string,
    limit: number,
    load: (context: ConversationsLoadContext) => Promise<readonly C[]> | readonly C[],
    life: number,
    call: DomainCall,
  ): Promise<C[]> {
    const keys = this.#keys(user);
    const through: Through<readonly Body[]> = {
      key: keys.ordinary,
      shape: String(limit),
      look: (asked) => this.#read(keys, limit, asked),
      load: async ({ signal }) => encodeAll(await load({ signal, limit }), 'loaded'),
      fill: async (loaded, lease, asked) => {
        const conversations = loaded as readonly Encoded[];
        const word = await this.#store(keys, conversations, limit, life, asked, lease);
        return word === 'voided' ? word : conversations.reduce((sum, { payload }) => sum + payload.length, 0);
      },
    };
    const read = async (): Promise<C[] | undefined> =>
      decodeAll<C>((await readThrough(this.#ground, through, call)).slice(0, limit));
    const found = await read();
    if (found) return found;
    // Unreadable counts as cold.
    await this.delete(user, call);
    return (await read()) ?? [];
  }

  /** @param limit is how many were asked of the source; `undefined`: these are all there are. */
  async set(user: string, given: unknown, limit: number | undefined, life: number, call: DomainCall): Promise<void> {
    const keys = this.#keys(user);
    const conversations = encodeAll(given, 'conversations');
    await this.#ground.write<string>(call, {
      ...this.#dropping(keys),
      send: (asked) => this.#store(keys, conversations, limit, life, asked),
      instead: 'kept',
      replaces: true,
    });
  }

  /** What became of a conversation; `kept` when the store was not told, and the list is cold from now on. */
  edit(user: string, id: string, given: Edit, call: DomainCall): Promise<Edited | 'kept'> {
    const keys = this.#keys(user);
    return this.#ground.write<Edited | 'kept'>(call, {
      ...this.#dropping(keys),
      send: async (asked) =>
        this.#ground.store.run(edit, { keys, epoch: await this.#ground.epoch(asked), id, edit: given }, asked),
      instead: 'kept',
    });
  }

  total(user: string, call: DomainCall): Promise<Total | undefined> {
    const keys = this.#keys(user);
    return this.#ground.look(keys.ordinary, call, async (asked) =>
      this.#ground.store.run(total, { keys, epoch: await this.#ground.epoch(asked) }, asked),
    );
  }

  async delete(user: string, call: DomainCall): Promise<void> {
    const keys = this.#keys(user);
    await this.#ground.write<number>(call, {
      ...this.#dropping(keys),
      send: (asked) => this.#ground.store.delete(all(keys), asked),
      instead: 0,
      replaces: true,
      during: 'delete',
    });
  }

  async #read(keys: Keys, limit: number, call: CallOptions): Promise<Body[] | undefined> {
    return this.#ground.store.run(page, { keys, epoch: await this.#ground.epoch(call), limit }, call);
  }

  async #store(
    keys: Keys,
    given: readonly Encoded[],
    limit: number | undefined,
    life: number,
    call: CallOptions,
    lease?: Lease,
  ): Promise<'stored' | 'voided'> {
    const epoch = lease?.epoch ?? (await this.#ground.epoch(call));
    const conversations = given.slice(0, this.#most);
    const isWhole = given.length <= this.#most && given.length < (limit ?? Infinity);
    const floor = isWhole ? undefined : floorOf(conversations.at(-1));
    return this.#ground.store.run(replace, { keys, epoch, token: lease?.token, life, floor, conversations }, call);
  }

  #dropping(keys: Keys): Pick<Write<unknown>, 'key' | 'replay'> {
    return { key: keys.ordinary, replay: this.#ground.drop(...all(keys)) };
  }

  #keys(user: string): Keys {
    const key = (...more: string[]): string => this.#ground.key('conversations:user', user, ...more);
    const ordinary = key();
    return {
      ordinary,
      pinned: key('pinned'),
      bodies: key('bodies'),
      counted: key('counted'),
      lease: this.#ground.lease(ordinary),
    };
  }
}

/** What a list consists of. What was counted is remembered beyond it. */
function all({ ordinary, pinned, bodies, lease }: Keys): string[] {
  return [ordinary, pinned, bodies, lease];
}

function floorOf(lowest: Encoded | undefined): Floor | undefined {
  return lowest && { isPinned: lowest.head.isPinned, time: lowest.head.last.time, id: lowest.id };
}
