import type { Clock } from '../../core/clock.js';
import { Timed, type Deadlines } from '../deadline.js';
import type { ClientSource, RedisClient } from './client.js';
import { readIdentity, type Identity } from './identity.js';
import type { ChangeListener, Watch, WatchOptions } from '../store.js';
import { Feed } from './feed.js';
import { isForbidden, isRefusal } from './reply-error.js';
import { ServerTime } from './server-time.js';

/** Waits between attempts to connect, in milliseconds: doubled from the first to the last, then shortened at random by up to half. */
const firstWait = 50;
const longestWait = 1_000;

/** How often the identity of a connected server is read again, and how long it may take to answer. */
const heartbeatInterval = 2_000;
const heartbeatPatience = 2_000;
const loadingPause = 100;

/** How long the first attempt to connect is worth waiting for. */
const firstPatience = 2_000;

export interface LinkOptions {
  readonly source: ClientSource;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly random: () => number;
  readonly onState: (state: 'up' | 'down') => void;
}

/**
 * The connection to one server, kept for ever: connects in the background, again after each loss, and counts as up only
 * when the server has said who it is, so that nothing is sent to a server whose epoch is unknown.
 *
 * While up, a heartbeat reads the identity again. It notices a failover that keeps connections, and a server that has
 * fallen silent: calls that still go out would keep a socket timeout from ever firing.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #time: ServerTime;
  readonly #firstOutcome: Promise<void>;
  #isFirst = true;
  #settleFirst: () => void = () => {};
  #current: RedisClient | undefined;
  #abort = new AbortController();
  #usable: RedisClient | undefined;
  #identity: Identity | undefined;
  #lastError: string | undefined;
  #attempts = 0;
  #closed = false;
  #cancelTimer: () => void = () => {};
  readonly #feed: Feed;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#time = new ServerTime(options.clock);
    this.#feed = new Feed(options.clock);
    this.#firstOutcome = new Promise((resolve) => {
      this.#settleFirst = () => {
        this.#isFirst = false;
        resolve();
      };
    });
    options.clock.after(firstPatience, () => this.#settleFirst());
    void this.#connect();
  }

  /** The client to send on; `undefined` while the server is away or has not said who it is. */
  get client(): RedisClient | undefined {
    return this.#usable;
  }

  /** What the server last said of itself; `undefined` while away. */
  get identity(): Identity | undefined {
    return this.#usable && this.#identity;
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Whether the first attempt to connect is still under way. */
  get isFirst(): boolean {
    return this.#isFirst;
  }

  /** Resolves when the first attempt to connect has ended, in whatever way, or has taken longer than anyone should wait. */
  get firstOutcome(): Promise<void> {
    return this.#firstOutcome;
  }

  now(): number {
    return this.#time.now();
  }

  /** Whether the server refused to tell of changes. */
  get isDeaf(): boolean {
    return this.#feed.isForbidden;
  }

  /** Has the server tell of changes. */
  watch(listener: ChangeListener, options: WatchOptions): Watch {
    return this.#feed.add(listener, options);
  }

  /** Reads the identity and the time again. Rejects when the connection fails meanwhile, or after `patience` milliseconds of silence. */
  async refresh(client: RedisClient, patience: number = heartbeatPatience): Promise<Identity> {
    const { clock } = this.#options;
    const sent = clock.monotonic();
    const identity = await this.patiently(readIdentity(client), patience);
    if (identity.time !== undefined) this.#time.learn(identity.time, sent, clock.monotonic());
    if (client === this.#usable) this.#adopt(identity);
    return identity;
  }

  /** Lets calls in flight end, for at most `patience` milliseconds, then ends the connection. */
  async close(patience: number): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#settleFirst();
    this.#feed.lose();
    const client = this.#current;
    this.#current = this.#usable = undefined;
    if (client?.isReady) await this.patiently(client.close(), patience).catch(() => {});
    this.#end(client);
  }

  async #connect(): Promise<void> {
    let client: RedisClient | undefined;
    this.#abort = new AbortController();
    const tracks = !this.#feed.isForbidden;
    try {
      client = await this.#options.source.open(this.#abort.signal, tracks);
      if (this.#closed) return this.#end(client);
      this.#current = client;
      this.#watch(client);
      await client.connect();
      if (tracks) await this.#feed.begin(client);
      await this.#greet(client);
    } catch (error) {
      this.#lose(client, error);
    }
  }

  /** node-redis forgets a socket that it is still connecting when it is destroyed; the signal does not. */
  #end(client: RedisClient | undefined): void {
    client?.destroy();
    this.#abort.abort();
  }

  /** The listener for errors stays for ever: without one, node ends the process. */
  #watch(client: RedisClient): void {
    client.on('error', (error: Error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('the connection ended')));
  }

  async #greet(client: RedisClient): Promise<void> {
    this.#time.forget();
    let identity = await this.refresh(client);
    while (identity.loading && client === this.#current) {
      await new Promise<void>((resolve) => this.#options.clock.after(loadingPause, resolve));
      identity = await this.refresh(client);
    }
    if (client !== this.#current) return;
    this.#identity = identity;
    this.#usable = client;
    this.#attempts = 0;
    this.#lastError = undefined;
    this.#settleFirst();
    this.#feed.live(client);
    this.#options.onState('up');
    this.#scheduleHeartbeat(client);
  }

  #adopt(identity: Identity): void {
    const changed = identity.epoch !== this.#identity?.epoch;
    this.#identity = identity;
    if (!changed) return;
    this.#feed.forget();
    this.#options.onState('down');
    this.#options.onState('up');
  }

  #lose(client: RedisClient | undefined, error: unknown): void {
    if (this.#closed || client !== this.#current) return;
    const wasUp = this.#usable !== undefined;
    // Perhaps tracking alone is not permitted: then it is there without, at once.
    const isDeaf = !wasUp && !this.#feed.isForbidden && isForbidden(error);
    if (isDeaf) this.#feed.isForbidden = true;
    this.#current = this.#usable = undefined;
    this.#lastError = describeError(error);
    this.#feed.lose();
    this.#end(client);
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(isDeaf ? 0 : this.#wait(), () => void this.#connect());
    if (!isDeaf) this.#settleFirst();
    if (wasUp) this.#options.onState('down');
  }

  #wait(): number {
    const wait = Math.min(firstWait * 2 ** this.#attempts++, longestWait);
    return wait * (1 - this.#options.random() / 2);
  }

  #scheduleHeartbeat(client: RedisClient): void {
    this.#cancelTimer = this.#options.clock.after(heartbeatInterval, () => void this.#beat(client));
  }

  async #beat(client: RedisClient): Promise<void> {
    try {
      await this.refresh(client);
    } catch (error) {
      // A server that refuses is there: it is busy with a script, say.
      if (!isRefusal(error)) return this.#lose(client, error);
    }
    if (client === this.#usable) this.#scheduleHeartbeat(client);
  }

  /** The outcome of `work`, or a rejection after `milliseconds`. */
  patiently<Value>(work: Promise<Value>, milliseconds: number): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const wait = new Wait(() => reject(new Error(`no answer within ${milliseconds} ms`)));
      this.#options.deadlines.add(wait, milliseconds);
      work.then(resolve, reject).finally(() => this.#options.deadlines.remove(wait));
    });
  }
}

class Wait extends Timed {
  readonly expire: () => void;

  constructor(expire: () => void) {
    super();
    this.expire = expire;
  }
}

function describeError(error: unknown): string {
  const { message, errors } = error as { message?: string; errors?: readonly Error[] };
  return message || errors?.map((each) => each.message).join('; ') || String(error);
}
