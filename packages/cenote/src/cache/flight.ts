/**
 * One key being fetched by this process, and who may share it.
 *
 * The danger: a caller that arrives after an invalidation must not be given a value loaded before it.
 *
 *     load begins ── reads old row ──────────────────────────────── returns old row ── fill refused
 *                         another process: commits, invalidates
 *                                                  caller arrives, joins?  it would get the old row
 *
 * So there are two ways in. While the flight still asks or waits for its lease, its load lies ahead of everyone who is
 * there: they share freely. Once the loader runs, a caller must first have the store's word, given after it arrived, that
 * the flight's lease is still held under unchanged tags: an invalidation voids the one or changes the other. One question
 * serves all who were waiting when it was sent; those who come while it is under way share the next.
 */
import { until, type Load } from './load.js';
import type { Give } from './payload.js';

export type Outcome =
  /** `isLate`: a tag was named after reading, so nobody asked about it for those who joined. */
  | { readonly kind: 'value'; readonly give: Give; readonly isLate?: boolean }
  /** Look again: a value has appeared, or somebody else is at it. */
  | { readonly kind: 'again' }
  /** The store had no word to give. */
  | { readonly kind: 'unleased' };

/** What a flight asks of its lease. */
interface Held {
  /** By tag key. */
  readonly versions: ReadonlyMap<string, string>;
  /** Whether the store still holds it under unchanged tags, asked now. Rejects when the store is away. */
  isHeld(): Promise<boolean>;
}

/** Why a load was aborted when all its callers had gone. */
const abandonment = new DOMException('no caller waits for this load any more', 'AbortError');

export class Flight {
  /** Set by whoever drives the flight, before anybody can see it. */
  outcome: Promise<Outcome> = Promise.resolve({ kind: 'again' });
  #lease: Held | undefined;
  #load: Load | undefined;
  #asking: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;
  #sharers = 0;
  #isDoomed = false;
  #isAbandoned = false;
  readonly #isBackground: boolean;

  constructor(isBackground: boolean) {
    this.#isBackground = isBackground;
  }

  /** From here on callers need the store's word. */
  begin(lease: Held, load: Load): void {
    this.#lease = lease;
    this.#load = load;
    if (this.#isAbandoned) load.abort(abandonment);
  }

  /** This process has invalidated the key: nobody may join what is already loading, nor may it be stored. */
  doom(): void {
    if (this.#lease) this.#isDoomed = true;
  }

  /** Whether it loads under this tag. */
  isUnder(tagKey: string): boolean {
    return this.#lease?.versions.has(tagKey) ?? false;
  }

  get isDoomed(): boolean {
    return this.#isDoomed;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Whether a caller that has just arrived may share this flight. Rejects when the store is away. At most one `MGET`. */
  async mayJoin(): Promise<boolean> {
    if (this.#isDoomed || this.#isAbandoned) return false;
    return this.#lease ? this.#ask(this.#lease) : true;
  }

  /** Waits for the outcome. When the last of those who wait has gone, so does the load. */
  async share(signal: AbortSignal | undefined): Promise<Outcome> {
    if (this.#isAbandoned) return { kind: 'again' };
    this.#sharers++;
    try {
      return await until(signal, this.outcome);
    } finally {
      this.#sharers--;
      if (signal?.aborted) this.#leave();
    }
  }

  #leave(): void {
    if (this.#sharers > 0 || this.#isBackground) return;
    this.#isAbandoned = true;
    this.#load?.abort(abandonment);
  }

  #ask(lease: Held): Promise<boolean> {
    if (this.#asking) {
      const again = (): Promise<boolean> => {
        this.#next = undefined;
        return this.#ask(lease);
      };
      return (this.#next ??= this.#asking.then(again, again));
    }
    this.#asking = lease.isHeld().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
