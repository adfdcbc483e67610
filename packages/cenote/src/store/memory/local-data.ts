import type { Scored, ScoreBound } from './sorted-set.js';

/** What `TYPE` answers. */
export type KeyType = 'string' | 'hash' | 'zset' | 'none';

export interface ScoreRange {
  /** The most members to give. */
  readonly limit?: number;
  /** From the highest score down; `min` and `max` stay what they are. */
  readonly reverse?: boolean;
}

/**
 * What the TypeScript bodies of operations may do: the commands of Redis that they need, on this process's memory, with
 * the same meaning. Values are bytes; fields and members are text; a lifetime is in milliseconds, `Infinity` for none.
 *
 * A command on a key that holds another type throws `StoreError` `STORE_REFUSED`, where the server says `WRONGTYPE`. A
 * hash or sorted set comes into being with its first field or member, without a lifetime, and goes with its last.
 */
export interface LocalData {
  /** Epoch milliseconds: `TIME` of the store. */
  now(): number;
  type(key: string): KeyType;
  get(key: string): Buffer | null;
  /** Replaces whatever stands there, of any type. */
  set(key: string, value: string | Uint8Array, lifetime?: number): void;
  delete(key: string): boolean;
  has(key: string): boolean;
  /** Milliseconds left; `Infinity` without expiry, `undefined` when absent: `PTTL`. */
  lifetime(key: string): number | undefined;
  /** Sets the lifetime of a key that exists: `PEXPIRE`, or `PERSIST` for `Infinity`. False when absent. */
  expire(key: string, lifetime: number): boolean;

  hget(key: string, field: string): Buffer | null;
  /** True when the field is new. */
  hset(key: string, field: string, value: string | Uint8Array): boolean;
  hdel(key: string, field: string): boolean;
  /** In no order that could be relied on: the server's differs. */
  hgetall(key: string): readonly (readonly [field: string, value: Buffer])[];
  hlen(key: string): number;

  /** True when the member is new. Scores are whole numbers below 2^53, or infinite: the server writes fractions in another way. */
  zadd(key: string, score: number, member: string): boolean;
  zrem(key: string, member: string): boolean;
  zscore(key: string, member: string): number | undefined;
  zcard(key: string): number;
  /** Members by rank, ordered by score, then bytewise; both ends are included, negative ones count from the end. `ZRANGE … REV` with `reverse`. */
  zrange(key: string, start: number, stop: number, reverse?: boolean): readonly string[];
  /** How many have a score from `min` to `max`: `ZCOUNT`. */
  zcount(key: string, min: ScoreBound, max: ScoreBound): number;
  /** In a set whose scores are all the same: the first members that come behind `after` bytewise. `ZRANGE … BYLEX`. */
  zrangeByLex(key: string, after: string | undefined, limit: number): readonly string[];
  /** `ZRANGE … BYSCORE`, with scores. `'(5'` leaves out the 5 itself. */
  zrangeByScore(key: string, min: ScoreBound, max: ScoreBound, range?: ScoreRange): readonly Scored[];
}
