/**
 * What a cache tells of itself: one event per outcome, a closed union. Metrics, logs, statistics and the console listen;
 * nothing on the read path knows them. Keys are the caller's own, without prefix. Times are milliseconds.
 */
export type CacheEvent =
  | HitEvent
  | MissEvent
  | LoadEvent
  | ShareEvent
  | FillEvent
  | RefuseEvent
  | SetEvent
  | DeleteEvent
  | InvalidateEvent
  | StoreFaultEvent
  | KeepEvent
  | ReplayEvent;

interface Event<Type extends string> {
  readonly type: Type;
  /** The name of the cache, or of the keyspace's template where the call came through one. */
  readonly name: string;
}

/** A read was answered from a tier. `stale` values are past their fresh life, within grace. */
export interface HitEvent extends Event<'hit'> {
  readonly key: string;
  readonly tier: 'near' | 'store';
  readonly stale: boolean;
  readonly ms: number;
}

/** Why a lookup found nothing to serve. */
export type MissReason =
  /** Nothing is stored under the key. */
  | 'absent'
  /** Past its fresh life and its grace. */
  | 'expired'
  /** A tag was invalidated after the entry was loaded, or the entry lacks a tag that the caller names. */
  | 'tag'
  /** Written before the store's last failover or restart. */
  | 'epoch'
  /** Not an entry, truncated, or its checksum does not match. */
  | 'damaged'
  /** Its codec or compression is not available here, or could not decode it. */
  | 'codec'
  /** Its value does not satisfy the schema. */
  | 'schema'
  /** An invalidation of it has not reached the store yet. */
  | 'pending'
  /** The store did not answer. */
  | 'away';

export interface MissEvent extends Event<'miss'> {
  readonly key: string;
  readonly reason: MissReason;
  readonly ms: number;
}

/** A loader ended. `leased` loads may be stored, others are returned only. */
export interface LoadEvent extends Event<'load'> {
  readonly key: string;
  readonly outcome: 'value' | 'negative' | 'skip' | 'error' | 'timeout' | 'aborted';
  readonly leased: boolean;
  readonly ms: number;
  readonly error?: unknown;
}

/** A caller was answered by a load that another caller of this process had started: a load saved. */
export interface ShareEvent extends Event<'share'> {
  readonly key: string;
}

/** A loaded value was stored. */
export interface FillEvent extends Event<'fill'> {
  readonly key: string;
  readonly bytes: number;
}

/** Why a loaded value was returned but not stored. */
export type RefuseReason =
  /** The key was invalidated while loading. */
  | 'voided'
  /** A newer version, or a floor left by an invalidation, stands in its way. */
  | 'older'
  /** An invalidation asked for time to settle. */
  | 'held'
  /** A tag was named after reading had begun; it is captured first the next time. */
  | 'late-tag'
  /** It cannot be encoded. */
  | 'codec'
  /** The store had no word to give: away, or the wait for another process was over. */
  | 'unleased'
  /** The store refused or did not acknowledge the write. */
  | 'store';

export interface RefuseEvent extends Event<'refuse'> {
  readonly key: string;
  readonly reason: RefuseReason;
}

/** `set` was acknowledged (`stored`), fenced off by a newer version (`older`), or became a kept deletion (`kept`). */
export interface SetEvent extends Event<'set'> {
  readonly key: string;
  readonly outcome: 'stored' | 'older' | 'kept';
  readonly bytes: number;
  readonly ms: number;
}

/** Keys were removed by name. `kept` says that the store could not be told yet. */
export interface DeleteEvent extends Event<'delete'> {
  readonly keys: readonly string[];
  readonly removed: number;
  readonly kept: boolean;
  readonly ms: number;
}

/** Entries were invalidated by pattern or by tags. `removed` is 0 for tags: they are judged at the next read. */
export interface InvalidateEvent extends Event<'invalidate'> {
  readonly by: 'pattern' | 'tags';
  readonly what: readonly string[];
  readonly removed: number;
  readonly kept: boolean;
  readonly ms: number;
}

/** The store failed a call; the cache went on without it. */
export interface StoreFaultEvent extends Event<'store-fault'> {
  readonly during: 'read' | 'lease' | 'fill' | 'set' | 'delete' | 'invalidate';
  readonly error: unknown;
}

/** An invalidation is kept for replay: the store could not be told, or is another than the one that was. `backlog` counts all that are kept; at `everything` the whole prefix is. */
export interface KeepEvent extends Event<'keep'> {
  readonly backlog: number;
  readonly everything: boolean;
}

/** Kept invalidations reached the store. */
export interface ReplayEvent extends Event<'replay'> {
  readonly replayed: number;
  readonly backlog: number;
}
