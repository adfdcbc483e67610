/**
 * Queues of slots, first in first out, from whose middle a slot can be taken: circular doubly linked lists whose links
 * are slot numbers in two typed arrays, 8 bytes a slot and nothing for the collector to trace. The slots below `ends` are
 * the ends of the queues, so that a link always points somewhere and no step needs a case for the empty queue.
 *
 * Every step is O(1). Which queue a slot is in is not asked here: who owns the slots knows.
 */
export class Chains {
  #next: Uint32Array;
  #previous: Uint32Array;

  constructor(ends: number) {
    this.#next = Uint32Array.from({ length: ends }, (_, end) => end);
    this.#previous = this.#next.slice();
  }

  /** Makes room for slot numbers below `slots`. What is added is in no queue yet. */
  grow(slots: number): void {
    this.#next = extended(this.#next, slots);
    this.#previous = extended(this.#previous, slots);
  }

  /** The slot after this one, younger by one; after an end its oldest slot; after the youngest the end again. */
  after(slot: number): number {
    return this.#next[slot] as number;
  }

  before(slot: number): number {
    return this.#previous[slot] as number;
  }

  /** Makes a slot that is in no queue the youngest of this one. */
  push(end: number, slot: number): void {
    const youngest = this.#previous[end] as number;
    this.#next[youngest] = slot;
    this.#previous[slot] = youngest;
    this.#next[slot] = end;
    this.#previous[end] = slot;
  }

  take(slot: number): void {
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }
}

/** A copy with room for more, its new places 0. */
export function extended<Kind extends Uint8Array | Uint32Array | Float64Array>(array: Kind, length: number): Kind {
  const longer = new (array.constructor as new (length: number) => Kind)(length);
  longer.set(array);
  return longer;
}
