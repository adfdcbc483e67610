import type { Ground } from '../kit/ground.js';

/** How many parts presence is kept in, each in a slot of its own. Names in the store depend on it: it never changes. */
export const shardCount = 64;

/** Every shard, in the order of their numbers. */
export const everyShard: readonly { readonly shard: number }[] = Object.freeze(
  Array.from({ length: shardCount }, (_, shard) => Object.freeze({ shard })),
);

/** The shard of a user: FNV-1a over the UTF-16 units of the id. O(length). */
export function shardOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < userId.length; i++) hash = Math.imul(hash ^ userId.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (shardCount - 1);
}

/**
 * The keys of a shard, all in its slot. But for `lastSeen` they name the epoch: what a restored or failed-over server
 * brings back lies under names that nobody reads any more, and expires. Presence begins empty then.
 */
export interface ShardKeys {
  /** A hash: for each user `<status> <last heard of> <expiry> <connection> …`, the last expiry first. */
  readonly users: string;
  /** A sorted set of users by the last expiry of their connections. */
  readonly expiry: string;
  /** A sorted set of users, all of score 0: the order in which they are listed. */
  readonly names: string;
  /** A sorted set of the last 500 changes by their numbers, which grow with time: `<number> <who> <status> <user>`. */
  readonly feed: string;
  /** A sorted set of users by when they were last heard of, as far as they are not connected. */
  readonly lastSeen: string;
}

export function shardKeys(ground: Ground, shard: number, epoch: string): ShardKeys {
  const tag = `s${shard}`;
  const key = (what: string): string => ground.key('presence', tag, epoch, what);
  return {
    users: key('users'),
    expiry: key('expiry'),
    names: key('names'),
    feed: key('feed'),
    lastSeen: ground.key('lastseen', tag),
  };
}

/** As the operations that change something take them. */
export function keyList({ users, expiry, names, feed, lastSeen }: ShardKeys): readonly string[] {
  return [users, expiry, names, feed, lastSeen];
}

/** Users by shard, at most `most` in a group. O(users). */
export function groupByShard(
  ids: Iterable<string>,
  most: number,
): { readonly shard: number; readonly ids: string[] }[] {
  const groups: { readonly shard: number; readonly ids: string[] }[] = [];
  const open = new Map<number, string[]>();
  for (const id of ids) {
    const shard = shardOf(id);
    const group = open.get(shard);
    if (group && group.length < most) {
      group.push(id);
      continue;
    }
    const begun = [id];
    open.set(shard, begun);
    groups.push({ shard, ids: begun });
  }
  return groups;
}
