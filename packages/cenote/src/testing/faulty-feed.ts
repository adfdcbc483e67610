import type { Clock } from '../core/clock.js';
import type { ChangeListener, Store, Watch, WatchOptions } from '../store/store.js';

type Open = NonNullable<Store['watch']>;

/**
 * What a faulty store tells of changes: what the store behind it tells, until a test has it fall silent or lose it. It
 * keeps to the contract in both: while changes are held back no time counts as alive.
 */
export class FaultyFeed {
  readonly #clock: Clock;
  readonly #listeners = new Set<ChangeListener>();
  #state: 'open' | 'silent' | 'cut' = 'open';
  #silentSince = 0;
  #held: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A silent partition: neither changes nor signs of life arrive, and nobody notices. `mend` delivers what was held back. */
  silence(): void {
    if (this.#state !== 'open') return;
    this.#state = 'silent';
    this.#silentSince = this.#clock.monotonic();
  }

  /** The feed is lost, and listeners learn of it; changes until `mend` are never told. */
  cut(): void {
    if (this.#state === 'cut') return;
    this.#state = 'cut';
    this.#held = [];
    this.forget();
  }

  /** The feed is as good as the one behind it again. */
  mend(): void {
    this.#state = 'open';
    for (const tell of this.#held.splice(0)) tell();
  }

  /** Tells of a change now, whatever is held back: before a reply that a test holds, say. */
  tell(key: string): void {
    for (const listener of this.#listeners) listener.changed(key);
  }

  /** Tells that anything may have changed, as after a flush. */
  forget(): void {
    for (const listener of this.#listeners) listener.lost();
  }

  /** `Store.watch` on top of another's. */
  watch(open: Open, listener: ChangeListener, options: WatchOptions): Watch {
    this.#listeners.add(listener);
    const inner = open(
      {
        changed: (key) => this.#arrive(() => listener.changed(key)),
        lost: () => this.#arrive(() => listener.lost()),
      },
      options,
    );
    const aliveAt = (): number => this.#aliveAt(inner);
    return {
      get aliveAt() {
        return aliveAt();
      },
      stop: () => {
        this.#listeners.delete(listener);
        inner.stop();
      },
    };
  }

  #arrive(tell: () => void): void {
    if (this.#state === 'open') tell();
    else if (this.#state === 'silent') this.#held.push(tell);
  }

  #aliveAt({ aliveAt }: Watch): number {
    if (this.#state === 'cut') return -Infinity;
    return this.#state === 'silent' ? Math.min(aliveAt, this.#silentSince) : aliveAt;
  }
}
