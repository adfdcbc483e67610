import { Chains, extended } from './chains.js';
import { Ghost } from './ghost.js';

export interface ShelfLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** How entries are judged; the bench varies it. */
export interface ShelfPolicy {
  readonly smallShare: number;
  readonly threshold: number;
  readonly ghostShare: number;
  readonly maxUses: number;
  readonly keep: boolean;
}

export const published: ShelfPolicy = { smallShare: 0.1, threshold: 2, ghostShare: 0.9, maxUses: 3, keep: false };

const small = 0;
const main = 1;
const free = 2;
const ends = 3;

const usesMask = 3;
const inMain = 4;
const sweepPace = 4;
const sweepBurst = 32;
const smallest = 16;

export class Shelf<Value> {
  readonly #limits: ShelfLimits;
  readonly #policy: ShelfPolicy;
  #slots = new Map<string, number>();
  #keys: (string | undefined)[] = [];
  #values: (Value | undefined)[] = [];
  #expiresAt = new Float64Array(0);
  #weights = new Uint32Array(0);
  #states = new Uint8Array(0);
  #chains = new Chains(ends);
  #ghost: Ghost | undefined;
  #capacity = 0;
  #hand = 0;
  #smallEntries = 0;
  #smallBytes = 0;
  #bytes = 0;
  hits = 0;
  misses = 0;
  evictions = 0;
  expirations = 0;

  constructor(limits: ShelfLimits, policy: ShelfPolicy = published) {
    this.#limits = limits;
    this.#policy = policy;
  }

  get size(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string, now: number): Value | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      this.misses++;
      return undefined;
    }
    if ((this.#expiresAt[slot] as number) <= now) {
      this.#expire(slot);
      this.misses++;
      return undefined;
    }
    const state = this.#states[slot] as number;
    if ((state & usesMask) < usesMask) this.#states[slot] = state + 1;
    this.hits++;
    return this.#values[slot];
  }

  set(key: string, value: Value, bytes: number, expiresAt: number, now: number): boolean {
    this.sweep(now);
    const old = this.#slots.get(key);
    let toMain = false;
    if (old !== undefined) {
      toMain = ((this.#states[old] as number) & inMain) !== 0;
      this.#remove(old);
    }
    if (bytes > this.#limits.maxBytes || expiresAt <= now) return false;
    if (old === undefined) toMain = this.#ghost?.recall(key) === true;
    while (this.#slots.size + 1 > this.#limits.maxEntries || this.#bytes + bytes > this.#limits.maxBytes) this.#step(now);
    const slot = this.#freeSlot();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#expiresAt[slot] = expiresAt;
    this.#weights[slot] = bytes;
    this.#states[slot] = toMain ? inMain : 0;
    this.#chains.push(toMain ? main : small, slot);
    this.#bytes += bytes;
    if (!toMain) {
      this.#smallEntries++;
      this.#smallBytes += bytes;
    }
    return true;
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    if (this.#policy.keep && (this.#states[slot] as number) > 0) this.#remember(slot);
    this.#remove(slot);
    return true;
  }

  sweep(now: number): void {
    let left = Math.min(sweepPace, this.#capacity);
    for (let looked = 0; looked < left; looked++) {
      if (this.#hand >= this.#capacity + ends) this.#hand = ends;
      const slot = this.#hand++;
      if ((this.#expiresAt[slot] as number) <= now) {
        this.#expire(slot);
        left = Math.min(left + sweepPace, sweepBurst);
      }
    }
  }

  #step(now: number): void {
    const { maxEntries, maxBytes } = this.#limits;
    const { smallShare, threshold } = this.#policy;
    const smallOver =
      this.#smallEntries >= Math.max(1, smallShare * maxEntries) || this.#smallBytes >= smallShare * maxBytes;
    const fromSmall = (smallOver && this.#smallEntries > 0) || this.#smallEntries === this.#slots.size;
    const slot = this.#chains.after(fromSmall ? small : main);
    if ((this.#expiresAt[slot] as number) <= now) return this.#expire(slot);
    const uses = (this.#states[slot] as number) & usesMask;
    if (fromSmall) {
      if (uses >= threshold) {
        this.#chains.take(slot);
        this.#chains.push(main, slot);
        this.#states[slot] = inMain;
        this.#smallEntries--;
        this.#smallBytes -= this.#weights[slot] as number;
        return;
      }
      this.#remember(slot);
    } else if (uses > 0) {
      this.#chains.take(slot);
      this.#chains.push(main, slot);
      this.#states[slot] = inMain + Math.min(uses, this.#policy.maxUses) - 1;
      return;
    }
    this.evictions++;
    this.#remove(slot);
  }

  #remember(slot: number): void {
    this.#ghost ??= new Ghost(this.#policy.ghostShare * this.#capacity);
    this.#ghost.remember(this.#keys[slot] as string);
  }

  #expire(slot: number): void {
    this.expirations++;
    if (this.#policy.keep && (this.#states[slot] as number) > 0) this.#remember(slot);
    this.#remove(slot);
  }

  #remove(slot: number): void {
    const bytes = this.#weights[slot] as number;
    this.#bytes -= bytes;
    if (((this.#states[slot] as number) & inMain) === 0) {
      this.#smallEntries--;
      this.#smallBytes -= bytes;
    }
    this.#slots.delete(this.#keys[slot] as string);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#expiresAt[slot] = Infinity;
    this.#chains.take(slot);
    this.#chains.push(free, slot);
  }

  #freeSlot(): number {
    if (this.#chains.after(free) === free) this.#grow();
    const slot = this.#chains.before(free);
    this.#chains.take(slot);
    return slot;
  }

  #grow(): void {
    const from = this.#capacity + ends;
    this.#capacity = Math.min(Math.max(smallest, this.#capacity * 2), this.#limits.maxEntries);
    const slots = this.#capacity + ends;
    this.#keys = lengthened(this.#keys, slots);
    this.#values = lengthened(this.#values, slots);
    this.#expiresAt = extended(this.#expiresAt, slots).fill(Infinity, from === ends ? 0 : from);
    this.#weights = extended(this.#weights, slots);
    this.#states = extended(this.#states, slots);
    this.#chains.grow(slots);
    for (let slot = slots - 1; slot >= from; slot--) this.#chains.push(free, slot);
    this.#ghost = undefined;
  }
}

function lengthened<Item>(array: readonly (Item | undefined)[], length: number): (Item | undefined)[] {
  const longer = new Array<Item | undefined>(length);
  for (let i = 0; i < length; i++) longer[i] = array[i];
  return longer;
}
