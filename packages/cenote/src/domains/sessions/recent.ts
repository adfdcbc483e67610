import type { Clock } from '../../core/clock.js';
import type { Store } from '../../store/store.js';

/** Milliseconds for which a revocation is remembered at least: more than it takes to notice that another server took over. */
const rememberedFor = 10_000;

/** How many are remembered at most; the oldest give way. */
const most = 10_000;

/**
 * The last revocations that the store has acknowledged. Who takes over from a server may never have heard of them, so they
 * are told again, once for each change of the store's epoch. They stand in two generations, so that remembering is O(1) and
 * needs no timer: what is told long afterwards harms nobody, since it means no one who logged in later.
 */
export class Recent {
  readonly #clock: Clock;
  #young = new Map<string, () => void>();
  #old = new Map<string, () => void>();
  #began = -Infinity;
  #epoch: string | undefined;

  constructor(store: Store, clock: Clock) {
    this.#clock = clock;
    this.#epoch = store.epoch;
    store.onState((state) => {
      if (state === 'down') return;
      if (store.epoch !== this.#epoch) this.#tellAll();
      this.#epoch = store.epoch;
    });
  }

  /** Remembers how to tell it again; the last word about a key stands. */
  add(key: string, again: () => void): void {
    const now = this.#clock.monotonic();
    if (now - this.#began > rememberedFor || this.#young.size >= most) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#began = now;
    }
    this.#young.set(key, again);
  }

  #tellAll(): void {
    const all = new Map([...this.#old, ...this.#young]);
    this.#old = new Map();
    this.#young = new Map();
    for (const again of all.values()) again();
  }
}
