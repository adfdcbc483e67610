import { Chains } from '../../packages/cenote/src/cache/near/chains.js';
import { Shelf } from '../../packages/cenote/src/cache/near/shelf.js';

/** A cache of `capacity` entries of equal weight, reduced to the question whether a read finds its key. A miss fills. */
export interface Policy {
  read(key: number): boolean;
  /** The key's value is wrong from now on. */
  invalidate(key: number): void;
}

/** `keys` is the number of different keys in the trace, which are numbered from 0. */
export type MakePolicy = (capacity: number, keys: number) => Policy;

/** The near tier itself, not a model of it. */
const shelf: MakePolicy = (capacity, keys) => {
  const entries = new Shelf<number>({ maxEntries: capacity, maxBytes: Infinity });
  const names = Array.from({ length: keys }, (_, key) => `key:${key}`);
  return {
    read(key) {
      const name = names[key] as string;
      if (entries.get(name, 0) !== undefined) return true;
      entries.set(name, key, 1, Infinity, 0);
      return false;
    },
    invalidate(key) {
      entries.delete(names[key] as string);
    },
  };
};

/** Queues of keys, and in which of them a key is. */
class Queues {
  readonly #chains: Chains;
  readonly #ends: number;
  readonly #in: Int8Array;
  readonly length: number[];

  constructor(queues: number, keys: number) {
    this.#chains = new Chains(queues);
    this.#chains.grow(queues + keys);
    this.#ends = queues;
    this.#in = new Int8Array(keys).fill(-1);
    this.length = Array.from({ length: queues }, () => 0);
  }

  /** The queue that the key is in, -1 for none. */
  of(key: number): number {
    return this.#in[key] as number;
  }

  /** The oldest key of a queue that is not empty. */
  oldest(queue: number): number {
    return this.#chains.after(queue) - this.#ends;
  }

  /** The next younger key, the oldest again after the youngest. */
  younger(queue: number, key: number): number {
    const next = this.#chains.after(key + this.#ends);
    return (next === queue ? this.#chains.after(queue) : next) - this.#ends;
  }

  /** Makes the key the youngest of a queue, wherever it was. */
  put(queue: number, key: number): void {
    this.drop(key);
    this.#chains.push(queue, key + this.#ends);
    this.#in[key] = queue;
    this.length[queue] = this.size(queue) + 1;
  }

  drop(key: number): void {
    const queue = this.of(key);
    if (queue < 0) return;
    this.#chains.take(key + this.#ends);
    this.#in[key] = -1;
    this.length[queue] = this.size(queue) - 1;
  }

  size(queue: number): number {
    return this.length[queue] as number;
  }
}

const fifo: MakePolicy = (capacity, keys) => {
  const queues = new Queues(1, keys);
  return {
    read(key) {
      if (queues.of(key) === 0) return true;
      if (queues.size(0) === capacity) queues.drop(queues.oldest(0));
      queues.put(0, key);
      return false;
    },
    invalidate: (key) => queues.drop(key),
  };
};

const lru: MakePolicy = (capacity, keys) => {
  const queues = new Queues(1, keys);
  return {
    read(key) {
      const hit = queues.of(key) === 0;
      if (!hit && queues.size(0) === capacity) queues.drop(queues.oldest(0));
      queues.put(0, key);
      return hit;
    },
    invalidate: (key) => queues.drop(key),
  };
};

/** Zhang et al., NSDI 2024: one queue; a hand that goes from old to young and spares, in place, what was read. */
const sieve: MakePolicy = (capacity, keys) => {
  const queues = new Queues(1, keys);
  const visited = new Uint8Array(keys);
  let hand = -1;
  const remove = (key: number): void => {
    const next = queues.younger(0, key);
    if (hand === key) hand = next === key ? -1 : next;
    visited[key] = 0;
    queues.drop(key);
  };
  const evict = (): void => {
    if (hand < 0) hand = queues.oldest(0);
    while (visited[hand] === 1) {
      visited[hand] = 0;
      hand = queues.younger(0, hand);
    }
    remove(hand);
  };
  return {
    read(key) {
      if (queues.of(key) === 0) {
        visited[key] = 1;
        return true;
      }
      if (queues.size(0) === capacity) evict();
      queues.put(0, key);
      return false;
    },
    invalidate(key) {
      if (queues.of(key) === 0) remove(key);
    },
  };
};

/** Yang et al., SOSP 2023, as published: small queue of a tenth, two reads to leave it for the main one, ghosts for nine tenths. */
const s3fifo: MakePolicy = (capacity, keys) => {
  const [small, main, ghost] = [0, 1, 2];
  const queues = new Queues(3, keys);
  const uses = new Uint8Array(keys);
  const room = Math.max(1, Math.floor(capacity * 0.1));
  const ghosts = Math.max(1, Math.floor(capacity * 0.9));
  const evictFromSmall = (): boolean => {
    const key = queues.oldest(small);
    const promoted = (uses[key] as number) >= 2;
    uses[key] = 0;
    if (!promoted && queues.size(ghost) === ghosts) queues.drop(queues.oldest(ghost));
    queues.put(promoted ? main : ghost, key);
    return !promoted;
  };
  const evictFromMain = (): boolean => {
    const key = queues.oldest(main);
    const spared = (uses[key] as number) > 0;
    if (spared) {
      uses[key] = (uses[key] as number) - 1;
      queues.put(main, key);
    } else queues.drop(key);
    return !spared;
  };
  return {
    read(key) {
      const place = queues.of(key);
      if (place === small || place === main) {
        uses[key] = Math.min(3, (uses[key] as number) + 1);
        return true;
      }
      if (queues.size(small) + queues.size(main) === capacity) {
        while (!(queues.size(small) >= room ? evictFromSmall() : evictFromMain()));
      }
      uses[key] = 0;
      queues.put(place === ghost ? main : small, key);
      return false;
    },
    invalidate(key) {
      if (queues.of(key) !== ghost) queues.drop(key);
    },
  };
};

/** How often keys were read of late: 4-bit counters in four rows, halved after ten reads per entry. */
class Sketch {
  readonly #rows: Uint8Array;
  readonly #width: number;
  readonly #period: number;
  #reads = 0;

