import type { LoadContext, Loader } from './load.js';
import type { Call, Invalidation, Plan } from './plan.js';
import type { Tally } from './tally.js';

/**
 * What a keyspace needs of the cache it is declared on. Keys are raw: the engine puts the prefix on, checks length and
 * reserved names, and answers as `Cache` does for single keys. Tags of an entry are those of its keyspace and its groups.
 */
export interface Engine {
  /** What applies where a keyspace says nothing. */
  readonly defaults: Plan;
  /** Whether invalidations that cannot reach the store reject, where a call does not say. */
  readonly strict: boolean;
  /** The keyspaces declared so far, by the shape of their keys: shared by all caches that share entries through `named`. */
  readonly declared: Map<string, Declaration>;

  /** Where a keyspace tells its outcomes; the same for the same name. */
  tally(name: string): Tally;

  /** Does nothing for a raw key that can be stored. @throws UsageError otherwise. */
  checkKey(raw: string): void;

  /** What this process's memory has for a reader of this plan, else `absent` or `due` (see `near/near.ts`). No promise. */
  nearest(key: string, plan: Plan, tags?: readonly string[]): unknown;

  /** The value of an entry, fresh or within grace; `undefined` when there is none. Never loads. */
  read(target: Target, plan: Plan, call: Call): Promise<unknown>;

  /** `wrap`: the value of an entry, else what `load` gives, stored under a lease. With `isDue`, refreshed behind when it is there. */
  through(target: Target, plan: Plan, load: Loader, call: Call, isDue?: boolean): Promise<unknown>;

  /** `through` for distinct targets, read in one batch; the values are aligned with them. */
  throughMany(targets: readonly Target[], plan: Plan, loader: ManyLoader, call: Call): Promise<readonly unknown[]>;

  /** Loads now, whatever is stored, and stores the result; voids the current lease and joins no running load. */
  refresh(target: Target, plan: Plan, load: Loader, call: Call): Promise<unknown>;

  /** `set`: checks by the plan's schema, then writes. `version` wins over the plan's own. */
  write(target: Target, value: unknown, plan: Plan, version: number | bigint | undefined, call: Call): Promise<void>;

  /** `del`: true when an entry was there. */
  remove(key: string, invalidation: Invalidation): Promise<boolean>;

  invalidateTags(tags: readonly string[], invalidation: Invalidation): Promise<void>;
}

/** An entry to be read or written: its raw key, and the tags it must carry. */
export interface Target {
  readonly key: string;
  readonly tags: readonly string[];
}

/** Loads what a batch lacks, by index of target: each under a flight of its own, or together in one call, aligned with `indexes`. */
export type ManyLoader =
  | { readonly each: (index: number, context: LoadContext) => unknown }
  | { readonly together: (indexes: readonly number[], context: LoadContext) => Promise<readonly unknown[]> };

/** What makes two declarations of a template the same; compared member by member. */
export type Declaration = Readonly<Record<string, unknown>>;
