import { Chains, extended } from './chains.js';
import { Ghost } from './ghost.js';

/** Both hold at once, at every moment. `Infinity` is no limit. */
export interface ShelfLimits {
  /** Whole, at least 1. */
  readonly maxEntries: number;
  /** Of what callers say that their entries weigh. */
  readonly maxBytes: number;
}

/** The share of both limits that newcomers may fill before they are evicted first. */
const smallShare = 0.1;
/** Ghosts per place. */
const ghostShare = 0.9;

/** The queues, by the slot number of their end (see `Chains`). Free slots are a queue too. */
const small = 0;
const main = 1;
const free = 2;
const ends = 3;

/** A slot's state: two bits count its uses, up to 3; the third says that it is in the main queue. */
const mostUses = 3;
const inMain = 4;

/** Slots that each `set` looks at for expired ones, and how many it may go on to while it keeps finding them. */
const sweepPace = 4;
const sweepBurst = 32;

const firstCapacity = 16;
const largestWeight = 2 ** 32 - 1;

/**
 * The memory of the near tier: values by key, with lifetimes, within a number of entries and of bytes. It knows neither
 * stores nor clocks: who calls it says what time it is.
 *
 * **The problem.** A hit must cost little more than a `Map.get`, so it may neither allocate nor reorder anything; yet
 * what is evicted decides the hit rate, and the policy that reorders at each hit, LRU, is not even good at it: most keys of
 * a web back end are read once or in one burst, and each of them pushes out a key that would have been read again.
 *
 * **The idea** is S3-FIFO. A newcomer joins the *small* queue, a tenth of the room. Whoever was used by the time it is the
 * oldest there moves to the *main* queue; the others leave, and only their fingerprints stay, as *ghosts*: a key that comes
 * back while its ghost is there has shown that it is read repeatedly, and joins the main queue at once. The oldest of the
 * main queue is given another round for each use, three at most. So a hit is one saturating count in a byte, and
 * everything else happens when room is needed. Two things differ from the paper: one use is enough to leave the small
 * queue, not two; and a used entry that is deleted or expires leaves a ghost like an evicted one, because an invalidation
 * says that a value is wrong, not that its key is unpopular. `docs/adr/near-eviction.md` has the figures.
 *
 * **The shape.** Each entry has a *slot*, a number; what is known of it stands at that number in parallel arrays (key,
 * value, expiry, weight, state, links of its queue). They double as entries come, up to `maxEntries`, and are reused
 * for ever after. One `Map` finds the slot of a key.
 *
 * **Lifetimes.** `get` never returns what has expired. What nobody asks for is found by a hand that goes round the
 * slots, a few with each `set`: after a quarter as many `set`s as there are slots everything that had expired is gone.
 * Who stops setting may call `sweep`. There is no timer.
 *
 * **Invariants**, which `checkInvariants` checks by these names:
 * - *found*: the map leads from each key to the slot that holds it, and to no other;
 * - *queued*: each slot is in one queue, which its state names, and links agree in both directions;
 * - *weighed*: `bytes` and the small queue's own count and weight are the sums over their entries;
 * - *bounded*: neither limit is exceeded, nor has a slot been made beyond `maxEntries`;
 * - *empty*: a free slot holds no key and no value, so nothing that left is kept from the collector.
 *
 * **Cost.** `get`, `delete`: O(1). `set`: O(1) amortised; each round that a victim is spared was paid by a hit. An entry
 * costs 75 to 80 bytes beside its key and value, 37 of them the map's, whose share doubles under steady eviction (Node 20).
 *
 * Papers: Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023 (S3-FIFO). Zhang,
 * Yang, Yue, Vigfusson, Rashmi, "SIEVE is simpler than LRU", NSDI 2024, and Einziger, Friedman, Manes, "TinyLFU: a
 * highly efficient cache admission policy", ACM TOS 2017, were measured beside it: `bench/hit-rate.ts`.
 */
