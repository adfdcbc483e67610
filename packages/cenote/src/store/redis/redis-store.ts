import { systemClock, type Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import { Breaker, type BreakerOptions } from '../breaker.js';
import { Deadlines } from '../deadline.js';
import type { Operation, Reply } from '../operation.js';
import type { CallOptions, ChangeListener, Store, StoreHealth, Watch, WatchOptions } from '../store.js';
import { PendingCall, type CallContext, type Command } from './call.js';
import type { ClientSource, RedisClient } from './client.js';
import { unknownEpoch, type Identity } from './identity.js';
import { Link } from './link.js';
import { isUnknownScript } from './reply-error.js';
import { scriptOf } from './script.js';
import { SingleReads } from './single-reads.js';

/** `guarded` calls do not go while the breaker is open; what removes or voids always goes. */
type Guard = 'guarded' | 'always';
/** Decides what becomes of a call that the client has rejected. */
type Recover = (error: unknown, call: PendingCall, client: RedisClient) => void;

const scanCount = '1000';
const deleteChunk = 1_000;

/** What the Redis store needs; `connect` makes it out of what a person writes. */
export interface RedisStoreOptions {
  readonly source: ClientSource;
  /** Milliseconds; each call ends within it and two ticks of the timer. */
  readonly deadline: number;
  readonly breaker: BreakerOptions;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

/**
 * Entries on one Redis server. Connects in the background; while the server is away every call rejects at once with
 * `STORE_UNAVAILABLE`. A read is a plain `GET` or `MGET`; see `SingleReads` for how reads of one moment travel together.
 */
export class RedisStore implements Store {
  readonly kind = 'redis';
  readonly #deadline: number;
  readonly #clock: Clock;
  readonly #context: CallContext;
  readonly #link: Link;
  readonly #listeners = new Set<(state: 'up' | 'down') => void>();
  #reads: SingleReads | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: RedisStoreOptions) {
    const clock = options.clock ?? systemClock;
    this.#deadline = options.deadline;
    this.#clock = clock;
    this.#context = {
      address: options.source.address,
      breaker: new Breaker(options.breaker, clock),
      deadlines: new Deadlines(clock),
    };
    this.#link = new Link({
      source: options.source,
      clock,
      deadlines: this.#context.deadlines,
      random: options.random ?? Math.random,
      onState: (state) => this.#tell(state),
    });
  }

  get epoch(): string | undefined {
    return this.#link.identity?.epoch;
  }

  async ready(options?: CallOptions): Promise<void> {
    if (this.#link.isFirst)
      await this.#link.patiently(this.#link.firstOutcome, options?.deadline ?? this.#deadline).catch(() => undefined);
  }

  now(): number {
    return this.#link.now();
  }

  readOne(key: string, options?: CallOptions): Promise<Buffer | null> {
    return this.#call('GET', 'guarded', options, (client, call) =>
      this.#singleReads(client).add(key, call),
    ) as Promise<Buffer | null>;
  }

  read(keys: readonly string[], options?: CallOptions): Promise<(Buffer | null)[]> {
    if (keys.length === 0) return Promise.resolve([]);
    return this.#send(['MGET', ...keys], 'guarded', options) as Promise<(Buffer | null)[]>;
  }

  async run<Input, Output>(operation: Operation<Input, Output>, input: Input, options?: CallOptions): Promise<Output> {
    const { keys, args } = operation.encode(input);
    const script = scriptOf(operation);
    const tail = [String(keys.length), ...keys, ...args.map(asArgument)];
    const reply = await this.#send(
      ['EVALSHA', script.sha, ...tail],
      operation.invalidates ? 'always' : 'guarded',
      options,
      (error, call, client) => {
        if (!isUnknownScript(error)) return call.fail(error);
        client.sendCommand(['EVAL', script.lua, ...tail]).then(
          (loaded) => call.answer(loaded),
          (failure) => call.fail(failure),
        );
      },
    );
    return operation.decode(reply as Reply, input);
  }

  partition<Key extends string>(keys: readonly Key[]): readonly (readonly Key[])[] {
    return keys.length === 0 ? [] : [keys];
  }

  async *scan(pattern: string, options?: CallOptions): AsyncGenerator<readonly string[]> {
    let cursor = '0';
    do {
      const reply = await this.#send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', scanCount], 'always', options);
      const [next, keys] = reply as [Buffer, Buffer[]];
      cursor = next.toString();
      if (keys.length > 0) yield keys.map(String);
    } while (cursor !== '0');
  }

  async delete(keys: readonly string[], options?: CallOptions): Promise<number> {
    const chunks = Array.from({ length: Math.ceil(keys.length / deleteChunk) }, (_, index) =>
      keys.slice(index * deleteChunk, (index + 1) * deleteChunk),
    );
    const counts = await Promise.all(chunks.map((chunk) => this.#send(['UNLINK', ...chunk], 'always', options)));
    return (counts as number[]).reduce((sum, count) => sum + count, 0);
  }

  async expiry(key: string, options?: CallOptions): Promise<number | undefined> {
    const left = (await this.#send(['PTTL', key], 'guarded', options)) as number;
    return (
      left === -2 ? undefined
      : left === -1 ? Infinity
      : left
    );
  }

  /** By client tracking (RESP 3) on the connection that reads, so that changes and replies come in the server's order. */
  watch(listener: ChangeListener, options: WatchOptions): Watch {
    return this.#link.watch(listener, options);
  }

  onState(listener: (state: 'up' | 'down') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One PING and one INFO. Right after `connect` it waits for the first attempt to connect to end. */
  async health(): Promise<StoreHealth> {
    await this.#link.firstOutcome;
    const client = this.#link.client;
    if (this.#closing || client === undefined) return this.#report('down', {}, [this.#away().message]);
    try {
      const sent = this.#clock.monotonic();
      await this.#send(['PING'], 'always');
      const latency = this.#clock.monotonic() - sent;
      const identity = await this.#link.refresh(client, this.#deadline);
      const warnings = [...warningsOf(identity), ...(this.#link.isDeaf ? [deaf] : [])];
      const { version, evictionPolicy } = identity;
      return this.#report(
        warnings.length > 0 ? 'degraded' : 'ok',
        { latency, ...(version && { version }), ...(evictionPolicy && { evictionPolicy }) },
        warnings,
      );
    } catch (error) {
      return this.#report('down', {}, [(error as Error).message]);
    }
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return (this.#closing ??= this.#link.close(this.#deadline));
  }

  #send(command: Command, guard: Guard, options?: CallOptions, recover?: Recover): Promise<unknown> {
    return this.#call(String(command[0]), guard, options, (client, call) => {
      this.#reads?.send();
      client.sendCommand(command).then(
        (reply) => call.answer(reply),
        (error) => (recover && !call.ended ? recover(error, call, client) : call.fail(error)),
      );
    });
  }

  /** Has `send` send a command named `name`, unless it must not go; the call ends with what `send` lets it know, or by itself. */
  #call(
    name: string,
    guard: Guard,
    options: CallOptions | undefined,
    send: (client: RedisClient, call: PendingCall) => void,
  ): Promise<unknown> {
    const client = this.#link.client;
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (client === undefined && this.#link.isFirst && !this.#closing)
      return this.#callLater(name, guard, options, send);
    if (this.#closing || client === undefined) return Promise.reject(this.#away());
    if (guard === 'guarded' && !this.#context.breaker.admit()) return Promise.reject(this.#brokenOff());
    return new Promise((resolve, reject) => {
      const call = new PendingCall(this.#context, name, options?.deadline ?? this.#deadline, resolve, reject);
      if (signal) call.follow(signal);
      send(client, call);
    });
  }

  /** A store is used as soon as it is made; its first calls wait for the connection. */
  async #callLater(
    name: string,
    guard: Guard,
    options: CallOptions | undefined,
    send: (client: RedisClient, call: PendingCall) => void,
  ): Promise<unknown> {
    await this.ready(options);
    if (this.#link.client === undefined) throw this.#away();
    return this.#call(name, guard, options, send);
  }

  #singleReads(client: RedisClient): SingleReads {
    if (this.#reads?.client !== client) this.#reads = new SingleReads(client);
    return this.#reads;
  }

  #away(): StoreError {
    if (this.#closing)
      return new StoreError('STORE_CLOSED', `the store on Redis at ${this.#context.address} is closed`);
    return this.#unavailable(this.#link.lastError ?? 'still connecting');
  }

  #brokenOff(): StoreError {
    return this.#unavailable('it did not answer several times in a row, so that its breaker is open');
  }

  #unavailable(why: string): StoreError {
    return new StoreError('STORE_UNAVAILABLE', `Redis at ${this.#context.address} is not available: ${why}`);
  }

  #tell(state: 'up' | 'down'): void {
    // A server that has just said who it is answers.
    if (state === 'up') this.#context.breaker.succeed();
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        // What a listener does wrong must not look like a broken connection.
        process.emitWarning(error as Error);
      }
    }
  }

  #report(status: StoreHealth['status'], details: Partial<StoreHealth>, warnings: readonly string[]): StoreHealth {
    const { address, breaker } = this.#context;
    return { kind: 'redis', status, address, breaker: breaker.state, ...details, warnings };
  }
}

const deaf =
  'CLIENT TRACKING or PING is not permitted: no memory tier in front of this server; allow +client|tracking and +ping';

function asArgument(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value) ?
      value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function warningsOf(identity: Identity): string[] {
  return [
    ...(identity.epoch === unknownEpoch ?
      ['INFO is not permitted: a restart or failover that brings old data back cannot be noticed; allow +info']
    : []),
    ...(identity.time === undefined ?
      ["TIME is not permitted: this machine's clock is used for freshness; allow +time"]
    : []),
    ...(identity.replica ? ['this server is a replica: it refuses writes'] : []),
    ...(identity.full ? ['maxmemory is reached and maxmemory-policy is noeviction: writes are refused'] : []),
  ];
}
