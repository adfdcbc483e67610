import { systemClock, type Clock } from '../core/clock.js';
import { milliseconds, type Duration } from '../core/duration.js';
import { StoreError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import type { Operation } from '../store/operation.js';
import type { CallOptions, Store, StoreHealth } from '../store/store.js';
import { FaultyFeed } from './faulty-feed.js';

/** Which calls a fault meets: a method of `Store`, `run:` and the name of an operation, or `*` for all that ask the store. */
export type FaultTarget = 'readOne' | 'read' | 'run' | `run:${string}` | 'scan' | 'delete' | 'expiry' | '*';

export interface FaultyStoreOptions {
  /** What a hanging call waits for when it names no deadline of its own; default `'250ms'`. */
  readonly deadline?: Duration | undefined;
  readonly clock?: Clock | undefined;
}

/** A call that was stopped on its way; see `FaultyStore.hold`. */
export interface Hold {
  /** Resolves when the call has arrived here. */
  readonly reached: Promise<void>;
  /** Lets it go on. Before it has arrived, it will not be stopped. */
  readonly release: () => void;
}

type Fault = (call: {
  readonly options: CallOptions | undefined;
  readonly proceed: () => Promise<unknown>;
}) => Promise<unknown>;

interface Rule {
  readonly target: FaultTarget;
  readonly fault: Fault;
  left: number;
}

/**
 * A store that behaves as another one until told to fail, for tests of what lies above it: an ordinary `Store`, which keeps
 * to its contract (a hanging call ends at its deadline) and lets the test say when and how it fails.
 *
 * Faults for the same call are met in the order in which they were asked for, each `times` times.
 */
export function faultyStore(store: Store, options: FaultyStoreOptions = {}): FaultyStore {
  return new FaultyStore(store, options);
}

/** See `faultyStore`. */
export class FaultyStore implements Store {
  /** What it tells of changes, and how that fails. */
  readonly feed: FaultyFeed;
  /** Present where the store behind it has a feed. */
  readonly watch?: NonNullable<Store['watch']>;
  readonly #inner: Store;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #rules: Rule[] = [];
  readonly #listeners = new Set<(state: 'up' | 'down') => void>();
  readonly #calls: string[] = [];
  #down = false;
  #epoch: string | undefined;

  constructor(store: Store, options: FaultyStoreOptions) {
    checkOptions(options, ['deadline', 'clock'], 'faultyStore');
    this.#inner = store;
    this.#clock = options.clock ?? systemClock;
    this.#deadline = milliseconds(options.deadline ?? '250ms', 'deadline');
    this.feed = new FaultyFeed(this.#clock);
    if (store.watch) this.watch = this.feed.watch.bind(this.feed, store.watch.bind(store));
    store.onState((state) => this.#tell(state));
  }

  /** The calls made so far, as fault targets: `'readOne'`, `'run:acquire'`, … */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** The next calls reject with `error` without reaching the store; default STORE_UNAVAILABLE. */
  fail(
    target: FaultTarget,
    error: StoreError = new StoreError('STORE_UNAVAILABLE', 'a scripted fault'),
    times = 1,
  ): this {
    return this.#add(target, times, () => Promise.reject(error));
  }

  /** The next calls do not reach the store and reject with STORE_TIMEOUT at their deadline. */
  hang(target: FaultTarget, times = 1): this {
    return this.#add(target, times, ({ options }) => this.#timeout(options));
  }

  /** The next calls take effect, but their reply is lost: they reject with STORE_TIMEOUT at their deadline. */
  dropReply(target: FaultTarget, times = 1): this {
    return this.#add(target, times, async ({ options, proceed }) => {
      await proceed();
      return this.#timeout(options);
    });
  }

  /** The next calls reach the store only after a while. */
  delay(target: FaultTarget, by: Duration, times = 1): this {
    const wait = milliseconds(by, 'by');
    return this.#add(target, times, async ({ proceed }) => {
      await new Promise<void>((resolve) => this.#clock.after(wait, resolve));
      return proceed();
    });
  }

  /**
   * Stops the next call until released: `before` it reaches the store, or `after` it took effect there but before its
   * caller learns of it. The way to script an interleaving instead of hoping for it.
   */
  hold(target: FaultTarget, when: 'before' | 'after' = 'before'): Hold {
    const reached = gate();
    const released = gate();
    this.#add(target, 1, async ({ proceed }) => {
      const early = when === 'after' ? await proceed() : undefined;
      reached.open();
      await released.passed;
      return when === 'after' ? early : proceed();
    });
    return { reached: reached.passed, release: released.open };
  }

  /** Takes the store away: every call rejects with STORE_UNAVAILABLE until `restore`, and its feed is lost. */
  takeDown(): void {
    if (this.#down) return;
    this.#down = true;
    this.feed.cut();
    this.#tell('down');
  }

  /** Brings the store back; with `epoch`, as another server, or the same after losing its memory of who it was. */
  restore(epoch?: string): void {
    if (epoch !== undefined) this.#epoch = epoch;
    if (!this.#down) this.#tell('down');
    this.#down = false;
    this.feed.cut();
    this.feed.mend();
    this.#tell('up');
  }

  ready(options?: CallOptions): Promise<void> {
    return this.#inner.ready(options);
  }

  get kind(): Store['kind'] {
    return this.#inner.kind;
  }

  get epoch(): string | undefined {
    return this.#down ? undefined : (this.#epoch ?? this.#inner.epoch);
  }

  now(): number {
    return this.#inner.now();
  }

  readOne(key: string, options?: CallOptions): Promise<Buffer | null> {
    return this.#through('readOne', options, () => this.#inner.readOne(key, options));
  }

  read(keys: readonly string[], options?: CallOptions): Promise<(Buffer | null)[]> {
    return this.#through('read', options, () => this.#inner.read(keys, options));
  }

  run<Input, Output>(operation: Operation<Input, Output>, input: Input, options?: CallOptions): Promise<Output> {
    return this.#through(`run:${operation.name}`, options, () => this.#inner.run(operation, input, options));
  }

  partition<Key extends string>(keys: readonly Key[]): readonly (readonly Key[])[] {
    return this.#inner.partition(keys);
  }

  async *scan(pattern: string, options?: CallOptions): AsyncGenerator<readonly string[]> {
    const batches = this.#inner.scan(pattern, options)[Symbol.asyncIterator]();
    for (;;) {
      const batch = await this.#through('scan', options, () => batches.next());
      if (batch.done) return;
      yield batch.value;
    }
  }

  delete(keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#through('delete', options, () => this.#inner.delete(keys, options));
  }

  expiry(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#through('expiry', options, () => this.#inner.expiry(key, options));
  }

  onState(listener: (state: 'up' | 'down') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async health(): Promise<StoreHealth> {
    if (this.#down) return { kind: this.kind, status: 'down', warnings: ['a scripted fault'] };
    return this.#inner.health();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #add(target: FaultTarget, times: number, fault: Fault): this {
    this.#rules.push({ target, fault, left: times });
    return this;
  }

  async #through<Result>(
    target: FaultTarget,
    options: CallOptions | undefined,
    proceed: () => Promise<Result>,
  ): Promise<Result> {
    this.#calls.push(target);
    if (this.#down) throw new StoreError('STORE_UNAVAILABLE', 'the store was taken down');
    const rule = this.#rules.find((each) => each.left > 0 && meets(each.target, target));
    if (rule === undefined) return proceed();
    rule.left--;
    // What a fault lets through is what the store answered.
    return (await rule.fault({ options, proceed })) as Result;
  }

  #timeout(options: CallOptions | undefined): Promise<never> {
    const wait = options?.deadline ?? this.#deadline;
    const signal = options?.signal;
    return new Promise((_, reject) => {
      this.#clock.after(wait, () => reject(new StoreError('STORE_TIMEOUT', `no answer within ${wait} ms`)));
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  #tell(state: 'up' | 'down'): void {
    for (const listener of this.#listeners) listener(state);
  }
}

function meets(target: FaultTarget, call: FaultTarget): boolean {
  return target === '*' || target === call || (target === 'run' && call.startsWith('run:'));
}

interface Gate {
  readonly passed: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  const opened = new AbortController();
  const passed = new Promise<void>((resolve) => opened.signal.addEventListener('abort', () => resolve()));
  return { passed, open: () => opened.abort() };
}
