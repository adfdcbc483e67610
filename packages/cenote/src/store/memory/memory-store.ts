import { randomBytes } from 'node:crypto';

import { systemClock, type Clock } from '../../core/clock.js';
import { CenoteError, StoreError, UsageError } from '../../core/errors.js';
import { globMatcher } from '../../core/glob.js';
import { checkCount, checkOptions } from '../../core/options.js';
import type { Operation, Reply } from '../operation.js';
import type { CallOptions, ChangeListener, Store, StoreHealth, Watch } from '../store.js';
import { MemoryData } from './memory-data.js';
import { MemoryKeys } from './memory-keys.js';

export interface MemoryStoreOptions {
  /** Most keys to hold; default 100,000. Beyond it the least recently useful are evicted. */
  readonly maxEntries?: number | undefined;
  /** Most bytes to hold, keys, values and bookkeeping together; default 128 MiB. */
  readonly maxBytes?: number | undefined;
  /** For tests: decides every lifetime. */
  readonly clock?: Clock | undefined;
  /** For tests: the identity of these data; default random. */
  readonly epoch?: string | undefined;
}

const defaults = Object.freeze({ maxEntries: 100_000, maxBytes: 128 * 1024 * 1024 });
const scanBatch = 1_000;

/**
 * A store in this process's memory: nothing to install, gone with the process, shared with nobody. Bounded by entries and
 * bytes; expires by looking at a few keys in each call, so it needs no timer. Every call is O(1), `scan` O(keys).
 *
 * @throws UsageError for an unknown option or a limit that is not a whole number of at least 1.
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/** See `memoryStore`. */
export class MemoryStore implements Store {
  readonly kind = 'memory';
  readonly epoch: string;
  readonly #clock: Clock;
  readonly #keys: MemoryKeys;
  readonly #data: MemoryData;
  readonly #watchers = new Set<ChangeListener>();
  #closed = false;

  constructor(options: MemoryStoreOptions = {}) {
    checkOptions(options, ['maxEntries', 'maxBytes', 'clock', 'epoch'], 'memoryStore');
    const maxEntries = checkCount(options.maxEntries ?? defaults.maxEntries, 'maxEntries', 1);
    const maxBytes = checkCount(options.maxBytes ?? defaults.maxBytes, 'maxBytes', 1);
    if (options.epoch !== undefined && !/^\w+$/.test(options.epoch)) {
      throw new UsageError('epoch', options.epoch, 'must be letters, digits or _');
    }
    this.epoch = options.epoch ?? randomBytes(6).toString('hex');
    this.#clock = options.clock ?? systemClock;
    this.#keys = new MemoryKeys({ maxEntries, maxBytes }, this.#clock);
    this.#data = new MemoryData(this.#keys);
  }

  /** Keys held now; some may have expired without having been swept yet. */
  get entries(): number {
    return this.#keys.entries;
  }

  /** Bytes held now, as counted against `maxBytes`. */
  get bytes(): number {
    return this.#keys.bytes;
  }

  now(): number {
    return this.#clock.now();
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  readOne(key: string, options?: CallOptions): Promise<Buffer | null> {
    return this.#call(options, (data) => data.read(key));
  }

  read(keys: readonly string[], options?: CallOptions): Promise<(Buffer | null)[]> {
    return this.#call(options, (data) => keys.map((key) => data.read(key)));
  }

  run<Input, Output>(operation: Operation<Input, Output>, input: Input, options?: CallOptions): Promise<Output> {
    return this.#call(options, (data) =>
      operation.decode(asSent(operation.local(data, operation.encode(input))), input),
    );
  }

  partition<Key extends string>(keys: readonly Key[]): readonly (readonly Key[])[] {
    return keys.length === 0 ? [] : [keys];
  }

  async *scan(pattern: string, options?: CallOptions): AsyncGenerator<readonly string[]> {
    const matches = globMatcher(pattern);
    const keys = await this.#call(options, () => this.#keys.keys());
    for (let start = 0; start < keys.length; start += scanBatch) {
      yield await this.#call(options, (data) =>
        keys.slice(start, start + scanBatch).filter((key) => matches(key) && data.has(key)),
      );
    }
  }

  delete(keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#call(options, (data) => keys.reduce((count, key) => count + Number(data.delete(key)), 0));
  }

  expiry(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#call(options, (data) => data.lifetime(key));
  }

  /** The in-process store is always there: `listener` is never called. */
  onState(_listener: (state: 'up' | 'down') => void): () => void {
    return () => {};
  }

  /** A feed that is never lost: listeners are called before the call that changes something returns. */
  watch(listener: ChangeListener): Watch {
    this.#watchers.add(listener);
    this.#keys.onChange = (key) => {
      for (const each of this.#watchers) each.changed(key);
    };
    return { aliveAt: Infinity, stop: () => void this.#watchers.delete(listener) };
  }

  async health(): Promise<StoreHealth> {
    if (this.#closed) return { kind: 'memory', status: 'down', warnings: ['the store is closed'] };
    const { evictions } = this.#keys;
    return {
      kind: 'memory',
      status: 'ok',
      latency: 0,
      warnings: evictions > 0 ? [`${evictions} keys were evicted to stay within maxEntries and maxBytes`] : [],
    };
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#watchers) each.lost();
    this.#watchers.clear();
    this.#keys.clear();
    return Promise.resolve();
  }

  // Runs before it returns, so that calls take effect in the order in which they were made, as on one connection.
  #call<Result>(options: CallOptions | undefined, body: (data: MemoryData) => Result): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreError('STORE_CLOSED', 'the in-process store is closed'));
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason as Error);
    this.#keys.begin();
    try {
      return Promise.resolve(body(this.#data));
    } catch (error) {
      return Promise.reject(error instanceof CenoteError ? error : refused(error));
    } finally {
      this.#keys.end();
    }
  }
}

/** A reply as Redis sends it: text is bytes, numbers are whole. */
function asSent(reply: Reply): Reply {
  if (typeof reply === 'string') return Buffer.from(reply);
  if (typeof reply === 'number') return Math.trunc(reply);
  return Array.isArray(reply) ? reply.map(asSent) : reply;
}

function refused(cause: unknown): StoreError {
  return new StoreError(
    'STORE_REFUSED',
    `the operation failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause },
  );
}
