import type { Hash } from './hash.js';
import type { SortedSet } from './sorted-set.js';

/**
 * What stands under a key. A string is bytes, one per character: it cannot be changed by who reads it, and takes a fifth of
 * a small `Buffer`'s memory.
 */
export type Content = string | Hash | SortedSet;

export function sizeOf(content: Content): number {
  return typeof content === 'string' ? content.length : content.bytes;
}

/** A key and what the in-process store knows about it; a place in a ring of all of them. */
export class Slot {
  readonly key: string;
  content: Content;
  /** On the monotonic clock, so that a jump of the wall clock neither kills nor revives. `Infinity` without expiry. */
  expiresAt: number;
  /** Read or written since the clock hand last came by; true at first, so that what was just written is never the next to go. */
  used = true;
  previous: Slot = this;
  next: Slot = this;

  constructor(key: string, content: Content, expiresAt: number) {
    this.key = key;
    this.content = content;
    this.expiresAt = expiresAt;
  }
}

/**
 * All slots in a circle, with two hands. The *clock* hand chooses whom to evict (second chance: whoever was used since it
 * last came by is spared
 * once), the *sweep* hand looks for the expired. Every step is O(1), and a use is one assignment.
 */
export class Ring {
  #clock: Slot | undefined;
  #sweep: Slot | undefined;

  /** Puts a slot where the clock hand comes last. */
  add(slot: Slot): void {
    const hand = this.#clock;
    if (hand === undefined) {
      this.#clock = this.#sweep = slot;
      return;
    }
    slot.previous = hand.previous;
    slot.next = hand;
    hand.previous.next = slot;
    hand.previous = slot;
  }

  remove(slot: Slot): void {
    const next = slot.next === slot ? undefined : slot.next;
    if (this.#clock === slot) this.#clock = next;
    if (this.#sweep === slot) this.#sweep = next;
    slot.previous.next = slot.next;
    slot.next.previous = slot.previous;
    slot.previous = slot.next = slot;
  }

  /** The slot to evict: the first, from the clock hand on, that was not used since the hand was there. */
  victim(): Slot | undefined {
    let slot = this.#clock;
    while (slot?.used) {
      slot.used = false;
      slot = slot.next;
    }
    this.#clock = slot;
    return slot;
  }

  /** The slot under the sweep hand, which moves on. */
  nextToSweep(): Slot | undefined {
    const slot = this.#sweep;
    this.#sweep = slot?.next;
    return slot;
  }

  clear(): void {
    this.#clock = this.#sweep = undefined;
  }
}
