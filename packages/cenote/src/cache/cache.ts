/**
 * The cache. What a read does, in order:
 *
 *  1. One `GET` (`MGET` with the versions of the tags it names). Fresh: returned.
 *  2. Stale but within grace: returned, and refreshed behind under a lease.
 *  3. Gone: this process's load is shared if the store says that its lease still holds; else the lease is asked for.
 *  4. Loaded under the lease, and stored only if nothing has invalidated it meanwhile.
 *
 * See `read-through.ts` for 2 to 4, `judge.ts` for what makes an entry good, `invalidation.ts` for what makes it go.
 */
import type { Duration } from '../core/duration.js';
import { UsageError } from '../core/errors.js';
import { checkOptions } from '../core/options.js';
import { CacheEngine } from './cache-engine.js';
import { checkHealth, type HealthReport } from './health.js';
import type { EntryReport } from './inspect.js';
import { declareKeyspace, type Decoded, type DeclareKeyspace } from './keyspace.js';
import type { LoadContext, Loader } from './load.js';
import { absent, due } from './near/near.js';
import { checkName, resolveSettings, type CacheOptions, type CodecOption } from './options.js';
import {
  resolveCall,
  resolveDefaults,
  resolveSet,
  resolveWrap,
  resolveInvalidation,
  isLife,
  tagsAlone,
  type EntryOptions,
  type InvalidateOptions,
  type ReadOptions,
} from './plan.js';
import { statsOf, type CacheStats } from './stats.js';
import { warm, type WarmJob, type WarmOptions, type WarmReport } from './warm.js';

export class Cache<C extends CodecOption = 'json'> {
  /** Label in events and statistics. */
  readonly name: string;
  /** Declares a family of keys: its value type, times, tags and the ways to invalidate it. See `Keyspace`. */
  readonly keyspace: DeclareKeyspace<C>;
  readonly #engine: CacheEngine;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | undefined;
  /** The duration that `wrap` was last given, and that is one: a caller gives the same again and again. */
  #knownLife: Duration | undefined;

  /** @throws UsageError for an option that is unknown or breaks its rule. */
  constructor(options: CacheOptions<C> = {}) {
    const derived = (options as { [derive]?: Derived })[derive];
    if (derived) {
      this.#engine = derived.engine;
      this.#close = derived.close;
    } else {
      const settings = resolveSettings(options);
      this.#engine = new CacheEngine(settings, resolveDefaults(options));
      this.#close = async () => {
        if (settings.ownsStore) await settings.store.close();
      };
    }
    this.name = this.#engine.defaults.tally.name;
    this.keyspace = (template: string, given?: unknown) => declareKeyspace(this.#engine, template, given);
  }

  /** The value under `key`, fresh or within grace; `undefined` when there is none or the store is away. Never loads. One command. */
  get<T>(key: string, options?: ReadOptions): Promise<Decoded<C, T> | undefined> {
    const held = options === undefined ? this.#engine.nearest(key, this.#engine.defaults) : absent;
    return held === absent || held === due ? this.#get(key, options) : Promise.resolve(held as Decoded<C, T>);
  }

