import { systemClock, type Clock } from '../core/clock.js';
import { milliseconds, type Duration } from '../core/duration.js';
import { UsageError } from '../core/errors.js';
import type { CacheEvent } from '../core/events.js';
import { checkBoolean, checkCount, checkFunction, checkOneOf, checkOptions } from '../core/options.js';
import { memoryStore } from '../store/memory/memory-store.js';
import type { Store } from '../store/store.js';
import { resolveCodec, type Codec } from './codec.js';
import { requireCompression, type Compression } from './compress.js';
import type { NearOptions } from './near/near.js';
import { defaultCompression, Payloads } from './payload.js';
import type { Deadlines } from './plan.js';

export interface CacheOptions<C extends CodecOption = CodecOption> {
  /** Where entries live; default: this process's memory. */
  readonly store?: Store | undefined;
  /** Every key begins with it and a colon. Without one, the cache shares the store's whole key space. */
  readonly prefix?: string | undefined;
  /** Label in events and statistics; default: the prefix, else `cache`. */
  readonly name?: string | undefined;
  /** Fresh life of entries; default `'5m'`, `Infinity` for no expiry. */
  readonly ttl?: Duration | undefined;
  /** Stale life after it, served while refreshing or when the loader fails; default none. */
  readonly grace?: Duration | undefined;
  /**
   * This process's memory in front of the store; by default on over Redis, off over the in-process store. `bound` (default
   * `'1s'`, at least `'20ms'`): no value from it is older than an invalidation by more, even when the network is cut.
   * `ttl`: how long a copy lives at most, by default as long as the entry is fresh. `tracking`: how the server tells of
   * changes; see the guide. Caches on one store and prefix share it; one that says nothing takes what is there.
   */
  readonly near?: false | NearSettings | undefined;
  /** Refresh entries that are read shortly before they expire, by one process at a time; default `false`. */
  readonly refreshAhead?: boolean | { readonly beta?: number | undefined } | undefined;
  /** By how much of it a fresh life may be shortened at random, 0 to 1; default 0.05. */
  readonly jitter?: number | undefined;
  /** Life of `null` and `undefined`; default: `null` is a value like any other, `undefined` is not stored. */
  readonly negativeTtl?: Duration | undefined;
  readonly deadline?: Duration | Deadlines | undefined;
  /** Default `'json'`. */
  readonly codec?: C | undefined;
  /** Compresses payloads of more than `over` bytes (default 1024); default `false`. */
  readonly compress?:
    false | { readonly over?: number | undefined; readonly with?: Compression | undefined } | undefined;
  /** What reads hand out: the value deeply frozen, or a copy of its own for each caller. Default `'freeze'`. */
  readonly copy?: 'freeze' | 'clone' | undefined;
  /** Whether invalidations reject when the store cannot be told, instead of being kept for replay; default `false`. */
  readonly strict?: boolean | undefined;
  /** The most loads at a time that run without the store's word, as when it is away; default 256. */
  readonly unleasedLoads?: number | undefined;
  /** Told of every outcome; see `CacheEvent`. What it throws becomes a process warning. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** For tests: 0 to below 1, decides jitter. */
  readonly random?: (() => number) | undefined;
}

