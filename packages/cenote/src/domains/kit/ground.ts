import { Names } from '../../cache/key.js';
import { checkClock, checkName, checkStore } from '../../cache/options.js';
import { epochOf } from '../../cache/scope.js';
import { Tally } from '../../cache/tally.js';
import { Unleased } from '../../cache/unleased.js';
import { systemClock, type Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import type { CacheEvent, MissReason } from '../../core/events.js';
import { checkFunction, checkOptions } from '../../core/options.js';
import type { CallOptions, Store } from '../../store/store.js';
import { Boarding } from './boarding.js';
import { checkId } from './ids.js';
import { Kept, type Replay } from './kept.js';

/** What every domain cache is made with. */
export interface DomainOptions {
  readonly store: Store;
  /** Every key begins with it and a colon. */
  readonly prefix?: string | undefined;
  /** Label in events and counters; default: the domain's own. */
  readonly name?: string | undefined;
  /** Told of every outcome; see `CacheEvent`. What it throws becomes a process warning. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests: 0 to below 1. */
  readonly random?: (() => number) | undefined;
}

const known = ['store', 'prefix', 'name', 'onEvent', 'clock', 'random'] as const;

/** A write that must not be lost, and must not fail its caller. */
export interface Write<Reply> {
  /** What it changes; while the write is kept, what is stored under this key counts as cold in this process. */
  readonly key: string;
  readonly send: (call: CallOptions) => Promise<Reply>;
  /** What is sent later if the store does not acknowledge it. For what is merely cached: `ground.drop(key, …)`. */
  readonly replay: Replay;
  /** What the caller is answered then. */
  readonly instead: Reply;
  /** Whether it replaces all that stands under the key, so that what was kept for it before need not be sent any more. */
  readonly replaces?: boolean;
  /** What the fault is told as; default `set`. */
  readonly during?: 'set' | 'delete';
}

/** What a lookup found: a value, or why not. */
export type Found<T> =
  { readonly value: T; readonly reason: undefined } | { readonly value: undefined; readonly reason: MissReason };

/** What domain caches on one store have in common in this process, so that each sees what another has kept or loads. */
interface Commons {
  readonly kept: Kept;
  readonly boarding: Boarding;
  readonly unleased: Unleased;
}

const commons = new WeakMap<Store, Commons>();
const mostUnleased = 256;

function commonsOf(store: Store, clock: Clock): Commons {
  const those = commons.get(store) ?? {
    kept: new Kept(store, clock),
    boarding: new Boarding(),
    unleased: new Unleased(mostUnleased),
  };
  commons.set(store, those);
  return those;
}

/**
 * What a domain cache stands on: its store, its names, and the golden rule. A read whose store is away answers something
 * else instead; a write that the store has not acknowledged is kept and sent later. Both are told as `store-fault`.
 *
 * Conventions of the scripts of a domain:
 *
 * - KEYS: what is read or written first, its lease behind it. All in one slot: `key` gives them one hash tag.
 * - ARGV: 1 the epoch · 2 the lease's token for a fill, where there is one · then lifetimes in ms, `''` for none · the rest.
 * - What is stored carries the epoch it was written under, and a script takes another epoch's for absent: a server that
 *   was restored or failed over may have forgotten what removed it.
 * - A fill stores only while the lease holds its token, and uses it up (`spendLease`). Every write, edit or removal of the
 *   object deletes the lease, so that a load which began before is refused.
 * - Time is the server's: `TIME` in Lua, `data.now()` in the local body (ADR 0016).
 */
export class Ground {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tally: Tally;
  readonly kept: Kept;
  readonly boarding: Boarding;
  readonly unleased: Unleased;
  readonly #names: Names;

  /**
   * @param own names the options that the domain takes besides; it checks their values itself.
   * @param name is the label where the options give none.
   * @throws UsageError naming the option, its value and the rule.
   */
  constructor(options: DomainOptions, own: readonly string[], name: string) {
    const given = checkOptions(options, [...known, ...own], 'options');
    const { clock, random, onEvent } = given;
    this.store = checkStore(given['store']);
    this.clock = clock === undefined ? systemClock : checkClock(clock);
    this.random = random === undefined ? Math.random : checkFunction<() => number>(random, 'options.random');
    this.#names = new Names(given['prefix'] as string | undefined);
    this.tally = new Tally(
      given['name'] === undefined ? name : checkName(given['name']),
      this.clock,
      onEvent === undefined ? undefined : checkFunction<(event: CacheEvent) => void>(onEvent, 'options.onEvent'),
    );
    const { kept, boarding, unleased } = commonsOf(this.store, this.clock);
    this.kept = kept;
    this.boarding = boarding;
    this.unleased = unleased;
  }

  /**
   * `P:message:{7}` of `('message', '7')`, `P:unread:{7}:3` of `('unread', '7', '3')`: keys whose first id is the same share
   * a slot. The ids must have been checked (`id`).
   */
  key(kind: string, id: string, ...more: readonly string[]): string {
    return [`${this.#names.start}${kind}:{${id}}`, ...more].join(':');
  }

  /** The lease of a key, in its slot; no key of a caller's can be it. */
  lease(key: string): string {
    return this.#names.lease(key);
  }

  /** @throws UsageError naming `field` for what cannot stand in a key. See `checkId`. */
  id(value: unknown, field: string): string {
    return checkId(value, field);
  }

  /** A key as events tell it, without the prefix. */
  told(key: string): string {
    return key.slice(this.#names.start.length);
  }

  /** What scripts take as the present epoch. Rejects with `StoreError` while the store has not said who it is. */
  epoch(call: CallOptions): Promise<string> {
    return epochOf(this, call);
  }

  /**
   * Looks up what is cached under a key; `undefined` when cold, when a write of it is kept, and when the store is away.
   * Told as a hit or a miss. Rejects only when its caller gives up.
   *
   * @param within other keys whose kept writes make it cold too.
   */
  async look<T>(
    key: string,
    call: CallOptions,
    ask: (call: CallOptions) => Promise<T | undefined>,
    within?: readonly string[],
  ): Promise<T | undefined> {
    const start = this.tally.start();
    const found = await this.find(key, call, ask, within);
    this.tell(key, found, start);
    return found.value;
  }

  /** `look` that says why there is nothing, and is not told but for a fault. */
  async find<T>(
    key: string,
    call: CallOptions,
    ask: (call: CallOptions) => Promise<T | undefined>,
    within: readonly string[] = [],
  ): Promise<Found<T>> {
    if (this.kept.covers(key, ...within)) return { value: undefined, reason: 'pending' };
    return this.read(
      call,
      async (asked): Promise<Found<T>> => {
        const value: T | undefined = await ask(asked);
        return value === undefined ? { value: undefined, reason: 'absent' } : { value, reason: undefined };
      },
      (): Found<T> => ({ value: undefined, reason: 'away' }),
    );
  }

  tell(key: string, found: Found<unknown>, start: number): void {
    if (found.reason) this.tally.miss(this.told(key), found.reason, start);
    else this.tally.hit(this.told(key), false, start);
  }

  /** Asks the store, or answers `instead` when it is away. Rejects only when the caller gives up, or `instead` does. */
  async read<T>(
    call: CallOptions,
    ask: (call: CallOptions) => Promise<T>,
    instead: (error: unknown) => T | Promise<T>,
  ): Promise<T> {
    try {
      return await ask(call);
    } catch (error) {
      if (call.signal?.aborted) throw error;
      this.tally.storeFault('read', error);
      return instead(error);
    }
  }

  /**
   * Writes, and keeps what is not acknowledged. Rejects when its caller gives up (it is kept all the same if it was on its
   * way), for a mistake of the caller's, and with `StoreError` when too much is kept already.
   */
  async write<Reply>(
    call: CallOptions,
    { key, send, replay, instead, replaces, during }: Write<Reply>,
  ): Promise<Reply> {
    call.signal?.throwIfAborted();
    const end = replaces ? this.kept.supersede(key) : undefined;
    let acknowledged = false;
    try {
      const reply = await send(call);
      acknowledged = true;
      return reply;
    } catch (error) {
      const isAborted = call.signal?.aborted === true;
      if (!(error instanceof StoreError) && !isAborted) throw error;
      if (!isAborted) this.tally.storeFault(during ?? 'set', error);
      if (!this.kept.keep(key, replay, this.tally) || isAborted) throw error;
      return instead;
    } finally {
      end?.(acknowledged);
    }
  }

  /** A replay that removes keys, of one slot: what they held is cold, and its loads under way are refused if a lease is among them. */
  drop(...keys: readonly string[]): Replay {
    return () => this.store.delete(keys);
  }
}
