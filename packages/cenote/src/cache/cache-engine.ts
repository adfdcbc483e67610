import { UsageError } from '../core/errors.js';
import { checkVersion } from '../core/options.js';
import type { Store } from '../store/store.js';
import type { Declaration, Engine, ManyLoader, Target } from './engine.js';
import type { Wanted } from './flights.js';
import { invalidatePattern, invalidateTags, removeKeys } from './invalidation.js';
import { inspectEntry, type EntryReport } from './inspect.js';
import type { Loader } from './load.js';
import { absent, due, Near, type NearOptions } from './near/near.js';
import { heldOf, lookup, lookupMany, lookupThen, tell, type Found } from './lookup.js';
import type { Settings } from './options.js';
import { keyPattern, type KeyPattern } from './pattern.js';
import type { Call, Invalidation, Plan } from './plan.js';
import { readThrough, refresh } from './read-through.js';
import { readThroughMany } from './read-through-many.js';
import type { Key } from './key.js';
import { Common, type Scope } from './scope.js';
import { writeEntries } from './set.js';
import { resolveTags } from './tags.js';
import { Tally, type Counts } from './tally.js';

/** Caches of one store and prefix work on the same flights and kept invalidations, whoever made them. */
const commons = new WeakMap<Store, Map<string | undefined, Common>>();

function commonOf({ store, prefix, unleasedLoads }: Settings): Common {
  const byPrefix = commons.get(store) ?? new Map<string | undefined, Common>();
  commons.set(store, byPrefix);
  const common = byPrefix.get(prefix) ?? new Common(prefix, unleasedLoads);
  byPrefix.set(prefix, common);
  return common;
}

/** One memory tier for all caches of a store and prefix. @throws UsageError when they ask for different ones. */
function nearOf(common: Common, { store, clock, nearGiven }: Settings, options: NearOptions): Near {
  common.near ??= new Near(store, common.names, clock, options);
  common.near.checkOptions(nearGiven ? options : { copy: options.copy });
  return common.near;
}

/** What stands behind a `Cache` and its keyspaces: raw keys in, values out. */
export class CacheEngine implements Engine {
  readonly defaults: Plan;
  readonly strict: boolean;
  readonly scope: Scope;
  readonly #settings: Settings;
  readonly #tallies: Map<string, Tally>;
  /** By the shape of their keys. */
  readonly declared: Map<string, Declaration>;

  /** With `from`, an engine of the same entries under another name. */
  constructor(settings: Settings, plan: Omit<Plan, 'tally'>, from?: CacheEngine) {
    this.#settings = settings;
    this.#tallies = from ? from.#tallies : new Map<string, Tally>();
    this.declared = from ? from.declared : new Map<string, Declaration>();
    const { store, payloads, clock, random, name } = settings;
    const common = commonOf(settings);
    this.scope = {
      store,
      payloads,
      clock,
      random,
      common,
      near: settings.near && nearOf(common, settings, settings.near),
    };
    this.strict = settings.strict;
    this.defaults = Object.freeze({ ...plan, tally: this.tally(name) });
  }

