import type { Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import { Ring, sizeOf, Slot, type Content } from './ring.js';

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
 * The keys of the in-process store, whatever they hold: lifetimes, and limits of entries and bytes.
 *
 * Time stands still within a call, as it does within a script on the server: `begin` reads the clock. It also removes
 * some expired keys, so that nothing dead stays for long and no timer is needed; `end` evicts what is over the limits,
 * after the operation and not amid it.
 */
export class MemoryKeys {
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
        this.remove(slot);
        left = Math.min(left + sweepPace, sweepBurst);
      }
    }
  }

  end(): void {
    while (this.#slots.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes) {
      const slot = this.#ring.victim();
      if (slot === undefined) return;
      if (!this.#expired(slot)) this.#evictions++;
      this.remove(slot);
    }
  }

  now(): number {
    return this.#clock.now();
  }

  /** The slot of a key that has not expired. */
  find(key: string): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined || !this.#expired(slot)) return slot;
    this.remove(slot);
    return undefined;
  }

  /** Puts content under a key, in place of what stands there. */
  put(key: string, content: Content, lifetime: number): void {
    const expiresAt = this.#time + wholeLifetime(lifetime, 1);
    this.admit(key, sizeOf(content));
    const slot = this.find(key);
    if (slot === undefined) {
      this.#add(new Slot(key, content, expiresAt));
    } else {
      this.changed(slot, sizeOf(content) - sizeOf(slot.content));
      slot.content = content;
      slot.expiresAt = expiresAt;
    }
  }

  /** Refuses content that is larger than all there may be: evicting everything else would make no room for it. */
  admit(key: string, size: number): void {
    if (key.length + size + overhead <= this.#limits.maxBytes) return;
    throw new StoreError(
      'STORE_REFUSED',
      `a value of ${size} bytes is larger than the whole in-process store (maxBytes ${this.#limits.maxBytes})`,
    );
  }

  /** What a slot holds has been changed, and has grown by so many bytes. */
  changed(slot: Slot, growth: number): void {
    this.onChange?.(slot.key);
    this.#bytes += growth;
    slot.used = true;
  }

  remove(slot: Slot): void {
    this.onChange?.(slot.key);
    this.#slots.delete(slot.key);
    this.#ring.remove(slot);
    this.#bytes -= costOf(slot);
  }

  /** Milliseconds that a slot has left. */
  left(slot: Slot): number {
    return Math.ceil(slot.expiresAt - this.#time);
  }

  /** Gives a slot another lifetime; 0 or less ends it at once. */
  expire(slot: Slot, lifetime: number): void {
    const left = wholeLifetime(lifetime, Number.MIN_SAFE_INTEGER);
    if (left <= 0) this.remove(slot);
    else slot.expiresAt = this.#time + left;
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

  #expired(slot: Slot): boolean {
    return slot.expiresAt <= this.#time;
  }

  #add(slot: Slot): void {
    this.onChange?.(slot.key);
    this.#slots.set(slot.key, slot);
    this.#ring.add(slot);
    this.#bytes += costOf(slot);
  }
}

function costOf({ key, content }: Slot): number {
  return key.length + sizeOf(content) + overhead;
}

/** The server refuses a lifetime that it cannot take; a body that passes one must fail here too. */
function wholeLifetime(lifetime: number, least: number): number {
  if (lifetime === Infinity || (Number.isSafeInteger(lifetime) && lifetime >= least)) return lifetime;
  throw new StoreError(
    'STORE_REFUSED',
    `a lifetime must be whole milliseconds of at least ${least}, or Infinity, got ${lifetime}`,
  );
}
