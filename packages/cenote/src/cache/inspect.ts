import type { MissReason } from '../core/events.js';
import { judge, noneAsked, noVersions } from './judge.js';
import { parseEntry } from './entry.js';
import type { Key } from './key.js';
import type { Scope } from './scope.js';
import { tagsOfHead } from './tags.js';

/** All that is known of one key; see `Cache.inspect`. */
export interface EntryReport {
  readonly key: string;
  /** The name in the store. */
  readonly stored: string;
  /** `unknown` when the store did not answer. */
  readonly state: 'fresh' | 'stale' | 'gone' | 'unknown';
  /** Why it is gone. */
  readonly reason?: MissReason;
  readonly tier?: 'store';
  /** Milliseconds of fresh life left; 0 when stale, `Infinity` without expiry. */
  readonly ttl?: number;
  /** Milliseconds until the store forgets it. */
  readonly expiresIn?: number;
  readonly grace?: number;
  /** Milliseconds that loading it took. */
  readonly cost?: number;
  readonly version?: string;
  readonly encoding?: string;
  readonly tags: readonly { readonly tag: string; readonly isGood: boolean }[];
  /** Header and payload, as stored. */
  readonly bytes?: number;
  /** `loading`: some process holds the lease · `settling`: an invalidation asked for time · `cooling`: a refresh has failed. */
  readonly lease: 'none' | 'loading' | 'settling' | 'cooling';
  /** An invalidation of it waits to be replayed by this process. */
  readonly isPending: boolean;
}

/** Never rejects. Two or three round trips: for people, not for request paths. */
export async function inspectEntry(scope: Scope, key: Key): Promise<EntryReport> {
  const { store, common } = scope;
  const base = { key: key.raw, stored: key.stored, isPending: common.pending.coversKey(key.raw, key.stored) };
  try {
    const [bytes, holder] = await store.read([key.stored, common.names.lease(key.stored)]);
    const lease = leaseState(holder?.toString());
    if (!bytes) return { ...base, state: 'gone', reason: 'absent', tags: [], lease };
    return { ...base, lease, bytes: bytes.length, ...(await describe(scope, key, bytes)) };
  } catch {
    return { ...base, state: 'unknown', tags: [], lease: 'none' };
  }
}

async function describe(
  scope: Scope,
  key: Key,
  bytes: Buffer,
): Promise<Pick<EntryReport, 'state' | 'tags'> & Partial<EntryReport>> {
  const { store, common } = scope;
  const parsed = parseEntry(key.stored, bytes);
  if (parsed.kind !== 'entry')
    return { state: 'gone', reason: parsed.kind === 'floor' ? 'absent' : 'damaged', tags: [] };
  const { head } = parsed;
  const tags = tagsOfHead(common.names, head.tags);
  const keys = tags.map((tag) => tag.key);
  const read = await store.read(keys);
  const versions = new Map(keys.flatMap((tag, index) => (read[index] ? [[tag, read[index].toString()]] : [])));
  const now = store.now();
  const judgement = judge(key.stored, bytes, {
    names: common.names,
    now,
    epoch: store.epoch ?? '',
    trust: false,
    tags: [],
    versions: tags.length === 0 ? noVersions : versions,
    asked: tags.length === 0 ? noneAsked : new Set(keys),
  });
  const expiresIn = await store.expiry(key.stored);
  return {
    state: judgement.state === 'unsure' ? 'unknown' : judgement.state,
    ...(judgement.state === 'gone' ? { reason: judgement.reason } : { tier: 'store' as const }),
    ttl: Math.max(0, head.freshUntil - now),
    grace: head.grace,
    cost: head.cost,
    encoding: head.encoding,
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(head.version === undefined ? {} : { version: BigInt(head.version.slice(2)).toString() }),
    tags: tags.map((tag, index) => ({
      tag: decodeURIComponent(tag.code),
      isGood: head.tags.split(',')[index] === `${tag.code}=${versions.get(tag.key) ?? ''}`,
    })),
  };
}

function leaseState(holder: string | undefined): EntryReport['lease'] {
  if (holder === undefined) return 'none';
  if (holder === 'hold') return 'settling';
  return holder.startsWith('cool:') ? 'cooling' : 'loading';
}
