/** A seeded source of chance: the same seed makes the same choices. What the machine does with them in time is its own. */
export class Random {
  #state: number;

  constructor(...seed: readonly (string | number)[]) {
    let hash = 2_166_136_261;
    for (const character of seed.join('/')) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619);
    this.#state = hash >>> 0;
  }

  /** 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<const Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** A part of a list, never empty, in its order. */
  some<Item>(items: readonly Item[]): Item[] {
    const chosen = items.filter(() => this.chance(0.5));
    return chosen.length > 0 ? chosen : [this.pick(items)];
  }
}

/**
 * Waits a while: mostly less than a millisecond, at times several. Interleavings worth meeting lie at both scales, the
 * turns of one process's event loop and the round trips to the server.
 */
export async function pause(random: Random, longest: number): Promise<void> {
  const scale = random.next();
  if (scale < 0.15) return;
  if (scale < 0.5) {
    for (let turns = 1 + random.below(6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  } else {
    const milliseconds = 1 + random.next() ** 2 * longest;
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
  }
}
