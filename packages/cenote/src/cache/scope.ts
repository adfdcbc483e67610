import type { Clock } from '../core/clock.js';
import { StoreError } from '../core/errors.js';
import type { CallOptions, Store } from '../store/store.js';
import type { Acknowledged } from './acknowledged.js';
import { Flights } from './flights.js';
import { Names } from './key.js';
import type { Near } from './near/near.js';
import type { Payloads } from './payload.js';
import { Pending } from './pending.js';
import type { Tag } from './tags.js';
import { Unleased } from './unleased.js';

/** What all caches of one store and prefix in this process have in common, so that each sees what another invalidates. */
export class Common {
  readonly names: Names;
  readonly flights = new Flights();
  readonly pending = new Pending();
  /** What was invalidated last, once something has been. */
  acknowledged: Acknowledged | undefined;
  readonly unleased: Unleased;
  /** Tags that loaders named too late, to be captured first the next time. */
  readonly lateTags = new Recent<readonly Tag[]>(10_000);
  /** This process's memory, once a cache with one has been made. */
  near: Near | undefined;
  /** Whether kept invalidations are being replayed. */
  isReplaying = false;

  constructor(prefix: string | undefined, mostUnleased: number) {
    this.names = new Names(prefix);
    this.unleased = new Unleased(mostUnleased);
  }
}

/** What every part of a cache works with. */
export interface Scope {
  readonly store: Store;
  readonly common: Common;
  /** The memory that this cache reads; absent where it was made without. */
  readonly near: Near | undefined;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * The store's epoch, which everything that is written carries. @throws StoreError when it is not known: nothing may be
 * written then, since it could not be told from what an earlier server held.
 */
export async function epochOf({ store }: Pick<Scope, 'store'>, limits: CallOptions): Promise<string> {
  if (store.epoch === undefined) await store.ready(limits);
  if (store.epoch === undefined) throw new StoreError('STORE_UNAVAILABLE', 'the store has not said yet who it is');
  return store.epoch;
}

/** A bounded memory of the last things that were put in. */
class Recent<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): Value | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Value): void {
    this.#values.set(key, value);
    if (this.#values.size <= this.#most) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}
