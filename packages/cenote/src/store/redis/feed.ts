import type { Clock } from '../../core/clock.js';
import { UsageError } from '../../core/errors.js';
import type { ChangeListener, Watch, WatchOptions } from '../store.js';
import type { RedisClient } from './client.js';
import { isForbidden } from './reply-error.js';

/**
 * What the server tells of changes, on the connection that reads. Two facts carry the near tier:
 *
 * - Changes and replies share one connection, so they arrive in the order in which the server made them; node-redis hands
 *   on a change before the reply that followed it.
 * - A PING that was sent at a moment and answered shows that all changes before that moment have been told.
 */
export class Feed {
  /** Set when the server permits no tracking, or no heartbeat: nothing is asked of it again. */
  isForbidden = false;
  readonly #clock: Clock;
  readonly #watchers = new Map<ChangeListener, WatchOptions>();
  #client: RedisClient | undefined;
  /** What the connection tracks, as `CLIENT TRACKING` was asked for it; `undefined` while that is not known. */
  #tracked: string | undefined;
  #aliveAt = -Infinity;
  /** Replaced when what is tracked changes: heartbeats of before show nothing. */
  #life: object = {};
  #cancelBeat: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws UsageError when the connection already tracks in the other mode. */
  add(listener: ChangeListener, options: WatchOptions): Watch {
    const other = [...this.#watchers.values()].find(({ mode }) => mode !== options.mode);
    if (other)
      throw new UsageError(
        'near.tracking',
        options.mode,
        `must be '${other.mode}', as for the other caches on this store`,
      );
    this.#watchers.set(listener, options);
    if (this.#client) void this.#start(this.#client);
    const aliveAt = (): number => this.#aliveAt;
    return {
      get aliveAt() {
        return aliveAt();
      },
      stop: () => void this.#watchers.delete(listener),
    };
  }

  /** A connection that can tell of changes, on which nothing has been read yet. node-redis has asked for tracking in default mode. */
  async begin(client: RedisClient): Promise<void> {
    client.on('invalidate', (key: Buffer | null) => {
      if (key === null) this.forget();
      else for (const listener of this.#watchers.keys()) listener.changed(key.toString());
    });
    this.#tracked = 'ON';
    await this.#track(client);
  }

  /** The connection is in use: begin to beat. */
  live(client: RedisClient): void {
    if (this.isForbidden) return;
    this.#client = client;
    void this.#start(client);
  }

  /** Anything may have changed: the data was flushed, or the server is another on the same connection. */
  forget(): void {
    for (const listener of this.#watchers.keys()) listener.lost();
  }

  /** The connection is gone. */
  lose(): void {
    this.#client = undefined;
    this.#die();
  }

  /** Nothing is alive until the next heartbeat is answered. */
  #die(): void {
    this.#life = {};
    this.#cancelBeat();
    this.#aliveAt = -Infinity;
    this.forget();
  }

  /** Beats, once the connection tracks what its watchers ask for: some may have come when it was in use already. */
  async #start(client: RedisClient): Promise<void> {
    if (this.#tracked === this.#wish().join(' ')) this.#life = {};
    else this.#die();
    const life = this.#life;
    try {
      await this.#track(client);
      if (life === this.#life) await this.#beat(client, life);
    } catch (error) {
      // Else the connection is lost, and the next one begins with tracking.
      if (isForbidden(error)) this.isForbidden = true;
    }
  }

  /** The server remembers what is read after this. */
  async #track(client: RedisClient): Promise<void> {
    const wish = this.#wish();
    if (wish.join(' ') === this.#tracked) return;
    this.#tracked = undefined;
    // The mode changes only by way of OFF.
    await Promise.all([['OFF'], wish].map((each) => client.sendCommand(['CLIENT', 'TRACKING', ...each])));
    this.#tracked = wish.join(' ');
  }

  #wish(): readonly string[] {
    return trackingOf([...this.#watchers.values()]);
  }

  async #beat(client: RedisClient, life: object): Promise<void> {
    if (this.#watchers.size === 0) return;
    const sent = this.#clock.monotonic();
    const isAnswered = await client.sendCommand(['PING']).then(
      () => true,
      (error: unknown) => {
        if (isForbidden(error)) this.isForbidden = true;
        return false;
      },
    );
    if (life !== this.#life || this.isForbidden) return;
    if (isAnswered) this.#aliveAt = sent;
    const every = Math.min(...[...this.#watchers.values()].map((options) => options.every));
    this.#cancelBeat();
    this.#cancelBeat = this.#clock.after(every, () => void this.#beat(client, life));
  }
}

/** The arguments of `CLIENT TRACKING` that serve all watchers. */
function trackingOf(watchers: readonly WatchOptions[]): readonly string[] {
  if (watchers.length === 0) return ['OFF'];
  const broadcasts = watchers.filter(({ mode }) => mode === 'broadcast');
  if (broadcasts.length === 0) return ['ON'];
  return ['ON', 'BCAST', ...coarsest(broadcasts.map(({ start }) => start)).flatMap((start) => ['PREFIX', start])];
}

/** Prefixes without those that another one covers: the server refuses overlaps. */
function coarsest(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)].filter(
    (prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)),
  );
}