  constructor(capacity: number) {
    this.#width = 2 ** Math.ceil(Math.log2(Math.max(16, capacity * 4)));
    this.#rows = new Uint8Array(this.#width * 4);
    this.#period = capacity * 10;
  }

  add(key: number): void {
    for (let row = 0; row < 4; row++) {
      const at = this.#at(key, row);
      if ((this.#rows[at] as number) < 15) this.#rows[at] = (this.#rows[at] as number) + 1;
    }
    if (++this.#reads < this.#period) return;
    this.#reads >>= 1;
    for (let i = 0; i < this.#rows.length; i++) this.#rows[i] = (this.#rows[i] as number) >> 1;
  }

  count(key: number): number {
    let least = 15;
    for (let row = 0; row < 4; row++) least = Math.min(least, this.#rows[this.#at(key, row)] as number);
    return least;
  }

  #at(key: number, row: number): number {
    let hash = Math.imul(key + 1, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    return row * this.#width + ((hash ^ (hash >>> 16)) & (this.#width - 1));
  }
}

/** Einziger, Friedman and Manes, TOS 2017: an LRU window, then a segmented LRU into which only the more frequent are let. */
const wTinyLfu =
  (windowShare: number): MakePolicy =>
  (capacity, keys) => {
    const [window, probation, guarded] = [0, 1, 2];
    const queues = new Queues(3, keys);
    const sketch = new Sketch(capacity);
    const windowRoom = Math.max(1, Math.round(capacity * windowShare));
    const mainRoom = capacity - windowRoom;
    const guardedRoom = Math.floor(mainRoom * 0.8);
    const hit = (key: number, queue: number): void => {
      queues.put(queue === window ? window : guarded, key);
      if (queues.size(guarded) > guardedRoom) queues.put(probation, queues.oldest(guarded));
    };
    const leaveWindow = (): void => {
      const candidate = queues.oldest(window);
      queues.put(probation, candidate);
      if (queues.size(probation) + queues.size(guarded) <= mainRoom) return;
      const victim = queues.oldest(probation);
      queues.drop(sketch.count(candidate) > sketch.count(victim) ? victim : candidate);
    };
    return {
      read(key) {
        sketch.add(key);
        const queue = queues.of(key);
        if (queue >= 0) {
          hit(key, queue);
          return true;
        }
        queues.put(window, key);
        if (queues.size(window) > windowRoom) leaveWindow();
        return false;
      },
      invalidate: (key) => queues.drop(key),
    };
  };

export const policies = {
  FIFO: fifo,
  LRU: lru,
  SIEVE: sieve,
  'S3-FIFO': s3fifo,
  'W-TinyLFU 1 %': wTinyLfu(0.01),
  'W-TinyLFU 20 %': wTinyLfu(0.2),
  Shelf: shelf,
} as const satisfies Record<string, MakePolicy>;
