import { until } from './load.js';

interface Slot {
  running: number;
  next: Promise<unknown> | undefined;
}

/**
 * Loads without the store's word. A caller may not join a load that has begun, since nobody can say whether it still
 * reads the truth; it shares the next one. So a key has at most two loads at a time in this process, however many ask, and
 * all keys together at most `most`.
 */
export class Unleased {
  readonly #slots = new Map<string, Slot>();
  readonly #queue: (() => void)[] = [];
  readonly #most: number;
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** A load that begins after this call; perhaps shared. `id` tells loads of one key and kind. */
  run<T>(id: string, load: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const slot = this.#slots.get(id);
    if (!slot) return until(signal, this.#begin(id, { running: 0, next: undefined }, load));
    slot.next ??= this.#follow(id, slot, load);
    return until(signal, slot.next as Promise<T>);
  }

  #begin<T>(id: string, slot: Slot, load: () => Promise<T>): Promise<T> {
    this.#slots.set(id, slot);
    slot.running++;
    const promise = this.#admit(load).finally(() => {
      slot.running--;
      this.#wake(id, slot);
    });
    return promise;
  }

  /** The next load of a slot: begins in a moment if one runs, so that callers of this moment share it, else when one of two ends. */
  async #follow<T>(id: string, slot: Slot, load: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      const attempt = (): void => {
        if (slot.running < 2) resolve();
        else this.#waiting.set(slot, attempt);
      };
      setImmediate(attempt);
    });
    slot.next = undefined;
    return this.#begin(id, slot, load);
  }

  readonly #waiting = new Map<Slot, () => void>();

  #wake(id: string, slot: Slot): void {
    const waiting = this.#waiting.get(slot);
    this.#waiting.delete(slot);
    if (waiting) waiting();
    else if (slot.running === 0 && slot.next === undefined) this.#slots.delete(id);
  }

  async #admit<T>(load: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    try {
      return await load();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
