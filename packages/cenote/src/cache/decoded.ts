/** An entry's bytes beyond which its value is not kept: few would fit, and parsing them is not what such a read waits for. */
const largest = 256 * 1024;

/** Entries' bytes in one generation; there are two. */
const generationBytes = 4 * 1024 * 1024;

/** How many entries that were read once are known, at most. A power of two. */
const seenOnce = 2_048;

/**
 * Frozen values by the id of the entry that they were decoded from. An id stands for one payload for ever, so what the
 * store has just sent again need not be parsed and frozen again, which is most of what a hit costs a process. The store is
 * asked all the same, and what it sends is checked as ever: nothing is served from here that it did not just confirm.
 *
 * Kept is what is read twice in a short while: garbage that lives on costs more than parsing it. Two generations: a full
 * one becomes the old one, and what is used in that moves back. Cost: O(1), at most 8 MB of entries.
 */
export class Decoded {
  #young = new Map<string, object>();
  #old = new Map<string, object>();
  #bytes = 0;
  /** Hashes of ids, each at its place. */
  readonly #seen = new Int32Array(seenOnce);

  get(id: string, bytes: number): object | undefined {
    const young = this.#young.get(id);
    if (young) return young;
    const old = this.#old.get(id);
    if (old) this.#keep(id, old, bytes);
    return old;
  }

  /** Keeps a value if its entry was read before. */
  add(id: string, value: object, bytes: number): void {
    const hash = hashOf(id);
    const place = hash & (seenOnce - 1);
    if (this.#seen[place] === hash) this.#keep(id, value, bytes);
    else this.#seen[place] = hash;
  }

  #keep(id: string, value: object, bytes: number): void {
    if (bytes > largest) return;
    this.#young.set(id, value);
    this.#bytes += bytes;
    if (this.#bytes <= generationBytes) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = 0;
  }
}

function hashOf(id: string): number {
  let hash = 0;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash, 31) + id.charCodeAt(index);
  return hash | 0;
}
