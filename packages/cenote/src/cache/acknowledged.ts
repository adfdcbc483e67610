import type { Clock } from '../core/clock.js';
import type { Store } from '../store/store.js';
import { Pending } from './pending.js';

/**
 * Milliseconds for which an acknowledged invalidation is remembered at least: more than it takes to notice that another
 * server has taken over (a heartbeat's interval and its patience: 4 s).
 */
export const rememberedFor = 10_000;

/**
 * The last invalidations that the store has acknowledged. Who takes over from a server may never have heard of them: then
 * they count as not said, and are handed to `again`, once for each change of the store's epoch.
 *
 * They are merged and bounded like what is kept, in two generations: what is added goes to the younger, and the older is
 * let go when the younger takes its place. So adding is O(1), and there is one timer, only while something is remembered.
 * It is a timer rather than the time of each, because time must stand still where nobody could notice the change: while
 * the store is away, and while this process is frozen.
 */
export class Acknowledged {
  readonly #store: Store;
  readonly #clock: Clock;
  #young = new Pending();
  #old = new Pending();
  #epoch: string | undefined;
  #isAging = false;

  constructor(store: Store, clock: Clock, again: (lost: readonly Pending[]) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#epoch = store.epoch;
    store.onState((state) => {
      if (state === 'down') return;
      if (store.epoch !== this.#epoch) again(this.#take());
      this.#epoch = store.epoch;
      this.#age();
    });
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Remembers what `add` adds. */
  add(add: (young: Pending) => void): void {
    // There is no more to say than that everything is invalid.
    if (this.#young.everything) return;
    add(this.#young);
    this.#age();
  }

  #take(): readonly Pending[] {
    const taken = [this.#old, this.#young];
    this.#old = new Pending();
    this.#young = new Pending();
    return taken;
  }

  #age(): void {
    if (this.#isAging || this.size === 0) return;
    this.#isAging = true;
    this.#clock.after(rememberedFor, () => {
      this.#isAging = false;
      if (this.#store.epoch === undefined) return; // Goes on when the store is back.
      this.#old = this.#young;
      this.#young = new Pending();
      this.#age();
    });
  }
}
