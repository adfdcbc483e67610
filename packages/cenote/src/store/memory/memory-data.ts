import type { Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import type { LocalData } from './local-data.js';
import { Ring, Slot } from './ring.js';

export interface MemoryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** What a key costs beside its own characters and bytes: map slot, ring slot, string headers. Measured on Node 20. */
const overhead = 160;

/** Slots that each call looks at for expired ones, and how many it may go on to remove while it keeps finding them. */
const sweepPace = 2;
const sweepBurst = 32;

/**
 * The memory of the in-process store: keys, bytes, lifetimes, within limits.
 *
 * Time stands still within a call, as it does within a script on the server: `begin` reads the clock. It also removes
 * some expired keys, so that nothing dead stays for long and no timer is needed; `end` evicts what is over the limits,
 * after the operation and not amid it.
 */
export class MemoryData implements LocalData {
  readonly #clock: Clock;
  readonly #limits: MemoryLimits;
  readonly #slots = new Map<string, Slot>();
  readonly #ring = new Ring();
  /** Told of each key that is written or goes, whatever the reason. */
  onChange: ((key: string) => void) | undefined;
  #time = 0;
  #bytes = 0;
  #evictions = 0;

  constructor(limits: MemoryLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get entries(): number {
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get evictions(): number {
    return this.#evictions;
  }

  begin(): void {
    this.#time = this.#clock.monotonic();
    let left = sweepPace;
    for (let looked = 0; looked < left; looked++) {
      const slot = this.#ring.nextToSweep();
      if (slot === undefined) return;
      if (this.#expired(slot)) {
        this.#remove(slot);
        left = Math.min(left + sweepPace, sweepBurst);
      }
    }
  }

  end(): void {
    while (this.#slots.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes) {
      const slot = this.#ring.victim();
      if (slot === undefined) return;
      if (!this.#expired(slot)) this.#evictions++;
      this.#remove(slot);
    }
  }

  now(): number {
    return this.#clock.now();
  }

  get(key: string): Buffer | null {
    const slot = this.#live(key);
    if (slot === undefined) return null;
    slot.used = true;
    return Buffer.from(slot.value, 'latin1');
  }

  set(key: string, value: string | Uint8Array, lifetime = Infinity): void {
    const expiresAt = this.#time + wholeLifetime(lifetime, 1);
    const bytes = asBytes(value);
    if (cost(key, bytes) > this.#limits.maxBytes) {
      throw new StoreError(
        'STORE_REFUSED',
        `a value of ${bytes.length} bytes is larger than the whole in-process store (maxBytes ${this.#limits.maxBytes})`,
      );
    }
    const slot = this.#live(key);
    if (slot === undefined) this.#add(new Slot(key, bytes, expiresAt));
    else this.#replace(slot, bytes, expiresAt);
  }

  delete(key: string): boolean {
    const slot = this.#live(key);
    if (slot === undefined) return false;
    this.#remove(slot);
    return true;
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  lifetime(key: string): number | undefined {
    const slot = this.#live(key);
    return slot && Math.ceil(slot.expiresAt - this.#time);
  }

  expire(key: string, lifetime: number): boolean {
    const slot = this.#live(key);
    if (slot === undefined) return false;
    const left = wholeLifetime(lifetime, Number.MIN_SAFE_INTEGER);
    if (left <= 0) this.#remove(slot);
    else slot.expiresAt = this.#time + left;
    return true;
  }

  /** The keys of this moment, the expired included. */
  keys(): string[] {
    return [...this.#slots.keys()];
  }

  clear(): void {
    this.#slots.clear();
    this.#ring.clear();
    this.#bytes = 0;
  }

  #live(key: string): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || !this.#expired(slot)) return slot;
    this.#remove(slot);
    return undefined;
  }

  #expired(slot: Slot): boolean {
    return slot.expiresAt <= this.#time;
  }

  #add(slot: Slot): void {
    this.onChange?.(slot.key);
    this.#slots.set(slot.key, slot);
    this.#ring.add(slot);
    this.#bytes += cost(slot.key, slot.value);
  }

  #replace(slot: Slot, value: string, expiresAt: number): void {
    this.onChange?.(slot.key);
    this.#bytes += value.length - slot.value.length;
    slot.value = value;
    slot.expiresAt = expiresAt;
    slot.used = true;
  }

  #remove(slot: Slot): void {
    this.onChange?.(slot.key);
    this.#slots.delete(slot.key);
    this.#ring.remove(slot);
    this.#bytes -= cost(slot.key, slot.value);
  }
}

function cost(key: string, value: string): number {
  return key.length + value.length + overhead;
}

function asBytes(value: string | Uint8Array): string {
  const bytes =
    typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return bytes.toString('latin1');
}

/** The server refuses a lifetime that it cannot take; a body that passes one must fail here too. */
function wholeLifetime(lifetime: number, least: number): number {
  if (lifetime === Infinity || (Number.isSafeInteger(lifetime) && lifetime >= least)) return lifetime;
  throw new StoreError(
    'STORE_REFUSED',
    `a lifetime must be whole milliseconds of at least ${least}, or Infinity, got ${lifetime}`,
  );
}
