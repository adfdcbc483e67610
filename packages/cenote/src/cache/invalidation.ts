/**
 * What makes entries go: by key, by tag, by pattern. Each is told to the store at once, whatever the breaker thinks; what
 * the store cannot be told is kept, merged and replayed (see `replay.ts`), and until then this process trusts nothing
 * stored that it could mean. What the store has acknowledged is remembered for a while: a server that takes over may have
 * to be told again.
 */
import { headLength, peekHead } from './entry.js';
import { remove, retire } from './operations/index.js';
import type { KeyPattern } from './pattern.js';
import type { Pending } from './pending.js';
import type { Invalidation } from './plan.js';
import { fenceOf, groupsOf, pairsOf, removePattern } from './removal.js';
import { keep, remember } from './replay.js';
import type { Key, Names } from './key.js';
import type { Scope } from './scope.js';
import type { Tag } from './tags.js';
import { tagsOfHead } from './tags.js';
import type { Tally } from './tally.js';

/** Removes entries and voids their leases; the number that were good. One round trip a partition, a second if they carry tags. */
export async function removeKeys(
  scope: Scope,
  tally: Tally,
  keys: readonly Key[],
  invalidation: Invalidation,
): Promise<number> {
  const { settle, version, call } = invalidation;
  const start = tally.start();
  doom(scope, keys);
  const failed: Key[] = [];
  let failure: unknown;
  const add = (some: readonly Key[]) => (to: Pending) =>
    some.forEach(({ stored }) => to.addKey({ stored, settle, version }));
  const heads = await Promise.all(
    groupsOf(scope, keys).map(async (group) => {
      try {
        const removed = await scope.store.run(
          remove,
          { pairs: pairsOf(scope, group), settle, what: 'any', version: fenceOf(version) },
          call,
        );
        remember(scope, tally, add(group));
        return removed;
      } catch (error) {
        failure = error;
        failed.push(...group);
        return [];
      }
    }),
  );
  // Kept in one step with the end of what was read before: nothing may be read, and be held near, in between.
  if (failed.length > 0 && !invalidation.strict) keep(scope, tally, add(failed));
  doom(scope, keys);
  const removed = await countGood(scope, heads.flat());
  tally.delete(
    keys.map((key) => key.raw),
    removed,
    failed.length > 0,
    start,
  );
  if (failed.length > 0) faulted(tally, 'delete', failure, invalidation);
  return removed;
}

/** Invalidates tags: O(tags), whatever the number of entries. One round trip a partition. */
export async function invalidateTags(
  scope: Scope,
  tally: Tally,
  tags: readonly Tag[],
  names: readonly string[],
  invalidation: Invalidation,
): Promise<void> {
  const { settle, call } = invalidation;
  const start = tally.start();
  const byKey = new Map(tags.map((tag) => [tag.key, tag]));
  const failed: Tag[] = [];
  let failure: unknown;
  const add = (some: readonly Tag[]) => (to: Pending) => some.forEach((tag) => to.addTag({ tag, settle }));
  const forget = (): void => tags.forEach((tag) => scope.common.near?.forgetTag(tag.key));
  forget();
  await Promise.all(
    scope.store.partition([...byKey.keys()]).map(async (keys) => {
      const group = keys.flatMap((key) => byKey.get(key) ?? []);
      try {
        await scope.store.run(retire, { tags: keys, settle }, call);
        remember(scope, tally, add(group));
      } catch (error) {
        failure = error;
        failed.push(...group);
      }
    }),
  );
  forget();
  // The store would say that nothing has changed.
  scope.common.flights.doomTagged(failed);
  if (failed.length > 0 && !invalidation.strict) keep(scope, tally, add(failed));
  tally.invalidate('tags', names, 0, failed.length > 0, start);
  if (failed.length > 0) faulted(tally, 'invalidate', failure, invalidation);
}

/** Removes what a pattern means; the number of entries removed. O(keyspace): two scans. */
export async function invalidatePattern(
  scope: Scope,
  tally: Tally,
  pattern: KeyPattern,
  invalidation: Invalidation,
): Promise<number> {
  const add = (to: Pending): void => to.addPattern(pattern.source);
  const start = tally.start();
  doomPattern(scope, pattern);
  let removed = 0;
  let failure: unknown;
  try {
    removed = await removePattern(scope, pattern, invalidation.call);
    remember(scope, tally, add);
  } catch (error) {
    failure = error;
  }
  doomPattern(scope, pattern);
  if (failure !== undefined && !invalidation.strict) keep(scope, tally, add);
  tally.invalidate('pattern', [pattern.source], removed, failure !== undefined, start);
  if (failure !== undefined) faulted(tally, 'invalidate', failure, invalidation);
  return removed;
}

/** What this process holds or loads of these keys goes. */
export function doom(scope: Scope, keys: readonly Key[]): void {
  for (const { raw, stored } of keys) {
    scope.common.near?.forget(raw);
    scope.common.flights.doomKey(stored);
  }
}

function doomPattern({ common }: Scope, pattern: KeyPattern): void {
  common.near?.forgetAll();
  common.flights.doomWhere((raw) => pattern.isMeant(raw));
}

function faulted(
  tally: Tally,
  during: 'delete' | 'invalidate',
  failure: unknown,
  { call, strict }: Invalidation,
): void {
  tally.storeFault(during, failure);
  if (call.signal?.aborted || strict) throw failure;
}

/** How many of the removed entries would have been served: dead and expired ones do not count. */
async function countGood(scope: Scope, heads: readonly (Buffer | undefined)[]): Promise<number> {
  const { store, common } = scope;
  const now = store.now();
  const live = heads
    .flatMap((bytes) => (bytes ? [{ head: peekHead(bytes), isCut: bytes.length === headLength }] : []))
    .filter(({ head, isCut }) => (head ? head.epoch === store.epoch && now < head.freshUntil + head.grace : isCut))
    .flatMap(({ head }) => carriedBy(common.names, head?.tags ?? '') ?? []);
  const keys = [...new Set(live.flatMap(({ tags }) => tags.map((tag) => tag.key)))];
  const versions = keys.length === 0 ? [] : await store.read(keys).catch(() => undefined);
  if (!versions) return live.length;
  const versionOf = new Map(keys.map((key, index) => [key, versions[index]?.toString()]));
  return live.filter(({ tags, pairs }) =>
    tags.every((tag, index) => pairs[index] === `${tag.code}=${versionOf.get(tag.key) ?? ''}`),
  ).length;
}

/** The tags of a header that nobody has checked; `undefined` when it is damaged. */
function carriedBy(names: Names, text: string): { tags: readonly Tag[]; pairs: readonly string[] } | undefined {
  try {
    return { tags: tagsOfHead(names, text), pairs: text.split(',') };
  } catch {
    return undefined;
  }
}
