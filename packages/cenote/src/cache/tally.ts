import type { Clock } from '../core/clock.js';
import { StoreError } from '../core/errors.js';
import type { CacheEvent, LoadEvent, MissReason, RefuseReason, SetEvent, StoreFaultEvent } from '../core/events.js';

/** Plain counters of one name in this process, since it began. */
export interface Counts {
  hits: number;
  /** Hits among them that this process's memory answered. */
  near: number;
  /** Hits among them that were stale. */
  stale: number;
  misses: number;
  missesBy: Partial<Record<MissReason, number>>;
  loads: number;
  loadErrors: number;
  /** Loads saved because another caller's was shared. */
  shared: number;
  fills: number;
  refused: number;
  refusedBy: Partial<Record<RefuseReason, number>>;
  sets: number;
  deletes: number;
  invalidations: number;
  storeFaults: number;
}

export function noCounts(): Counts {
  return {
    hits: 0,
    near: 0,
    stale: 0,
    misses: 0,
    missesBy: {},
    loads: 0,
    loadErrors: 0,
    shared: 0,
    fills: 0,
    refused: 0,
    refusedBy: {},
    sets: 0,
    deletes: 0,
    invalidations: 0,
    storeFaults: 0,
  };
}

/**
 * Where outcomes are told, one method each: counts them, and makes the event when somebody listens. Without a listener no
 * clock is read and nothing allocated.
 */
export class Tally {
  readonly name: string;
  readonly #counts: Counts = noCounts();
  /** By itself, and once for both counters it belongs to: a near hit costs little more than counting it. */
  #near = 0;
  readonly #clock: Clock;
  readonly #listener: ((event: CacheEvent) => void) | undefined;

  constructor(name: string, clock: Clock, listener: ((event: CacheEvent) => void) | undefined) {
    this.name = name;
    this.#clock = clock;
    this.#listener = listener;
  }

  get counts(): Counts {
    return { ...structuredClone(this.#counts), hits: this.#counts.hits + this.#near, near: this.#near };
  }

  /** The moment from which the next outcome's duration counts. */
  start(): number {
    return this.#listener ? this.#clock.monotonic() : 0;
  }

  nearHit(key: string): void {
    this.#near++;
    if (this.#listener) this.#tell({ type: 'hit', name: this.name, key, tier: 'near', stale: false, ms: 0 });
  }

  hit(key: string, stale: boolean, start: number): void {
    this.#counts.hits++;
    if (stale) this.#counts.stale++;
    if (this.#listener) this.#tell({ type: 'hit', name: this.name, key, tier: 'store', stale, ms: this.#since(start) });
  }

  miss(key: string, reason: MissReason, start: number): void {
    this.#counts.misses++;
    count(this.#counts.missesBy, reason);
    if (this.#listener) this.#tell({ type: 'miss', name: this.name, key, reason, ms: this.#since(start) });
  }

  load(key: string, outcome: LoadEvent['outcome'], leased: boolean, ms: number, error?: unknown): void {
    this.#counts.loads++;
    const failed = outcome === 'error' || outcome === 'timeout';
    if (failed) this.#counts.loadErrors++;
    if (this.#listener)
      this.#tell({ type: 'load', name: this.name, key, outcome, leased, ms, ...(failed ? { error } : {}) });
  }

  share(key: string): void {
    this.#counts.shared++;
    if (this.#listener) this.#tell({ type: 'share', name: this.name, key });
  }

  fill(key: string, bytes: number): void {
    this.#counts.fills++;
    if (this.#listener) this.#tell({ type: 'fill', name: this.name, key, bytes });
  }

  refuse(key: string, reason: RefuseReason): void {
    this.#counts.refused++;
    count(this.#counts.refusedBy, reason);
    if (this.#listener) this.#tell({ type: 'refuse', name: this.name, key, reason });
  }

  set(key: string, outcome: SetEvent['outcome'], bytes: number, start: number): void {
    this.#counts.sets++;
    if (this.#listener) this.#tell({ type: 'set', name: this.name, key, outcome, bytes, ms: this.#since(start) });
  }

  delete(keys: readonly string[], removed: number, kept: boolean, start: number): void {
    this.#counts.deletes += keys.length;
    if (this.#listener) this.#tell({ type: 'delete', name: this.name, keys, removed, kept, ms: this.#since(start) });
  }

  invalidate(by: 'pattern' | 'tags', what: readonly string[], removed: number, kept: boolean, start: number): void {
    this.#counts.invalidations++;
    if (this.#listener)
      this.#tell({ type: 'invalidate', name: this.name, by, what, removed, kept, ms: this.#since(start) });
  }

  storeFault(during: StoreFaultEvent['during'], error: unknown): void {
    this.#counts.storeFaults++;
    // A store rejects with nothing else: this is a mistake in a program, and must not pass for an outage.
    if (!(error instanceof StoreError)) warn(error, 'CENOTE_STORE');
    if (this.#listener) this.#tell({ type: 'store-fault', name: this.name, during, error });
  }

  keep(backlog: number, everything: boolean): void {
    if (this.#listener) this.#tell({ type: 'keep', name: this.name, backlog, everything });
  }

  replay(replayed: number, backlog: number): void {
    if (this.#listener) this.#tell({ type: 'replay', name: this.name, replayed, backlog });
  }

  #since(start: number): number {
    return this.#clock.monotonic() - start;
  }

  #tell(event: CacheEvent): void {
    try {
      this.#listener?.(event);
    } catch (error) {
      // A listener's mistake must not become the caller's error, nor go unseen.
      warn(error, 'CENOTE_LISTENER');
    }
  }
}

function warn(error: unknown, code: string): void {
  process.emitWarning(error instanceof Error ? error : String(error), { code });
}

function count<Reason extends string>(counts: Partial<Record<Reason, number>>, reason: Reason): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}