export interface NearSettings {
  /** Default 10,000. */
  readonly maxEntries?: number | undefined;
  /** Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  readonly bound?: Duration | undefined;
  readonly ttl?: Duration | undefined;
  readonly tracking?: 'default' | 'broadcast' | undefined;
}

export type CodecOption = 'json' | 'msgpack' | Codec;

const known = [
  'store',
  'prefix',
  'name',
  'ttl',
  'grace',
  'near',
  'refreshAhead',
  'jitter',
  'negativeTtl',
  'deadline',
  'codec',
  'compress',
  'copy',
  'strict',
  'unleasedLoads',
  'onEvent',
  'clock',
  'random',
] as const;

const defaults = Object.freeze({ codec: 'json', copy: 'freeze', strict: false, unleasedLoads: 256 });

/** The options of a cache, checked. Those of entries are resolved into a plan (see `plan.ts`). */
export interface Settings {
  readonly store: Store;
  /** Whether the store was made here, and is therefore closed with the cache. */
  readonly ownsStore: boolean;
  readonly prefix: string | undefined;
  readonly name: string;
  readonly payloads: Payloads;
  readonly near: NearOptions | undefined;
  /** Whether the caller spoke of the memory tier, so that a different one must not be taken silently. */
  readonly nearGiven: boolean;
  readonly strict: boolean;
  readonly unleasedLoads: number;
  readonly listener: ((event: CacheEvent) => void) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws UsageError naming the option, its value and the rule. */
export function resolveSettings(options: CacheOptions): Settings {
  const given = checkOptions(options, known, 'options');
  const { store, prefix, name, near, strict, unleasedLoads, onEvent, clock, random } = given;
  const usedClock = clock === undefined ? systemClock : checkClock(clock);
  const usedStore = store === undefined ? memoryStore({ clock: usedClock }) : checkStore(store);
  const usedNear = resolveNear(near, usedStore, copyOf(given));
  return Object.freeze({
    store: usedStore,
    ownsStore: store === undefined,
    prefix: prefix as string | undefined,
    name: name === undefined ? ((prefix as string | undefined) ?? 'cache') : checkName(name),
    payloads: resolvePayloads(given, usedNear === undefined),
    near: usedNear,
    nearGiven: near !== undefined,
    strict: checkBoolean(strict ?? defaults.strict, 'options.strict'),
    unleasedLoads: checkCount(unleasedLoads ?? defaults.unleasedLoads, 'options.unleasedLoads'),
    listener:
      onEvent === undefined ? undefined : checkFunction<(event: CacheEvent) => void>(onEvent, 'options.onEvent'),
    clock: usedClock,
    random: random === undefined ? Math.random : checkFunction<() => number>(random, 'options.random'),
  });
}

const leastBound = 20;

function resolveNear(option: unknown, store: Store, copy: NearOptions['copy']): NearOptions | undefined {
  if (option === false || (option === undefined && (store.kind === 'memory' || !store.watch))) return undefined;
  const { maxEntries, maxBytes, bound, ttl, tracking } = checkOptions(
    option ?? {},
    ['maxEntries', 'maxBytes', 'bound', 'ttl', 'tracking'],
    'options.near',
  );
  if (!store.watch) throw new UsageError('options.near', option, 'must be false: this store cannot tell of changes');
  const boundMs = milliseconds(bound ?? '1s', 'options.near.bound');
  if (boundMs < leastBound)
    throw new UsageError('options.near.bound', bound, `must be at least ${leastBound} ms: heartbeats fit in it`);
  return Object.freeze({
    maxEntries: checkCount(maxEntries ?? 10_000, 'options.near.maxEntries'),
    maxBytes: checkCount(maxBytes ?? 64 * 1024 * 1024, 'options.near.maxBytes'),
    bound: boundMs,
    ttl: milliseconds(ttl ?? Infinity, 'options.near.ttl', { infinite: true }),
    tracking: checkOneOf(tracking ?? 'default', ['default', 'broadcast'], 'options.near.tracking'),
    copy,
  });
}

export function checkName(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > 200)
    throw new UsageError('name', value, 'must be a text of 1 to 200 characters');
  return value;
}

function resolvePayloads(given: Readonly<Record<string, unknown>>, remember: boolean): Payloads {
  const { codec, compress } = given;
  return new Payloads({
    codec: resolveCodec((codec ?? defaults.codec) as CodecOption),
    compress: resolveCompression(compress),
    copy: copyOf(given),
    remember,
  });
}

function copyOf({ copy }: Readonly<Record<string, unknown>>): 'freeze' | 'clone' {
  return checkOneOf(copy ?? defaults.copy, ['freeze', 'clone'], 'options.copy');
}

export function resolveCompression(option: unknown): false | { over: number; with: Compression } {
  if (option === undefined || option === false) return false;
  const { over, with: using } = checkOptions(option, ['over', 'with'], 'options.compress');
  return {
    over: over === undefined ? defaultCompression.over : checkCount(over, 'options.compress.over', 0),
    with: using === undefined ? defaultCompression.with : requireCompression(using),
  };
}

export function checkStore(value: unknown): Store {
  const methods = ['readOne', 'read', 'run', 'partition', 'scan', 'delete', 'onState', 'health', 'close'];
  const candidate = value as Record<string, unknown> | null;
  if (typeof value === 'object' && candidate && methods.every((method) => typeof candidate[method] === 'function'))
    return value as Store;
  throw new UsageError('options.store', value, "must be a store, such as connect('redis://…') makes");
}

export function checkClock(value: unknown): Clock {
  const candidate = value as Record<string, unknown> | null;
  if (
    typeof value === 'object' &&
    candidate &&
    ['now', 'monotonic', 'after'].every((method) => typeof candidate[method] === 'function')
  )
    return value as Clock;
  throw new UsageError('options.clock', value, 'must have now(), monotonic() and after()');
}
