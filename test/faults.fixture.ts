import { Cache, connect, type Store } from 'cenote';

import { startRedis, type RedisServer } from './servers/redis.js';
import { TcpProxy } from './servers/tcp-proxy.js';
import { Stopwatch } from './stopwatch.fixture.js';

/** Milliseconds of one call to the store, and of one load. */
export const deadline = 250;
export const loadTime = 5;

/** A row as it was committed, cached under the key of the same name. */
interface Row {
  readonly key: string;
  readonly version: number;
}

/** A cache on a Redis of its own behind a network of its own, and a source that knows what is true. */
export class World {
  readonly redis: RedisServer;
  readonly network: TcpProxy;
  readonly store: Store;
  readonly cache: Cache;
  readonly rejections: unknown[] = [];
  readonly #versions = new Map<string, number>();
  readonly #promised = new Map<string, number>();
  readonly #onRejection = (error: unknown): void => void this.rejections.push(error);

  private constructor(redis: RedisServer, network: TcpProxy, isNear: boolean) {
    this.redis = redis;
    this.network = network;
    this.store = connect({ url: `redis://127.0.0.1:${network.port}`, deadline, breaker: { cooldown: 200 } });
    this.cache = new Cache({ store: this.store, prefix: 'faults', ttl: '10m', ...(isNear ? {} : { near: false }) });
    process.on('unhandledRejection', this.#onRejection);
  }

  static async start(isNear = true): Promise<World> {
    const redis = await startRedis({ args: ['--maxmemory-policy', 'noeviction', '--dbfilename', 'faults.rdb'] });
    const world = new World(redis, await TcpProxy.start({ port: redis.port }), isNear);
    await world.store.ready();
    return world;
  }

  async stop(): Promise<void> {
    process.off('unhandledRejection', this.#onRejection);
    this.redis.resume();
    await this.cache.close();
    await this.store.close();
    await this.network.close();
    await this.redis.stop();
  }

  version(key: string): number {
    return this.#versions.get(key) ?? 1;
  }

  commit(key: string): void {
    this.#versions.set(key, this.version(key) + 1);
  }

  /** An invalidation of the last commit has been acknowledged: readers that begin now may not see less. */
  promise(key: string): void {
    this.#promised.set(key, this.version(key));
  }

  least(key: string): number {
    return this.#promised.get(key) ?? 1;
  }

  /** The row through a cache; by default the one under test. Every key has its tag. */
  async read(key: string, cache = this.cache): Promise<Row> {
    return cache.wrap(key, () => this.#load(key), { tags: [tagOf(key)] });
  }

  /** How many of these keys a cache gives in an older version than the source has. */
  async stale(keys: readonly string[], cache = this.cache): Promise<number> {
    const rows = await Promise.all(keys.map((key) => this.read(key, cache)));
    return rows.filter(({ key, version }) => version < this.version(key)).length;
  }

  /** How many of these keys are answered by what is stored, without loading. */
  async stored(keys: readonly string[]): Promise<number> {
    return (await this.cache.getMany(keys)).size;
  }

  /** Resolves when all rows are stored, however busy the machine. */
  async warm(keys: readonly string[]): Promise<void> {
    await until('all rows are cached', async () => {
      await this.stale(keys);
      return (await this.stored(keys)) === keys.length;
    });
  }

  async #load(key: string): Promise<Row> {
    const version = this.version(key);
    await new Promise((resolve) => setTimeout(resolve, loadTime));
    return { key, version };
  }
}

export function tagOf(key: string): string {
  return `tag of ${key}`;
}

export function keysOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}:${index}`);
}

/** Callers that read without end, some keys over and over, and count what they get. */
export class Callers {
  answered = 0;
  stale = 0;
  readonly failures: unknown[] = [];
  /** Milliseconds that each answer took, of those that this process had. */
  readonly times: number[] = [];
  readonly #stopwatch = new Stopwatch();
  readonly #world: World;
  readonly #keys: readonly string[];
  readonly #running: Promise<unknown>;
  #isOver = false;

  constructor(world: World, callers: number, keys: readonly string[]) {
    this.#world = world;
    this.#keys = keys;
    this.#running = Promise.all(Array.from({ length: callers }, (_, index) => this.#call(index)));
  }

  /** Resolves when so many more calls have been answered. */
  async more(answers: number): Promise<void> {
    const enough = this.answered + answers;
    await until(`${answers} more answers`, () => this.answered >= enough);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    this.#stopwatch.stop();
  }

  async #call(first: number): Promise<void> {
    for (let turn = first; !this.#isOver; turn++) {
      const key = this.#keys[(turn * 7) % this.#keys.length] as string;
      const least = this.#world.least(key);
      const began = this.#stopwatch.now();
      try {
        const { version } = await this.#world.read(key);
        if (version < least) this.stale++;
      } catch (error) {
        this.failures.push(error);
      }
      this.answered++;
      this.times.push(this.#stopwatch.now() - began);
      await new Promise((resolve) => setTimeout(resolve, 10 + ((turn * 13) % 20)));
    }
  }
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  patience = 20_000,
): Promise<void> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > patience) throw new Error(`not within ${patience} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
