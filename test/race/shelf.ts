import { inspect } from 'node:util';

import {
  connect,
  Cache,
  StoreError,
  type CacheEvent,
  type CacheOptions,
  type CacheStats,
  type Clock,
  type LoadingKeyspace,
  type Store,
} from 'cenote';

import { slowestLoad } from './episode.js';
import { families, type Family } from './kinds.js';
import { pause, type Random } from './random.js';
import type { Setting } from './orders.js';
import { higher, lags, type Look, type Truth, type Versions } from './truth.js';

/** What is cached of a row. */
export interface Value {
  readonly row: number;
  readonly versions: Versions;
  /** Makes values differ in length, and damage visible wherever it falls. */
  readonly text: string;
}

/** The template of every family, as far as types go. */
type Template = 'plain:{episode}:{row}';
export type Rows = LoadingKeyspace<Template, Value, Value, 'episode' | 'row'>;
export type Place = { readonly episode: number; readonly row: number };

export const prefix = 'race';

/** Milliseconds for which memory may serve what others have invalidated, in runs with a memory tier. */
export const nearBound = 200;

/** One cache of a server on a connection of its own, with its keyspaces, and the source behind it. */
export class Shelf {
  readonly store: Store;
  readonly cache: Cache;
  readonly #truth: Truth;
  readonly #random: Random;
  readonly #rows = new Map<Family, Rows>();
  /** What this cache alone has promised: invalidations that it keeps until the store can be told. */
  readonly #kept = new Map<number, Versions>();

  /** `onError` is told of what the store should never raise. */
  constructor(
    url: string,
    { deadline, near }: Pick<Setting, 'deadline' | 'near'>,
    clock: Clock,
    truth: Truth,
    random: Random,
    onError: (error: unknown) => void,
  ) {
    this.#truth = truth;
    this.#random = random;
    this.store = connect({ url, deadline: deadline.store, breaker: { cooldown: 50 }, clock });
    const onEvent = (event: CacheEvent): void => {
      if (event.type === 'store-fault' && !(event.error instanceof StoreError)) onError(event.error);
    };
    this.cache = new Cache({
      store: this.store,
      prefix,
      ttl: '5m',
      deadline,
      near: near && { bound: nearBound },
      clock,
      onEvent,
    } satisfies CacheOptions);
    for (const family of families) this.#rows.set(family, this.#declare(family));
  }

  rows(family: Family): Rows {
    return this.#rows.get(family) as Rows;
  }

  /** Reads the row as a query does: it takes a while, and what it sees was there at some moment on the way. */
  async load({ episode, row }: Place, random = this.#random): Promise<Value> {
    const longest = slowestLoad(episode);
    await pause(random, longest / 2);
    const versions = this.#truth.read(row);
    await pause(random, longest);
    return { row, versions, text: textOf(row) };
  }

  /** Notes what an invalidation that has just resolved promises: to all when the store was told, else to this cache's own readers. */
  async promise(row: number, committed: Versions): Promise<void> {
    const { pending } = await this.cache.stats();
    if (pending === 0) this.#truth.acknowledge(row, committed);
    else this.#kept.set(row, higher(committed, this.#kept.get(row)));
  }

  /** What this cache alone has promised of a row. */
  kept(row: number): Versions | undefined {
    return this.#kept.get(row);
  }

  /** Whether a value is what the source held at some time up to now; `look` is what somebody saw of it earlier. */
  isReal(value: Value, row: number, look: Look): boolean {
    return (
      value.row === row &&
      value.text === textOf(row) &&
      Array.isArray(value.versions) &&
      (!lags(look.committed, value.versions) || !lags(this.#truth.read(row), value.versions))
    );
  }

  /** Resolves when the store is there and every kept invalidation has reached it. */
  async quiet(): Promise<void> {
    while (this.store.epoch === undefined || (await this.cache.stats()).pending > 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    this.#kept.clear();
  }

  /** What keeps a row from being cached, as far as it can be seen. */
  async plight(family: Family, place: Place): Promise<string> {
    const key = this.rows(family).key(place);
    const { missesBy, refusedBy, pending } = await this.cache.stats();
    const entry = await this.cache.inspect(key).catch(String);
    const store = await this.store.health();
    return `${key} could not be cached: ${inspect({ entry, pending, missesBy, refusedBy, store }, { breakLength: Infinity, depth: 3 })}`;
  }

  stats(): Promise<CacheStats> {
    return this.cache.stats();
  }

  async close(): Promise<void> {
    await this.cache.close();
    await this.store.close();
  }

  #declare(family: Family): Rows {
    const life = family.endsWith('-brief') ? { ttl: 4, grace: '5m' } : {};
    const tags = family.startsWith('tagged') ? { tags: tagsOf } : {};
    const groups = family.startsWith('grouped') ? { groups: ['episode', 'row'] as const } : {};
    return this.cache.keyspace(
      `${family}:{episode}:{row}` as Template,
      {
        ...life,
        ...tags,
        ...groups,
        load: (place: { readonly episode: unknown; readonly row: unknown }) =>
          this.load({ episode: Number(place.episode), row: Number(place.row) }),
      } as { load: (place: unknown) => Promise<Value> },
    );
  }
}

/** The tags of a row in the tagged families. */
export function tagsOf({ episode, row }: { readonly episode: unknown; readonly row: unknown }): string[] {
  return [`episode:${String(episode)}`, `row:${String(row)}`];
}

function textOf(row: number): string {
  return `row ${row} `.repeat(1 + (row % 5));
}
