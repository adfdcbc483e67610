import { StoreError } from '../../core/errors.js';
import { Hash } from './hash.js';
import type { KeyType, LocalData, ScoreRange } from './local-data.js';
import type { MemoryKeys } from './memory-keys.js';
import type { Content, Slot } from './ring.js';
import { SortedSet, type Scored, type ScoreBound } from './sorted-set.js';

/** The commands of the in-process store, on its keys. O(1) but where the structure says otherwise. */
export class MemoryData implements LocalData {
  readonly #keys: MemoryKeys;

  constructor(keys: MemoryKeys) {
    this.#keys = keys;
  }

  now(): number {
    return this.#keys.now();
  }

  type(key: string): KeyType {
    const content = this.#keys.find(key)?.content;
    if (content === undefined) return 'none';
    if (typeof content === 'string') return 'string';
    return content instanceof Hash ? 'hash' : 'zset';
  }

  get(key: string): Buffer | null {
    const content = this.#use(key)?.content;
    if (content === undefined) return null;
    return typeof content === 'string' ? Buffer.from(content, 'latin1') : wrongType(key);
  }

  /** As `get`, but `null` for a structure: what `MGET` answers. */
  read(key: string): Buffer | null {
    const content = this.#use(key)?.content;
    return typeof content === 'string' ? Buffer.from(content, 'latin1') : null;
  }

  set(key: string, value: string | Uint8Array, lifetime = Infinity): void {
    this.#keys.put(key, asBytes(value), lifetime);
  }

  delete(key: string): boolean {
    const slot = this.#keys.find(key);
    if (slot === undefined) return false;
    this.#keys.remove(slot);
    return true;
  }

  has(key: string): boolean {
    return this.#keys.find(key) !== undefined;
  }

  lifetime(key: string): number | undefined {
    const slot = this.#keys.find(key);
    return slot && this.#keys.left(slot);
  }

  expire(key: string, lifetime: number): boolean {
    const slot = this.#keys.find(key);
    if (slot === undefined) return false;
    this.#keys.expire(slot, lifetime);
    return true;
  }

  hget(key: string, field: string): Buffer | null {
    const value = this.#held(key, Hash)?.get(field);
    return value === undefined ? null : Buffer.from(value, 'latin1');
  }

  hset(key: string, field: string, value: string | Uint8Array): boolean {
    const bytes = asBytes(value);
    return this.#grow(key, Hash, (hash) => hash.growth(field, bytes)).set(field, bytes);
  }

  hdel(key: string, field: string): boolean {
    return this.#shrink(key, Hash, (hash) => hash.delete(field));
  }

  hgetall(key: string): readonly (readonly [string, Buffer])[] {
    const entries = this.#held(key, Hash)?.entries() ?? [];
    return Array.from(entries, ([field, value]) => [field, Buffer.from(value, 'latin1')] as const);
  }

  hlen(key: string): number {
    return this.#held(key, Hash)?.size ?? 0;
  }

  zadd(key: string, score: number, member: string): boolean {
    if (Number.isNaN(score)) throw new StoreError('STORE_REFUSED', 'a score must be a number, got NaN');
    const before = this.#held(key, SortedSet)?.score(member);
    if (before !== score) this.#grow(key, SortedSet, (set) => set.growth(member)).set(member, score);
    return before === undefined;
  }

  zrem(key: string, member: string): boolean {
    return this.#shrink(key, SortedSet, (set) => set.delete(member));
  }

  zscore(key: string, member: string): number | undefined {
    return this.#held(key, SortedSet)?.score(member);
  }

  zcard(key: string): number {
    return this.#held(key, SortedSet)?.size ?? 0;
  }

  zrange(key: string, start: number, stop: number, reverse = false): readonly string[] {
    return this.#held(key, SortedSet)?.byRank(start, stop, reverse) ?? [];
  }

  zcount(key: string, min: ScoreBound, max: ScoreBound): number {
    return this.#held(key, SortedSet)?.count(min, max) ?? 0;
  }

  zrangeByLex(key: string, after: string | undefined, limit: number): readonly string[] {
    return this.#held(key, SortedSet)?.behind(after, limit) ?? [];
  }

  zrangeByScore(key: string, min: ScoreBound, max: ScoreBound, range: ScoreRange = {}): readonly Scored[] {
    const { limit = Infinity, reverse = false } = range;
    return this.#held(key, SortedSet)?.byScore(min, max, limit, reverse) ?? [];
  }

  #use(key: string): Slot | undefined {
    const slot = this.#keys.find(key);
    if (slot) slot.used = true;
    return slot;
  }

  #held<S extends Structure>(key: string, kind: Kind<S>): S | undefined {
    const content = this.#use(key)?.content;
    return content === undefined || content instanceof kind ? content : wrongType(key);
  }

  /** The structure under a key, made where there is none, counted as grown: the caller makes it so. */
  #grow<S extends Structure>(key: string, kind: Kind<S>, growthOf: (structure: S) => number): S {
    const held = this.#held(key, kind);
    const structure = held ?? new kind();
    const growth = growthOf(structure);
    this.#keys.admit(key, structure.bytes + growth);
    if (!held) this.#keys.put(key, structure, Infinity);
    const slot = this.#keys.find(key);
    if (slot) this.#keys.changed(slot, growth);
    return structure;
  }

  /** Removes something from the structure under a key, and the key with the last of it. */
  #shrink<S extends Structure>(key: string, kind: Kind<S>, remove: (structure: S) => boolean): boolean {
    const structure = this.#held(key, kind);
    const slot = this.#keys.find(key);
    if (!structure || !slot) return false;
    const before = structure.bytes;
    if (!remove(structure)) return false;
    this.#keys.changed(slot, structure.bytes - before);
    if (structure.size === 0) this.#keys.remove(slot);
    return true;
  }
}

type Structure = Exclude<Content, string>;
type Kind<S extends Structure> = new () => S;

function wrongType(key: string): never {
  throw new StoreError('STORE_REFUSED', `WRONGTYPE: ${JSON.stringify(key)} holds another kind of value`);
}

function asBytes(value: string | Uint8Array): string {
  const bytes =
    typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return bytes.toString('latin1');
}
