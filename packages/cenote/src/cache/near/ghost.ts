/** Fingerprints in a set. Few enough to look through in one cache line, enough that sets fill evenly. */
const ways = 8;

/**
 * Remembers which keys left lately, without the keys: 4 bytes each, nothing for the collector.
 *
 * A fingerprint of 32 bits belongs to one set of eight, ordered by age; a new one pushes out the oldest of its set. That is
 * a queue of `capacity` to within the evenness of the hash, without a queue or a table of its own. A key that was never
 * here is taken for one that was with a chance of at most 8 in 2^32 / sets: 1 in 40,000 at 100,000 fingerprints, and
 * then it merely skips its probation.
 */
export class Ghost {
  readonly #sets: number;
  readonly #fingerprints: Uint32Array;

  constructor(capacity: number) {
    this.#sets = Math.max(1, Math.round(capacity / ways));
    this.#fingerprints = new Uint32Array(this.#sets * ways);
  }

  remember(key: string): void {
    const print = fingerprint(key);
    const first = this.#firstOf(print);
    this.#fingerprints.copyWithin(first + 1, first, first + ways - 1);
    this.#fingerprints[first] = print;
  }

  /** Whether the key was remembered. It is not any more. */
  recall(key: string): boolean {
    const print = fingerprint(key);
    const first = this.#firstOf(print);
    for (let at = first; at < first + ways; at++) {
      if (this.#fingerprints[at] !== print) continue;
      this.#fingerprints.copyWithin(at, at + 1, first + ways);
      this.#fingerprints[first + ways - 1] = 0;
      return true;
    }
    return false;
  }

  #firstOf(print: number): number {
    return Math.floor((print / 2 ** 32) * this.#sets) * ways;
  }
}

/**
 * 32 bits, never 0, which is an empty place: FNV-1a over the characters, then mixed so that the high bits, which choose the
 * set, depend on all of them.
 */
function fingerprint(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 || 1;
}
