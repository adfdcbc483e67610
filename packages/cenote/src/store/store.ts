import type { Operation } from './operation.js';

/** Limits of one call. `deadline` is in milliseconds and replaces the store's own; `signal` ends the wait, not the command. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly deadline?: number | undefined;
}

export interface StoreHealth {
  readonly kind: 'memory' | 'redis';
  readonly status: 'ok' | 'degraded' | 'down';
  /** Milliseconds of one round trip; absent when there was none. */
  readonly latency?: number;
  /** The server's version, such as `7.0.15`. */
  readonly version?: string;
  readonly breaker?: 'closed' | 'open' | 'half-open';
  /** Where the store is, without user or password. */
  readonly address?: string;
  /** The server's `maxmemory-policy` where it has a limit; all but `noeviction` may lose what is not merely cached. */
  readonly evictionPolicy?: string;
  /** What an operator should know: a missing permission, a replica, full memory, the last error. */
  readonly warnings: readonly string[];
}

export interface ChangeListener {
  /** The key may have changed. Called before the reply of any read that was answered after the change. */
  changed(key: string): void;
  /** Anything may have changed: the feed was lost, the data flushed, or the server is another one. */
  lost(): void;
}

export interface WatchOptions {
  /** Milliseconds between the heartbeats that show the feed to be alive. */
  readonly every: number;
  /** `default`: the server remembers which keys this connection has read; `broadcast`: it tells of every key under `start`. */
  readonly mode: 'default' | 'broadcast';
  /** What the keys begin with. */
  readonly start: string;
}

export interface Watch {
  /**
   * Every change that was made before this moment (on this process's monotonic clock) has been told. `-Infinity` while the
   * feed is away. It counts from when a heartbeat was sent: its answer may have waited.
   */
  readonly aliveAt: number;
  stop(): void;
}

/**
 * Where entries live. Small on purpose: whatever must be atomic is a named operation, all else is reading, deleting and
 * scanning. Every promise rejects with a `StoreError`, within the deadline, or with the reason of the caller's own signal.
 */
export interface Store {
  readonly kind: 'memory' | 'redis';

  /**
   * The identity of the data behind the store: it changes when the server restarts, fails over or is replaced, so that
   * what was written before can be told apart. `undefined` while it is not known (away, or not yet asked).
   */
  readonly epoch: string | undefined;

  /**
   * Resolves when the first attempt to reach the store has ended, in whatever way, or the deadline has passed. Calls made
   * before that wait for it too, so that a cache may be used at once after it was made; afterwards a store that is away
   * fails calls at once.
   */
  ready(options?: CallOptions): Promise<void>;

  /** Epoch milliseconds on the store's clock, as near as this process knows it; no round trip. */
  now(): number;

  /** The string at `key`, as bytes; `null` when absent or of another type. One `GET`; what is asked at one moment may travel together. */
  readOne(key: string, options?: CallOptions): Promise<Buffer | null>;

  /** The strings at `keys`, aligned; `null` where absent or of another type. One `MGET` per partition. */
  read(keys: readonly string[], options?: CallOptions): Promise<(Buffer | null)[]>;

  /** Runs a named operation atomically. One round trip. */
  run<Input, Output>(operation: Operation<Input, Output>, input: Input, options?: CallOptions): Promise<Output>;

  /**
   * Splits keys into the groups that one operation may touch together: all of them on one server, one group per slot on
   * a cluster.
   */
  partition<Key extends string>(keys: readonly Key[]): readonly (readonly Key[])[];

  /**
   * Keys that match a Redis glob, in batches. Each key that is there from start to end is seen at least once. O(keyspace):
   * for maintenance, never on a request path. Each batch has the call's deadline.
   */
  scan(pattern: string, options?: CallOptions): AsyncIterable<readonly string[]>;

  /** Removes keys of any type; the number that were there. Goes even while the breaker is open. */
  delete(keys: readonly string[], options?: CallOptions): Promise<number>;

  /** Milliseconds until `key` expires; `Infinity` without expiry, `undefined` when absent. */
  expiry(key: string, options?: CallOptions): Promise<number | undefined>;

  /** Calls `listener` whenever the store becomes reachable (its epoch is known) or stops being so. Returns the way to stop. */
  onState(listener: (state: 'up' | 'down') => void): () => void;

  /**
   * Tells of changes to what is read through this store from now on, by whomever: this process, another, expiry,
   * eviction. The store keeps the feed up by itself. Absent where a store has no such feed.
   */
  watch?(listener: ChangeListener, options: WatchOptions): Watch;

  /** Asks the server how it is; never rejects. */
  health(): Promise<StoreHealth>;

  /** Ends connections and timers; later calls reject with `STORE_CLOSED`. Safe to call twice. */
  close(): Promise<void>;
}