  get counts(): ReadonlyMap<string, Counts> {
    return new Map([...this.#tallies].map(([name, tally]) => [name, tally.counts]));
  }

  tally(name: string): Tally {
    const tally = this.#tallies.get(name) ?? new Tally(name, this.#settings.clock, this.#settings.listener);
    this.#tallies.set(name, tally);
    return tally;
  }

  checkKey(raw: string): void {
    this.key(raw);
  }

  key(raw: string, field = 'key'): Key {
    return { raw, stored: this.scope.common.names.stored(raw, field) };
  }

  read(target: Target, plan: Plan, call: Call): Promise<unknown> {
    const held = this.#held(target, plan, call);
    if (held !== absent && held !== due) return Promise.resolve(held);
    const wanted = this.#wanted(target);
    const start = plan.tally.start();
    return lookupThen(this.scope, wanted, plan, call, (found) => {
      tell(plan, wanted.key, found, start);
      return found.state === 'gone' ? undefined : found.value;
    });
  }

  /** A lookup for its own sake: told to nobody. */
  peek(target: Target, call: Call): Promise<Found> {
    return lookup(this.scope, this.#wanted(target), this.defaults, call);
  }

  /** Lookups of distinct targets in one batch, told to the tally. */
  async findMany(targets: readonly Target[], plan: Plan, call: Call): Promise<readonly Found[]> {
    const wanted = targets.map((target) => this.#wanted(target));
    const start = plan.tally.start();
    const keys = wanted.map(({ key }) => key);
    const held = targets.map((target) => heldOf(this.#held(target, plan, call)));
    const tags = wanted.map((one) => one.tags);
    const all = await lookupMany(this.scope, keys, tags, plan, call, held);
    for (const [index, found] of all.entries()) if (!held[index]) tell(plan, keys[index] as Key, found, start);
    return all;
  }

  /** What this process's memory has for a reader, told to the tally; else `absent`, or `due` for an early refresh. */
  nearest(raw: string, plan: Plan, tags?: readonly string[]): unknown {
    const { near } = this.scope;
    if (!near) return absent;
    const value = near.get(raw, plan, tags);
    if (value !== absent && value !== due) plan.tally.nearHit(raw);
    return value;
  }

  through(target: Target, plan: Plan, load: Loader, call: Call, isDue = false): Promise<unknown> {
    const held = isDue ? due : this.#held(target, plan, call);
    if (held !== absent && held !== due) return Promise.resolve(held);
    return readThrough(this.scope, this.#wanted(target), plan, load, call, held === due);
  }

  #held({ key, tags }: Target, plan: Plan, call: Call): unknown {
    return call.near && !call.signal?.aborted ? this.nearest(key, plan, tags) : absent;
  }

  async throughMany(
    targets: readonly Target[],
    plan: Plan,
    loader: ManyLoader,
    call: Call,
  ): Promise<readonly unknown[]> {
    const wanted = targets.map((target) => this.#wanted(target));
    const near = targets.map((target) => this.#held(target, plan, call));
    return readThroughMany(this.scope, wanted, plan, loader, call, near);
  }

  refresh(target: Target, plan: Plan, load: Loader, call: Call): Promise<unknown> {
    return refresh(this.scope, this.#wanted(target), plan, load, call);
  }

  async write(
    target: Target,
    value: unknown,
    plan: Plan,
    version: number | bigint | undefined,
    call: Call,
  ): Promise<void> {
    await this.writeMany([{ target, value, version }], plan, call);
  }

  async writeMany(
    entries: readonly { target: Target; value: unknown; version?: number | bigint | undefined }[],
    plan: Plan,
    call: Call,
  ): Promise<void> {
    const writes = entries.map(({ target, value, version }) => ({
      ...this.#wanted(target),
      value,
      version: version === undefined ? undefined : checkVersion(version, 'version'),
    }));
    await writeEntries(this.scope, writes, plan, call);
  }

  async remove(raw: string, invalidation: Invalidation): Promise<boolean> {
    return (await this.removeMany([raw], invalidation)) > 0;
  }

  async removeMany(raws: readonly string[], invalidation: Invalidation): Promise<number> {
    const keys = [...new Set(raws)].map((raw) => this.key(raw));
    return keys.length === 0 ? 0 : removeKeys(this.scope, this.defaults.tally, keys, invalidation);
  }

  async invalidateTags(names: readonly string[], invalidation: Invalidation): Promise<void> {
    if (invalidation.version !== undefined)
      throw new UsageError('options.version', invalidation.version, 'is not for tags: they have no versions of yours');
    const tags = resolveTags(this.scope.common.names, names);
    if (tags.length > 0) await invalidateTags(this.scope, this.defaults.tally, tags, names, invalidation);
  }

  async invalidatePattern(pattern: string, invalidation: Invalidation): Promise<number> {
    const { settle, version } = invalidation;
    if (settle > 0) throw new UsageError('options.settle', settle, 'is not for patterns: give it to keys or tags');
    if (version !== undefined) throw new UsageError('options.version', version, 'is not for patterns: give it to keys');
    return invalidatePattern(this.scope, this.defaults.tally, this.pattern(pattern), invalidation);
  }

  pattern(source: string): KeyPattern {
    return keyPattern(this.scope.common.names, source);
  }

  inspect(raw: string): Promise<EntryReport> {
    return inspectEntry(this.scope, this.key(raw));
  }

  /** The same entries under another label. */
  renamed(name: string): CacheEngine {
    return new CacheEngine({ ...this.#settings, name }, this.defaults, this);
  }

  #wanted({ key, tags }: Target): Wanted {
    const { names } = this.scope.common;
    return { key: this.key(key), tags: resolveTags(names, tags) };
  }
}
