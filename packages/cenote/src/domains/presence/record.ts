/** What the bodies in TypeScript share, beside what the Lua bodies do with patterns. */
import type { LocalData } from '../../store/memory/local-data.js';

export type ConnectedStatus = 'online' | 'away';

export interface Connection {
  readonly id: string;
  /** Epoch milliseconds of the store's clock. */
  readonly expires: number;
}

/** What is kept of a user. */
export interface UserRecord {
  readonly status: ConnectedStatus;
  /** When something was last heard of the user: epoch milliseconds. */
  readonly seen: number;
  readonly connections: readonly Connection[];
}

/** Milliseconds for which a shard's data outlive the last expiry in them, and the silent an arrival's notice. */
export const hour = 3_600_000;

/** How many connections of one user are kept. */
const mostConnections = 100;

/** How many changes of a shard are kept. */
export const mostChanges = 500;

/** The keys of a shard, in the order in which operations take them. */
export type Keys = readonly [users: string, expiry: string, names: string, feed: string, lastSeen: string];

export function readRecord(stored: Uint8Array | null): UserRecord | undefined {
  const match = /^(online|away) (\d+)(.*)$/.exec(stored === null ? '' : Buffer.from(stored).toString());
  if (!match) return undefined;
  const connections = [...(match[3] ?? '').matchAll(/ (\d+) (\S+)/g)].map(([, expires, id = '']) => ({
    id,
    expires: Number(expires),
  }));
  return { status: match[1] as ConnectedStatus, seen: Number(match[2]), connections };
}

/** The last to expire stands first, where readers look; beyond the most, the next to expire gives way. */
export function writeRecord({ status, seen, connections }: UserRecord): { line: string; expires: number } {
  let [first, least] = [0, 0];
  for (const [i, { expires }] of connections.entries()) {
    if (expires > (connections[first] as Connection).expires) first = i;
    if (expires < (connections[least] as Connection).expires) least = i;
  }
  const last = connections[first] as Connection;
  const others = connections.filter((_, i) => i !== first && !(connections.length > mostConnections && i === least));
  return {
    line: [status, seen, ...[last, ...others].flatMap(({ id, expires }) => [expires, id])].join(' '),
    expires: last.expires,
  };
}

/** Puts a change into the feed; its number. */
export function announce(data: LocalData, feed: string, change: { who: string; status: string; user: string }): string {
  const [newest = '0'] = data.zrange(feed, -1, -1);
  const number = Math.max(data.now(), Number.parseInt(newest, 10) + 1);
  data.zadd(feed, number, `${number} ${change.who} ${change.status} ${change.user}`);
  return String(number);
}

/** Keeps the newest changes of a feed. */
export function trim(data: LocalData, feed: string): void {
  for (const old of data.zrange(feed, 0, -mostChanges - 1)) data.zrem(feed, old);
}

/** Moves a user to those who are not connected. */
export function takeOffline(
  data: LocalData,
  [users, expiry, names, , lastSeen]: Keys,
  user: string,
  seen: number,
): void {
  data.hdel(users, user);
  data.zrem(expiry, user);
  data.zrem(names, user);
  data.zadd(lastSeen, seen, user);
}

/** Forgets when those were last seen who have been gone for longer than `kept`. */
export function forget(data: LocalData, lastSeen: string, kept: number, most: number): void {
  for (const [user] of data.zrangeByScore(lastSeen, -Infinity, data.now() - kept, { limit: most }))
    data.zrem(lastSeen, user);
}

/** Whom no connection has kept alive, soonest first. */
export function silentUntil(data: LocalData, expiry: string, until: number, most: number): readonly string[] {
  return data.zrangeByScore(expiry, -Infinity, until, { limit: most }).map(([user]) => user);
}
