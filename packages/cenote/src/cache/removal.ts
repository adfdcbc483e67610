/** Removing by key and by pattern, without what surrounds it: `invalidation.ts` keeps what fails, `replay.ts` sends it again. */
import { StoreError } from '../core/errors.js';
import type { CallOptions } from '../store/store.js';
import { encodeVersion } from './entry.js';
import type { Key } from './key.js';
import { remove } from './operations/index.js';
import type { KeyPattern } from './pattern.js';
import { epochOf, type Scope } from './scope.js';

/**
 * How many entries one operation touches at most: more would be felt by others on the server. With client tracking each
 * read in a script also has the server remember all keys of the script, so its cost grows with their square.
 */
const mostPairs = 100;

/**
 * Two passes. A fill moves a load from its lease to its value, so one pass over both can miss it twice: not yet a value
 * when the values' place was scanned, no longer a lease when the leases' was. Here all leases are voided first. When that
 * has ended, a load that began before is either void, or already a value, which the second pass finds.
 *
 * Rejects when another server has taken over meanwhile: it has not seen what was done before.
 */
export async function removePattern(scope: Scope, pattern: KeyPattern, call: CallOptions): Promise<number> {
  const { store, common } = scope;
  const epoch = await epochOf(scope, call);
  let removed = 0;
  const removeOurs = async (stored: readonly string[]): Promise<void> => {
    for (const group of groupsOf(
      scope,
      stored.map((key) => ({ raw: key, stored: key })),
    )) {
      const heads = await store.run(
        remove,
        { pairs: pairsOf(scope, group), settle: 0, what: 'ours', version: undefined },
        call,
      );
      removed += heads.filter((head) => head !== undefined).length;
    }
  };
  for await (const names of store.scan(pattern.leases, call)) {
    await removeOurs(
      names.filter((name) => pattern.matchesLease(name)).flatMap((name) => common.names.keyOfLease(name) ?? []),
    );
  }
  for await (const names of store.scan(pattern.values, call))
    await removeOurs(names.filter((name) => pattern.matches(name)));
  if (store.epoch !== epoch)
    throw new StoreError('STORE_UNAVAILABLE', 'another server took over while a pattern was being removed');
  return removed;
}

/** The fence of an invalidation, as the operation wants it. */
export function fenceOf(version: number | bigint | undefined): { good: string; floor: string } | undefined {
  if (version === undefined) return undefined;
  return { good: encodeVersion(version), floor: BigInt(version) > 0n ? encodeVersion(BigInt(version) - 1n) : '' };
}

export function pairsOf(scope: Scope, keys: readonly Key[]): [value: string, lease: string][] {
  return keys.map(({ stored }) => [stored, scope.common.names.lease(stored)]);
}

/** Keys in groups that one operation may touch. */
export function groupsOf(scope: Scope, keys: readonly Key[]): Key[][] {
  const byStored = new Map(keys.map((key) => [key.stored, key]));
  return chunksOf(scope, [...byStored.keys()]).map((chunk) => chunk.flatMap((stored) => byStored.get(stored) ?? []));
}

/** Stored keys in groups that one operation may touch. */
export function chunksOf({ store }: Scope, stored: readonly string[]): (readonly string[])[] {
  return store
    .partition(stored)
    .flatMap((part) =>
      Array.from({ length: Math.ceil(part.length / mostPairs) }, (_, index) =>
        part.slice(index * mostPairs, (index + 1) * mostPairs),
      ),
    );
}
