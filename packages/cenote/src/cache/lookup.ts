import type { MissReason } from '../core/events.js';
import type { EntryHead } from './entry.js';
import { judge, noneAsked, noVersions, type Judgement, type Scene } from './judge.js';
import type { CallOptions } from '../store/store.js';
import type { Call, Plan } from './plan.js';
import type { Key } from './key.js';
import type { Scope } from './scope.js';
import { checkValue, mustCheck } from './fill.js';
import { tagsOfHead, type Tag } from './tags.js';

/** What a lookup of one key came to. */
export type Found = { readonly state: 'fresh' | 'stale'; readonly value: unknown; readonly head: EntryHead } | Gone;

export interface Gone {
  readonly state: 'gone';
  readonly reason: MissReason;
  /** The id of the entry that was rejected. */
  readonly rejected?: string | undefined;
  /** The tags that the rejected entry carried. */
  readonly tags?: readonly Tag[] | undefined;
}

/** Reasons for which the store must be passed by: it has no word to give, or none to be trusted. */
export function isBypass(found: Found): boolean {
  return found.state === 'gone' && (found.reason === 'away' || found.reason === 'pending');
}

/** Tells the tally what a lookup came to. */
export function tell({ tally }: Plan, { raw }: Key, found: Found, start: number): void {
  if (found.state === 'gone') tally.miss(raw, found.reason, start);
  else tally.hit(raw, 'store', found.state === 'stale', start);
}

/** Reads one entry: a `GET`, or with tags an `MGET` of entry and versions. Never rejects but with the caller's abort reason. */
export async function lookup(scope: Scope, key: Key, tags: readonly Tag[], plan: Plan, call: Call): Promise<Found> {
  if (isPending(scope, key, tags)) return pending;
  const { store } = scope;
  const { releases } = scope.common.pending;
  const limits = callLimits(plan, call);
  let bytes: Buffer | null;
  let versions = noVersions;
  try {
    if (tags.length === 0) {
      bytes = await store.readOne(key.stored, limits);
    } else {
      const [entry, ...read] = await store.read([key.stored, ...tags.map((tag) => tag.key)], limits);
      bytes = entry ?? null;
      versions = versionMap(tags, read);
    }
  } catch (error) {
    return faulted(error, plan, call);
  }
  return settle(scope, key, bytes, tags, versions, plan, call, releases);
}

/** Reads many entries and the union of their tags in one batch. Aligned with `keys`. */
export async function lookupMany(
  scope: Scope,
  keys: readonly Key[],
  tags: readonly (readonly Tag[])[],
  plan: Plan,
  call: Call,
): Promise<Found[]> {
  const distinct = [...new Map(tags.flat().map((tag) => [tag.key, tag])).values()];
  const { releases } = scope.common.pending;
  // Asked before reading: what is read while a replay ends may be older than it.
  const kept = keys.map((key, index) => isPending(scope, key, tags[index] ?? []));
  let read: (Buffer | null)[];
  try {
    read = await scope.store.read(
      [...keys.map((key) => key.stored), ...distinct.map((tag) => tag.key)],
      callLimits(plan, call),
    );
  } catch (error) {
    const found = faulted(error, plan, call);
    return keys.map(() => found);
  }
  const versions = versionMap(distinct, read.slice(keys.length));
  return Promise.all(
    keys.map(async (key, index) => {
      const own = tags[index] ?? [];
      return kept[index] ? pending : (
          settle(scope, key, read[index] ?? null, own, versions, plan, call, releases, distinct)
        );
    }),
  );
}

const pending: Gone = Object.freeze({ state: 'gone', reason: 'pending' });
const away: Gone = Object.freeze({ state: 'gone', reason: 'away' });

function isPending(scope: Scope, key: Key, tags: readonly Tag[]): boolean {
  const { pending: kept } = scope.common;
  return kept.size > 0 && (kept.coversKey(key.raw, key.stored) || kept.coversTags(tags));
}

function callLimits(plan: Plan, call: Call): CallOptions {
  if (plan.limits.store === undefined || call.deadline !== undefined) return call;
  return { deadline: plan.limits.store, signal: call.signal };
}

/** A failed read is a miss. Only the caller's own abort is its error. */
function faulted(error: unknown, plan: Plan, call: Call): Gone {
  if (call.signal?.aborted) throw call.signal.reason;
  plan.tally.storeFault('read', error);
  return away;
}

function versionMap(tags: readonly Tag[], read: readonly (Buffer | null)[]): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const [index, tag] of tags.entries()) {
    const version = read[index]?.toString('latin1');
    if (version !== undefined) versions.set(tag.key, version);
  }
  return versions;
}

/** Judges and decodes; asks for the versions of tags that only the entry knew. No promise for what is known at once. */
function settle(
  scope: Scope,
  key: Key,
  bytes: Buffer | null,
  tags: readonly Tag[],
  versions: ReadonlyMap<string, string>,
  plan: Plan,
  call: Call,
  releases: number,
  asked: readonly Tag[] = tags,
): Found | Promise<Found> {
  const { store } = scope;
  const scene: Scene = {
    names: scope.common.names,
    now: store.now(),
    epoch: store.epoch ?? '',
    trust: plan.trust,
    tags,
    versions,
    asked: asked.length === 0 ? noneAsked : new Set(asked.map((tag) => tag.key)),
  };
  const judgement = judge(key.stored, bytes, scene);
  if (judgement.state !== 'unsure') return decoded(scope, key, bytes, judgement, plan, releases);
  return settleUnsure(scope, key, bytes, judgement.tags, scene, plan, call, releases);
}

async function settleUnsure(
  scope: Scope,
  key: Key,
  bytes: Buffer | null,
  unasked: readonly Tag[],
  scene: Scene,
  plan: Plan,
  call: Call,
  releases: number,
): Promise<Found> {
  let read: (Buffer | null)[];
  try {
    read = await scope.store.read(
      unasked.map((tag) => tag.key),
      callLimits(plan, call),
    );
  } catch (error) {
    return faulted(error, plan, call);
  }
  const sure = judge(key.stored, bytes, {
    ...scene,
    versions: new Map([...scene.versions, ...versionMap(unasked, read)]),
    asked: new Set([...scene.asked, ...unasked.map((tag) => tag.key)]),
  });
  return decoded(scope, key, bytes, sure, plan, releases);
}

function decoded(
  scope: Scope,
  key: Key,
  bytes: Buffer | null,
  judgement: Judgement,
  plan: Plan,
  releases: number,
): Found | Promise<Found> {
  if (judgement.state === 'gone') return judgement;
  if (judgement.state === 'unsure' || bytes === null) return { state: 'gone', reason: 'tag' };
  const { head, payloadAt, state } = judgement;
  const { pending: kept, names } = scope.common;
  const isDoubtful = kept.size > 0 || kept.releases !== releases;
  if (isDoubtful && head.tags !== '') {
    if (kept.releases !== releases || kept.coversTags(tagsOfHead(names, head.tags))) return pending;
  }
  let value: unknown;
  try {
    value = scope.payloads.decode(head.encoding, bytes, payloadAt);
  } catch {
    return { state: 'gone', reason: 'codec', rejected: head.id };
  }
  return mustCheck(plan, value) ? checked(scope, key, { state, value, head }, plan) : { state, value, head };
}

/** What does not fit its schema is as good as absent. */
async function checked(scope: Scope, key: Key, found: Extract<Found, { value: unknown }>, plan: Plan): Promise<Found> {
  try {
    return { ...found, value: await checkValue(scope, key, found.value, plan) };
  } catch {
    return { state: 'gone', reason: 'schema', rejected: found.head.id };
  }
}