export class Shelf<Value> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;

  #slots = new Map<string, number>();
  #keys: (string | undefined)[] = [];
  #values: (Value | undefined)[] = [];
  #expiresAt = new Float64Array(0);
  #weights = new Uint32Array(0);
  #states = new Uint8Array(0);
  #chains = new Chains(ends);
  /** Made when the first key is to be remembered, and forgotten when the arrays grow, which is seldom. */
  #ghost: Ghost | undefined;

  #capacity = 0;
  #sweepHand = ends;
  #bytes = 0;
  #smallSize = 0;
  #smallBytes = 0;

  #evictions = 0;
  #expirations = 0;

  constructor({ maxEntries, maxBytes }: ShelfLimits) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  /** Entries held, those included that have expired and were not found yet. */
  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that left for want of room while they could still have been read. */
  get evictions(): number {
    return this.#evictions;
  }

  get expirations(): number {
    return this.#expirations;
  }

  // Every index below is a slot number that this class made, so each array has something there: hence `as number`.

  /**
   * The value, unless it is gone or expires at `now` or before. Times may have any unit and any start, if all calls agree.
   * O(1), allocates nothing, writes one byte for the first three uses.
   */
  get(key: string, now: number): Value | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if ((this.#expiresAt[slot] as number) <= now) {
      this.#expire(slot);
      return undefined;
    }
    const state = this.#states[slot] as number;
    // Most hits are on keys whose count is full, and write nothing.
    if ((state & mostUses) < mostUses) this.#states[slot] = state + 1;
    return this.#values[slot];
  }

  /**
   * Keeps a value in place of whatever the key had, and evicts as much as that takes. `bytes`, whole, is what it is to
   * count for, by the caller's reckoning. Returns false, with nothing kept, if it alone exceeds `maxBytes` or has expired.
   */
  set(key: string, value: Value, bytes: number, expiresAt: number, now: number): boolean {
    this.sweep(now);
    const replaced = this.#slots.get(key);
    // A new value of a popular key is as popular.
    const state = replaced === undefined ? this.#stateOfNewcomer(key) : (this.#states[replaced] as number);
    if (replaced !== undefined) this.#remove(replaced);
    if (bytes > this.#maxBytes || bytes > largestWeight || expiresAt <= now) return false;
    while (this.#slots.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes) this.#makeRoom(now);
    const slot = this.#freeSlot();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#expiresAt[slot] = expiresAt;
    this.#weights[slot] = bytes;
    this.#bytes += bytes;
    this.#enqueue(slot, state);
    return true;
  }

  /** Whether there was something to delete. */
  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#rememberIfUsed(slot);
    this.#remove(slot);
    return true;
  }

  /** Forgets everything, ghosts included, and gives the memory back. The counters go on. */
  clear(): void {
    this.#slots = new Map();
    this.#keys = [];
    this.#values = [];
    this.#expiresAt = new Float64Array(0);
    this.#weights = new Uint32Array(0);
    this.#states = new Uint8Array(0);
    this.#chains = new Chains(ends);
    this.#ghost = undefined;
    this.#capacity = 0;
    this.#sweepHand = ends;
    this.#bytes = this.#smallSize = this.#smallBytes = 0;
  }

  /** Looks at the next few slots and removes what has expired. `set` does it too. */
  sweep(now: number): void {
    let looks = Math.min(sweepPace, this.#capacity);
    for (let looked = 0; looked < looks; looked++) {
      if (this.#sweepHand === this.#capacity + ends) this.#sweepHand = ends;
      const slot = this.#sweepHand++;
      if ((this.#expiresAt[slot] as number) > now) continue;
      this.#expire(slot);
      looks = Math.min(looks + sweepPace, sweepBurst);
    }
  }

  /** One step towards room: the oldest of a queue leaves, is promoted, or is spared at the price of one use. */
  #makeRoom(now: number): void {
    const queue = this.#queueToJudge();
    const slot = this.#chains.after(queue);
    const uses = (this.#states[slot] as number) & mostUses;
    if ((this.#expiresAt[slot] as number) <= now) this.#expire(slot);
    else if (uses > 0) this.#requeue(slot, queue === small ? inMain : inMain + uses - 1);
    else this.#evict(slot);
  }

  #queueToJudge(): typeof small | typeof main {
    if (this.#smallSize === this.#slots.size) return small;
    const full = this.#smallSize >= this.#maxEntries * smallShare || this.#smallBytes >= this.#maxBytes * smallShare;
    return full && this.#smallSize > 0 ? small : main;
  }

  #evict(slot: number): void {
    this.#evictions++;
    if (((this.#states[slot] as number) & inMain) === 0) this.#remember(slot);
    this.#remove(slot);
  }

  #expire(slot: number): void {
    this.#expirations++;
    this.#rememberIfUsed(slot);
    this.#remove(slot);
  }

  #rememberIfUsed(slot: number): void {
    if ((this.#states[slot] as number) > 0) this.#remember(slot);
  }

  #remember(slot: number): void {
    this.#ghost ??= new Ghost(this.#capacity * ghostShare);
    this.#ghost.remember(this.#keys[slot] as string);
  }

  #stateOfNewcomer(key: string): number {
    return this.#ghost?.recall(key) ? inMain : 0;
  }

  #remove(slot: number): void {
    this.#dequeue(slot);
    this.#bytes -= this.#weights[slot] as number;
    this.#slots.delete(this.#keys[slot] as string);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    // A free slot never expires, so that the sweep needs no second question.
    this.#expiresAt[slot] = Infinity;
    this.#chains.push(free, slot);
  }

  #requeue(slot: number, state: number): void {
    this.#dequeue(slot);
    this.#enqueue(slot, state);
  }

  #enqueue(slot: number, state: number): void {
    this.#states[slot] = state;
    this.#chains.push(state & inMain ? main : small, slot);
    if (state & inMain) return;
    this.#smallSize++;
    this.#smallBytes += this.#weights[slot] as number;
  }

  #dequeue(slot: number): void {
    this.#chains.take(slot);
    if ((this.#states[slot] as number) & inMain) return;
    this.#smallSize--;
    this.#smallBytes -= this.#weights[slot] as number;
  }

  /** The slot that was freed last, which the processor's caches may still know. */
  #freeSlot(): number {
    if (this.#chains.before(free) === free) this.#grow();
    const slot = this.#chains.before(free);
    this.#chains.take(slot);
    return slot;
  }

  #grow(): void {
    const first = this.#capacity + ends;
    this.#capacity = Math.min(Math.max(this.#capacity * 2, firstCapacity), this.#maxEntries);
    const slots = this.#capacity + ends;
    this.#keys = lengthened(this.#keys, slots);
    this.#values = lengthened(this.#values, slots);
    this.#expiresAt = extended(this.#expiresAt, slots).fill(Infinity, first);
    this.#weights = extended(this.#weights, slots);
    this.#states = extended(this.#states, slots);
    this.#chains.grow(slots);
    for (let slot = slots - 1; slot >= first; slot--) this.#chains.push(free, slot);
    this.#ghost = undefined;
  }

  /** Throws an error that begins with the name of the first invariant found broken. O(capacity); for tests. */
  checkInvariants(): void {
    const queued = [small, main, free].map((queue) => this.#walk(queue));
    const [newcomers = [], established = [], unused = []] = queued;
    const held = [...newcomers, ...established];

    assure('found', this.#slots.size === held.length);
    for (const slot of held) assure('found', this.#slots.get(this.#keys[slot] as string) === slot);

    assure('queued', new Set(queued.flat()).size === this.#capacity && queued.flat().length === this.#capacity);
    for (const slot of newcomers) assure('queued', ((this.#states[slot] as number) & inMain) === 0);
    for (const slot of established) assure('queued', ((this.#states[slot] as number) & inMain) !== 0);

    assure('weighed', this.#bytes === this.#weigh(held));
    assure('weighed', this.#smallSize === newcomers.length && this.#smallBytes === this.#weigh(newcomers));

    assure('bounded', this.size <= this.#maxEntries && this.#bytes <= this.#maxBytes);
    assure('bounded', this.#capacity <= this.#maxEntries && this.#keys.length <= this.#capacity + ends);

    for (const slot of unused) {
      assure('empty', this.#keys[slot] === undefined && this.#values[slot] === undefined);
      assure('empty', this.#expiresAt[slot] === Infinity);
    }
  }

  #walk(queue: number): number[] {
    const slots: number[] = [];
    for (let slot = this.#chains.after(queue); slot !== queue; slot = this.#chains.after(slot)) {
      assure('queued', this.#chains.before(this.#chains.after(slot)) === slot && slots.length < this.#capacity);
      slots.push(slot);
    }
    return slots;
  }

  #weigh(slots: readonly number[]): number {
    return slots.reduce((sum, slot) => sum + (this.#weights[slot] as number), 0);
  }
}

function assure(invariant: string, holds: boolean): void {
  if (!holds) throw new Error(`${invariant}: the shelf's invariant of this name does not hold`);
}

/** At exactly this length: an array that grows by `push` reserves up to half as much again. */
function lengthened<Item>(array: readonly (Item | undefined)[], length: number): (Item | undefined)[] {
  return Array.from({ length }, (_, i) => array[i]);
}
