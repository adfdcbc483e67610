import { untilUp } from '../../cache/replay.js';
import type { Tally } from '../../cache/tally.js';
import type { Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import type { Store } from '../../store/store.js';

/** Milliseconds between attempts while the store is away or refuses. */
const firstPause = 50;
const longestPause = 1_000;

/** How many go out together. */
const most = 100;

/** How many writes are kept; more are refused, so that nothing is lost silently. */
export const maximumKept = 10_000;

/** What is sent in place of a write that was not acknowledged. It may be sent more than once. */
export type Replay = () => Promise<unknown>;

interface Entry {
  readonly key: string;
  readonly replay: Replay;
  /** Of the domain cache that wrote. */
  readonly tally: Tally;
  /** Writes under way that would replace all it means. */
  superseding: number;
}

/**
 * Writes that the store has not acknowledged, of all domain caches on it in this process. The newest of a key wins; they
 * are sent in the order in which they were kept, when the store comes up, else after a pause, until none is left.
 */
export class Kept {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #entries = new Map<string, Entry>();
  #isReplaying = false;

  constructor(store: Store, clock: Clock, mostKept = maximumKept) {
    this.#store = store;
    this.#clock = clock;
    this.#most = mostKept;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** While true, what is stored under `keys` is not to be believed by this process: it counts as cold. */
  covers(...keys: readonly string[]): boolean {
    return this.#entries.size > 0 && keys.some((key) => this.#entries.has(key));
  }

  /** Keeps what must be sent for `key`, in place of what was kept for it before. False when there is no room. */
  keep(key: string, replay: Replay, tally: Tally): boolean {
    if (!this.#entries.has(key) && this.#entries.size >= this.#most) return false;
    this.#entries.delete(key);
    this.#entries.set(key, { key, replay, tally, superseding: 0 });
    tally.keep(this.size, false);
    if (!this.#isReplaying) void this.#replay();
    return true;
  }

  /**
   * To be called before a write that replaces all that stands under `key`: what is kept for it is not sent meanwhile, lest
   * it come after that write. The returned function ends this; what was kept is forgotten if the write was acknowledged.
   */
  supersede(key: string): (acknowledged: boolean) => void {
    const entry = this.#entries.get(key);
    if (!entry) return () => {};
    entry.superseding++;
    return (acknowledged) => {
      entry.superseding--;
      if (acknowledged) this.#forget(entry);
    };
  }

  /** Never rejects. Ends when nothing is left, or the store is closed. */
  async #replay(): Promise<void> {
    this.#isReplaying = true;
    let pause = firstPause;
    while (this.#entries.size > 0) {
      await untilUp({ store: this.#store, clock: this.#clock }, pause);
      const { sent, isClosed } = await this.#sendSome();
      if (isClosed) break;
      pause = sent > 0 ? 0 : Math.min(Math.max(pause * 2, firstPause), longestPause);
    }
    // In one step with the last look, so that what is kept from now on begins a replay of its own.
    this.#isReplaying = false;
  }

  /** Sends the oldest. What is refused goes to the end, so that it stands in nobody's way. */
  async #sendSome(): Promise<{ sent: number; isClosed: boolean }> {
    const some = [...this.#entries.values()].filter(({ superseding }) => superseding === 0).slice(0, most);
    const outcomes = await Promise.allSettled(some.map(async ({ replay }) => replay()));
    const sent = new Map<Tally, number>();
    let failure: { readonly tally: Tally; readonly error: unknown } | undefined;
    for (const [index, outcome] of outcomes.entries()) {
      const entry = some[index] as Entry;
      if (outcome.status === 'fulfilled') {
        this.#forget(entry);
        sent.set(entry.tally, (sent.get(entry.tally) ?? 0) + 1);
      } else {
        failure ??= { tally: entry.tally, error: outcome.reason };
        if (codeOf(outcome.reason) !== 'STORE_UNAVAILABLE') this.#postpone(entry);
      }
    }
    for (const [tally, count] of sent) tally.replay(count, this.size);
    failure?.tally.storeFault('invalidate', failure.error);
    return { sent: sent.size, isClosed: codeOf(failure?.error) === 'STORE_CLOSED' };
  }

  #forget(entry: Entry): void {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key);
  }

  #postpone(entry: Entry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof StoreError ? error.code : undefined;
}
