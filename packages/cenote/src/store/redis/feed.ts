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
  #isOn = false;
  #aliveAt = -Infinity;
  #cancelBeat: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether connections are to be made with tracking. */
  get isWanted(): boolean {
    return this.#watchers.size > 0 && !this.isForbidden;
  }

  /** Whether the present connection was. */
  get isOn(): boolean {
    return this.#isOn || !this.isWanted;
  }

  /** @throws UsageError when the connection already tracks in the other mode. */
  add(listener: ChangeListener, options: WatchOptions): Watch {
    const other = [...this.#watchers.values()].find(({ mode }) => mode !== options.mode);
    if (other) throw new UsageError('near.tracking', options.mode, `must be '${other.mode}', as for the other caches on this store`);
    this.#watchers.set(listener, options);
    const aliveAt = (): number => this.#aliveAt;
    return {
      get aliveAt() {
        return aliveAt();
      },
      stop: () => void this.#watchers.delete(listener),
    };
  }

  /** A connection with tracking is there; in broadcast mode it must be asked once more. Nothing has been read on it yet. */
  async begin(client: RedisClient): Promise<void> {
    client.on('invalidate', (key: Buffer | null) => {
      if (key === null) this.#tellLost();
      else this.#tell(key.toString());
    });
    const broadcasts = [...this.#watchers.values()].filter(({ mode }) => mode === 'broadcast');
    if (broadcasts.length > 0) {
      const prefixes = coarsest(broadcasts.map(({ start }) => start)).flatMap((start) => ['PREFIX', start]);
      await client.sendCommand(['CLIENT', 'TRACKING', 'OFF']);
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes]);
    }
    this.#isOn = true;
  }

  /** The connection is in use: begin to beat. */
  live(client: RedisClient): void {
    if (!this.#isOn) return;
    this.#client = client;
    void this.#beat(client);
  }

  /** The server is another, on the same connection. */
  forget(): void {
    this.#tellLost();
  }

  /** The connection is gone. */
  lose(): void {
    this.#cancelBeat();
    this.#client = undefined;
    this.#isOn = false;
    this.#aliveAt = -Infinity;
    this.#tellLost();
  }

  async #beat(client: RedisClient): Promise<void> {
    const sent = this.#clock.monotonic();
    const isAnswered = await client.sendCommand(['PING']).then(
      () => true,
      () => false,
    );
    if (client !== this.#client) return;
    if (isAnswered) this.#aliveAt = sent;
    const every = Math.min(...[...this.#watchers.values()].map((options) => options.every));
    if (this.#watchers.size > 0) this.#cancelBeat = this.#clock.after(every, () => void this.#beat(client));
  }

  #tell(key: string): void {
    for (const listener of this.#watchers.keys()) listener.changed(key);
  }

  #tellLost(): void {
    for (const listener of this.#watchers.keys()) listener.lost();
  }
}

/** Prefixes without those that another one covers: the server refuses overlaps. */
function coarsest(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)].filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)));
}
