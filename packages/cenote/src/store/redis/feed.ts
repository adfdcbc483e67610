import type { Clock } from '../../core/clock.js';
import { UsageError } from '../../core/errors.js';
import type { ChangeListener, Watch, WatchOptions } from '../store.js';
import type { RedisClient } from './client.js';

/**
 * What the server tells of changes, on the connection that reads. Two facts carry the near tier:
 *
 * - Changes and replies share one connection, so they arrive in the order in which the server made them; node-redis hands
 *   on a change before the reply that followed it.
 * - A PING that was sent at a moment and answered shows that all changes before that moment have been told.
 */
export class Feed {
  /** Set when the server does not permit tracking: nothing is asked of it again. */
  isForbidden = false;
  readonly #clock: Clock;
  readonly #watchers = new Map<ChangeListener, WatchOptions>();
  #client: RedisClient | undefined;
  #aliveAt = -Infinity;
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
    if (this.#client) void this.#beginLate(this.#client);
    const aliveAt = (): number => this.#aliveAt;
    return {
      get aliveAt() {
        return aliveAt();
      },
      stop: () => void this.#watchers.delete(listener),
    };
  }

  /** A connection that can tell of changes, on which nothing has been read yet. */
  async begin(client: RedisClient): Promise<void> {
    client.on('invalidate', (key: Buffer | null) => {
      if (key === null) this.forget();
      else for (const listener of this.#watchers.keys()) listener.changed(key.toString());
    });
    await this.#track(client);
  }

  /** The connection is in use: begin to beat. */
  live(client: RedisClient): void {
    if (this.isForbidden) return;
    this.#client = client;
    void this.#beat(client);
  }

  /** Anything may have changed: the data was flushed, or the server is another on the same connection. */
  forget(): void {
    for (const listener of this.#watchers.keys()) listener.lost();
  }

  /** The connection is gone. */
  lose(): void {
    this.#cancelBeat();
    this.#client = undefined;
    this.#aliveAt = -Infinity;
    this.forget();
  }

  /** The server remembers what is read after this. node-redis asks for it by itself, in default mode, when it connects. */
  async #track(client: RedisClient): Promise<void> {
    const watchers = [...this.#watchers.values()];
    const broadcasts = watchers.filter(({ mode }) => mode === 'broadcast');
    if (watchers.length > 0 && broadcasts.length === 0) return;
    await client.sendCommand(['CLIENT', 'TRACKING', 'OFF']);
    if (broadcasts.length === 0) return;
    const prefixes = coarsest(broadcasts.map(({ start }) => start)).flatMap((start) => ['PREFIX', start]);
    await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes]);
  }

  /** A cache that was made when the connection was in use already. Until this is answered its tier is not alive. */
  async #beginLate(client: RedisClient): Promise<void> {
    this.#aliveAt = -Infinity;
    this.#cancelBeat();
    this.forget();
    try {
      if (this.#watchers.size === 1) await client.sendCommand(['CLIENT', 'TRACKING', 'ON']);
      await this.#track(client);
      if (client === this.#client) await this.#beat(client);
    } catch {
      // The connection is lost, and the next one begins with tracking; or the next heartbeat of the link finds out.
    }
  }

  async #beat(client: RedisClient): Promise<void> {
    if (this.#watchers.size === 0) return;
    const sent = this.#clock.monotonic();
    const isAnswered = await client.sendCommand(['PING']).then(
      () => true,
      () => false,
    );
    if (client !== this.#client) return;
    if (isAnswered) this.#aliveAt = sent;
    const every = Math.min(...[...this.#watchers.values()].map((options) => options.every));
    this.#cancelBeat();
    this.#cancelBeat = this.#clock.after(every, () => void this.#beat(client));
  }
}

/** Prefixes without those that another one covers: the server refuses overlaps. */
function coarsest(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)].filter(
    (prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)),
  );
}