  #get<T>(key: string, options: unknown): Promise<Decoded<C, T> | undefined> {
    return calling(
      () => this.#engine.read({ key, tags: [] }, this.#engine.defaults, resolveCall(options)) as Promise<Decoded<C, T>>,
    );
  }

  /**
   * Stores a value; the last writer wins, unless `version` says otherwise. It stands outside the promise that nothing
   * loaded before an invalidation is served after it: prefer `wrap`, or `del` after a commit. When the store is away the
   * key's deletion is kept instead, so that nothing older is served. Rejects with `CenoteError` `CODEC` for what cannot be
   * encoded. One command, one more with tags.
   */
  async set<T>(key: string, value: T, options?: Duration | EntryOptions): Promise<void> {
    const { plan, call, tags, version } = resolveSet(options, this.#engine.defaults);
    await this.#engine.write({ key, tags }, value, plan, version, call);
  }

  /**
   * Invalidates one key: removes its entry and voids the loads that are under way, here and in other processes. Resolves
   * to whether a good entry was there. When the store is away the invalidation is kept and replayed, and this process
   * trusts nothing stored under the key until then; with `strict` it rejects instead. One command.
   */
  async del(key: string, options?: InvalidateOptions): Promise<boolean> {
    return this.#engine.remove(key, resolveInvalidation(options, this.#engine.strict));
  }

  /** `del` of several keys in one command (per node); resolves to how many good entries were there. */
  async delMultiple(keys: readonly string[], options?: InvalidateOptions): Promise<number> {
    if (!Array.isArray(keys)) throw new UsageError('keys', keys, 'must be a list of keys');
    return this.#engine.removeMany(keys, resolveInvalidation(options, this.#engine.strict));
  }

  /**
   * Invalidates all keys that match a glob (`*`, `?`, `[abc]`, `\` escapes): removes their entries, voids their loads.
   * Resolves to the number of entries removed. O(keyspace): maintenance, never for a request path (declare groups or tags
   * for those). Put values in with `glob`, which escapes them.
   */
  async invalidate(pattern: string, options?: InvalidateOptions): Promise<number> {
    return this.#engine.invalidatePattern(pattern, resolveInvalidation(options, this.#engine.strict));
  }

  /** Invalidates every entry that carries one of the tags. O(tags), whatever the number of entries. One command. */
  async invalidateTags(tags: string | readonly string[], options?: InvalidateOptions): Promise<void> {
    const list = typeof tags === 'string' ? [tags] : tags;
    if (!Array.isArray(list)) throw new UsageError('tags', tags, 'must be a tag or a list of tags');
    await this.#engine.invalidateTags(list as readonly string[], resolveInvalidation(options, this.#engine.strict));
  }

  /** Invalidates everything under this cache's prefix; resolves to the number of entries removed. O(keyspace). */
  async clear(options?: InvalidateOptions & { readonly everything?: boolean }): Promise<number> {
    const { everything, ...rest } = checkOptions(
      options,
      ['everything', 'strict', 'signal', 'deadline', 'near'],
      'options',
    );
    if (this.#engine.scope.common.names.start === '' && everything !== true) {
      throw new UsageError(
        'options.everything',
        everything,
        'must be true to clear a cache without a prefix: it reaches every entry in the store',
      );
    }
    return this.#engine.invalidatePattern('*', resolveInvalidation(rest, this.#engine.strict));
  }

  /** The same entries, under another label in events and statistics. */
  named(name: string): Cache<C> {
    return new Cache<C>({
      [derive]: { engine: this.#engine.renamed(checkName(name)), close: () => this.close() },
    } as CacheOptions<C>);
  }

  /**
   * The value under `key`, else what `load` gives, stored for the next caller. Callers at the same time share one load,
   * in all processes. Rejects only with the loader's own error (when nothing stale may be served), `LoadTimeoutError` at
   * the hard deadline, or the caller's abort reason; a store that is away costs its deadline, and the loader answers.
   * A hit is one command; a fill two more.
   */
  wrap<T>(
    key: string,
    load: (context: LoadContext) => Promise<T> | T,
    options?: Duration | EntryOptions,
  ): Promise<Decoded<C, T>> {
    const held =
      typeof load !== 'function' ? absent
      : options === undefined || options === this.#knownLife ? this.#engine.nearest(key, this.#engine.defaults)
      : this.#nearestWith(key, options);
    return held === absent || held === due ?
        this.#wrap(key, load, options, held === due)
      : Promise.resolve(held as Decoded<C, T>);
  }

  /** What is wrong with options is told by the longer way, which checks them all. */
  #nearestWith(key: string, options: Duration | EntryOptions): unknown {
    const { defaults } = this.#engine;
    if (typeof options === 'object') {
      const tags = tagsAlone(options);
      return tags ? this.#engine.nearest(key, defaults, tags) : absent;
    }
    if (!isLife(options)) return absent;
    this.#knownLife = options;
    return this.#engine.nearest(key, defaults);
  }

  #wrap<T>(key: string, load: Loader, options: unknown, isDue: boolean): Promise<Decoded<C, T>> {
    return calling(() => {
      const { plan, call, tags } = resolveWrap(options, this.#engine.defaults);
      return this.#engine.through({ key, tags }, plan, checkLoader(load), call, isDue) as Promise<Decoded<C, T>>;
    });
  }

  /** The values that are there, fresh or within grace, by key. One command (per node). */
  async getMany<T>(keys: readonly string[], options?: ReadOptions): Promise<Map<string, Decoded<C, T>>> {
    const distinct = distinctKeys(keys);
    const all = await this.#engine.findMany(
      distinct.map((key) => ({ key, tags: [] })),
      this.#engine.defaults,
      resolveCall(options),
    );
    return new Map(
      distinct.flatMap((key, index) =>
        all[index]?.state === 'gone' ? [] : [[key, (all[index] as { value: Decoded<C, T> }).value]],
      ),
    );
  }

  /** `set` of several entries in one command (per node). */
  async setMany<T>(
    entries: Iterable<readonly [key: string, value: T]>,
    options?: Duration | EntryOptions,
  ): Promise<void> {
    const { plan, call, tags, version } = resolveSet(options, this.#engine.defaults);
    const distinct = [...new Map(entries)];
    await this.#engine.writeMany(
      distinct.map(([key, value]) => ({ target: { key, tags }, value, version })),
      plan,
      call,
    );
  }

  /**
   * `wrap` of several keys: one read, then one call of `loadMissing` with the keys that are neither there nor being
   * loaded. Keys that its result lacks are absent from the answer and stored nowhere. Two callers that want overlapping
   * keys never wait for each other.
   */
  async wrapMany<T>(
    keys: readonly string[],
    loadMissing: (missing: string[], context: LoadContext) => Promise<Map<string, T>> | Map<string, T>,
    options?: Duration | EntryOptions,
  ): Promise<Map<string, Decoded<C, T>>> {
    const { plan, call, tags } = resolveWrap(options, this.#engine.defaults);
    const distinct = distinctKeys(keys);
    const load = checkLoader(loadMissing);
    const values = await this.#engine.throughMany(
      distinct.map((key) => ({ key, tags })),
      plan,
      {
        together: async (indexes, context) => {
          const missing = indexes.map((index) => distinct[index] as string);
          const loaded: unknown = await load(missing, context);
          if (!(loaded instanceof Map))
            throw new UsageError('the result of loadMissing', loaded, 'must be a Map of values by key');
          return missing.map((key) => loaded.get(key) as unknown);
        },
      },
      call,
    );
    return new Map(
      distinct.flatMap((key, index) => (values[index] === undefined ? [] : [[key, values[index] as Decoded<C, T>]])),
    );
  }

  /** Whether an entry is there, fresh or stale. One command. */
  async has(key: string, options?: ReadOptions): Promise<boolean> {
    return (await this.#engine.peek({ key, tags: [] }, resolveCall(options))).state !== 'gone';
  }

  /** Milliseconds of fresh life left: 0 when stale, `Infinity` without expiry, `undefined` when there is no entry. One command. */
  async ttl(key: string, options?: ReadOptions): Promise<number | undefined> {
    const found = await this.#engine.peek({ key, tags: [] }, resolveCall(options));
    if (found.state === 'gone') return undefined;
    return Math.max(0, (found.head?.freshUntil ?? 0) - this.#engine.scope.store.now());
  }

  /** All that is known of one key, for people: where it is held, its times, tags, size and lease. Never rejects for the store. */
  async inspect(key: string): Promise<EntryReport> {
    return this.#engine.inspect(key);
  }

  /** Runs jobs that fill the cache, a few at a time, with progress. A job that fails is reported, and the rest go on. */
  async warm(jobs: Iterable<WarmJob> | AsyncIterable<WarmJob>, options?: WarmOptions): Promise<WarmReport> {
    return warm(jobs, options, this.#engine.scope.clock);
  }

  /** Counters of this process since it began, in all and by name. */
  async stats(): Promise<CacheStats> {
    return statsOf(this.#engine);
  }

  /** Connects, writes, reads and cleans up; never rejects. */
  async health(): Promise<HealthReport> {
    return checkHealth(this.#engine);
  }

  /** Closes the store if the cache made it; a store that was given stays open. Safe to call twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** How `named` hands its engine over without a public constructor argument. */
const derive = Symbol('derive');

interface Derived {
  readonly engine: CacheEngine;
  readonly close: () => Promise<void>;
}

/** A mistake in a call rejects, as all else does, without an async frame around what is asked most. */
function calling<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

function distinctKeys(keys: unknown): string[] {
  if (!Array.isArray(keys)) throw new UsageError('keys', keys, 'must be a list of keys');
  return [...new Set(keys as string[])];
}

function checkLoader<F>(load: F): F {
  if (typeof load !== 'function') throw new UsageError('load', load, 'must be a function');
  return load;
}
