import { UsageError } from '../../core/errors.js';
import { checkCount } from '../../core/options.js';
import type { CallOptions } from '../../store/store.js';
import type { DomainCall } from '../kit/call.js';
import type { Ground } from '../kit/ground.js';
import { giveBack } from '../kit/lease.js';
import { readThrough, type DomainLoadContext } from '../kit/through.js';
import { count, raise, readAll, unread, type Marker, type Unread, type UnreadKeys } from './unread-operations.js';
import { writeMark } from './write-mark.js';

/** The highest sequence that was sent in a conversation, and the highest that a user has read. */
export interface UnreadMarkers {
  readonly sent: number;
  readonly read: number;
}

const sentField = ':sent';

/** How many messages of a conversation a user has not read: counted, or told by markers. All of a conversation is in its slot. */
export class UnreadCounts {
  readonly #ground: Ground;
  readonly #life: number;
  /** The highest marker that the store has not acknowledged. */
  readonly #behind = new Map<string, number>();

  /** @param life is how long a count or marker lives after its last change, in milliseconds. */
  constructor(ground: Ground, life: number) {
    this.#ground = ground;
    this.#life = life;
  }

  async increment(conversation: string, user: string, by: number, call: DomainCall): Promise<number | undefined> {
    const { counter } = this.#keys(conversation, user);
    const run = async (asked: CallOptions, byHowMany: number | undefined): Promise<number | undefined> =>
      this.#ground.store.run(
        count,
        { key: counter, epoch: await this.#ground.epoch(asked), life: this.#life, by: byHowMany },
        asked,
      );
    return this.#ground.write<number | undefined>(call, {
      key: counter,
      send: (asked) => run(asked, by),
      // Whether it was counted is not known, so the count is not either.
      replay: () => run({}, undefined),
      instead: undefined,
    });
  }

  async get(conversation: string, user: string, call: DomainCall): Promise<number | undefined> {
    const { counter, markers } = this.#keys(conversation, user);
    const known = await this.#ground.look(counter, call, (asked) => this.#read(conversation, user, asked), [markers]);
    return known && countOf(known);
  }

  async load(
    conversation: string,
    user: string,
    load: (context: DomainLoadContext) => Promise<UnreadMarkers> | UnreadMarkers,
    call: DomainCall,
  ): Promise<number> {
    const { markers } = this.#keys(conversation, user);
    const known = await readThrough<readonly Marker[]>(
      this.#ground,
      {
        key: markers,
        shape: user,
        look: async (asked) => {
          const { sent, read } = (await this.#read(conversation, user, asked)) ?? {};
          return sent?.isSure && read?.isSure ? [sent, read] : undefined;
        },
        load: async (context) => checkMarkers(await load(context)),
        // Markers only rise, so that a late fill does no harm: nothing voids the lease, which spares the source alone.
        fill: async ([sent, read], lease, asked) => {
          const raised = [[sentField, sent as Marker] as const, [user, read as Marker] as const];
          const { epoch } = lease;
          await this.#ground.store.run(raise, { markers, epoch, life: this.#life, raised }, asked);
          giveBack(this.#ground.store, lease);
          return 0;
        },
      },
      call,
    );
    return difference(known[0]?.sequence, known[1]?.sequence);
  }

  async reset(conversation: string, user: string, call: DomainCall): Promise<void> {
    const keys = this.#keys(conversation, user);
    const send = async (asked: CallOptions): Promise<unknown> =>
      this.#ground.store.run(readAll, { keys, epoch: await this.#ground.epoch(asked), life: this.#life, user }, asked);
    await this.#ground.write<unknown>(call, {
      key: keys.counter,
      send,
      replay: () => send({}),
      instead: undefined,
      replaces: true,
    });
  }

  markSent(conversation: string, sequence: number, call: DomainCall): Promise<void> {
    return this.#raise(conversation, sentField, sequence, call);
  }

  markRead(conversation: string, user: string, sequence: number, call: DomainCall): Promise<void> {
    return this.#raise(conversation, user, sequence, call);
  }

  /** Of what is kept for a marker, the highest is sent. */
  async #raise(conversation: string, field: string, sequence: number, call: DomainCall): Promise<void> {
    const { markers } = this.#keys(conversation, field);
    const note = `${markers} ${field}`;
    const highest = Math.max(checkCount(sequence, 'seq', 0), this.#behind.get(note) ?? 0);
    this.#behind.set(note, highest);
    const send = async (asked: CallOptions): Promise<Marker[]> => {
      const raised = [[field, { sequence: highest, isSure: false }] as const];
      const epoch = await this.#ground.epoch(asked);
      const reply = await this.#ground.store.run(raise, { markers, epoch, life: this.#life, raised }, asked);
      if (this.#behind.get(note) === highest) this.#behind.delete(note);
      return reply;
    };
    await writeMark(this.#ground, call, { key: markers, send, replay: () => send({}), note });
  }

  async #read(conversation: string, user: string, call: CallOptions): Promise<Unread | undefined> {
    const keys = this.#keys(conversation, user);
    const known = await this.#ground.store.run(unread, { keys, epoch: await this.#ground.epoch(call), user }, call);
    return known.sent === undefined && known.count === 'lost' ? undefined : known;
  }

  #keys(conversation: string, user: string): UnreadKeys {
    return {
      counter: this.#ground.key('unread', conversation, user),
      markers: this.#ground.key('unread', conversation),
    };
  }
}

function countOf({ sent, read, count: counted }: Unread): number {
  return sent ? difference(sent.sequence, read?.sequence) : Number(counted === 'none' ? 0 : counted);
}

function difference(sent = 0, read = 0): number {
  return Math.max(sent - read, 0);
}

function checkMarkers(value: unknown): readonly [Marker, Marker] {
  if (typeof value !== 'object' || value === null)
    throw new UsageError('loaded', value, 'must have the highest sequence sent and read');
  const { sent, read } = value as Partial<UnreadMarkers>;
  return [
    { sequence: checkCount(sent, 'loaded.sent', 0), isSure: true },
    { sequence: checkCount(read, 'loaded.read', 0), isSure: true },
  ];
}
