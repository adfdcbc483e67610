import { globMatcher } from '../core/glob.js';
import type { Tag } from './tags.js';

/** What an invalidation of a key asks besides; merged when the key is invalidated again before it could be sent. */
export interface PendingKey {
  readonly stored: string;
  readonly settle: number;
  readonly version: number | bigint | undefined;
}

export interface PendingTag {
  readonly tag: Tag;
  readonly settle: number;
}

export interface PendingPattern {
  readonly pattern: string;
  matches(raw: string): boolean;
}

/** How many invalidations are kept one by one; beyond, the whole prefix is invalidated instead. */
export const maximumPending = 10_000;

/**
 * Invalidations that have not reached the store, or may have been forgotten by it. They are merged (highest version,
 * longest settle, no version wins over any), bounded, and until they are replayed nothing stored is trusted that they
 * could mean.
 */
export class Pending {
  readonly #keys = new Map<string, PendingKey>();
  readonly #tags = new Map<string, PendingTag>();
  readonly #patterns = new Map<string, PendingPattern>();
  #everything = false;
  #releases = 0;
  readonly #most: number;

  constructor(most = maximumPending) {
    this.#most = most;
  }

  get size(): number {
    return this.#keys.size + this.#tags.size + this.#patterns.size;
  }

  /** True once there were too many to keep one by one. */
  get everything(): boolean {
    return this.#everything;
  }

  /** How often kept tags were let go. Who read in between may hold an entry from before. */
  get releases(): number {
    return this.#releases;
  }

  addKey(entry: PendingKey): void {
    if (this.#everything) return this.addPattern(all);
    const known = this.#keys.get(entry.stored);
    this.#keys.set(entry.stored, known ? mergeKeys(known, entry) : entry);
    this.#bound();
  }

  addTag(entry: PendingTag): void {
    if (this.#everything) return this.addPattern(all);
    const known = this.#tags.get(entry.tag.key);
    this.#tags.set(entry.tag.key, { tag: entry.tag, settle: Math.max(known?.settle ?? 0, entry.settle) });
    this.#bound();
  }

  addPattern(asked: string): void {
    // A new one each time: what is asked for during a replay must be replayed again.
    const pattern = this.#everything ? all : asked;
    this.#patterns.set(pattern, { pattern, matches: globMatcher(pattern) });
    this.#bound();
  }

  addAll(other: Pending): void {
    for (const entry of other.keys()) this.addKey(entry);
    for (const entry of other.tags()) this.addTag(entry);
    for (const { pattern } of other.patterns()) this.addPattern(pattern);
  }

  /** Whether a key's entry may not be trusted yet. */
  coversKey(raw: string, stored: string): boolean {
    if (this.size === 0) return false;
    if (this.#everything || this.#keys.has(stored)) return true;
    for (const pattern of this.#patterns.values()) if (pattern.matches(raw)) return true;
    return false;
  }

  /** Whether one of these tags awaits its invalidation. */
  coversTags(tags: readonly Tag[]): boolean {
    return this.#tags.size > 0 && tags.some((tag) => this.#tags.has(tag.key));
  }

  keys(): readonly PendingKey[] {
    return [...this.#keys.values()];
  }

  tags(): readonly PendingTag[] {
    return [...this.#tags.values()];
  }

  patterns(): readonly PendingPattern[] {
    return [...this.#patterns.values()];
  }

  /** Forgets what has been replayed, unless it was asked for again meanwhile. */
  settleKeys(sent: readonly PendingKey[]): void {
    for (const entry of sent) if (this.#keys.get(entry.stored) === entry) this.#keys.delete(entry.stored);
  }

  settleTags(sent: readonly PendingTag[]): void {
    if (sent.length > 0) this.#releases++;
    for (const entry of sent) if (this.#tags.get(entry.tag.key) === entry) this.#tags.delete(entry.tag.key);
  }

  settlePattern(sent: PendingPattern): void {
    if (this.#patterns.get(sent.pattern) !== sent) return;
    this.#patterns.delete(sent.pattern);
    if (sent.pattern === all) this.#everything = false;
  }

  #bound(): void {
    if (this.#everything || this.size <= this.#most) return;
    this.#keys.clear();
    this.#tags.clear();
    this.#patterns.clear();
    this.#everything = true;
    this.addPattern(all);
  }
}

/** Means every key of the prefix. */
const all = '*';

function mergeKeys(a: PendingKey, b: PendingKey): PendingKey {
  return { stored: b.stored, settle: Math.max(a.settle, b.settle), version: highest(a.version, b.version) };
}

/** An invalidation without a version asks for more than one with: it removes whatever is there. */
function highest(a: PendingKey['version'], b: PendingKey['version']): PendingKey['version'] {
  return (
    a === undefined || b === undefined ? undefined
    : a > b ? a
    : b
  );
}
