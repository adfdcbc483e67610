import { Deferred } from '../core/deferred.js';
import { until } from './load.js';

/** A loader of its own deadline, ended by the signal. */
type Unstored<T> = (signal: AbortSignal) => Promise<T>;

interface Slot {
  running: number;
  next: Turn<unknown> | undefined;
}

/** One load and those who wait for it. When the last of them has left, it ends; when all have left before, it never begins. */
export class Turn<T> {
  readonly #load: Unstored<T>;
  readonly #outcome = new Deferred<T>();
  readonly #end = new AbortController();
  #callers = 0;
  #hasBegun = false;

  constructor(load: Unstored<T>) {
    this.#load = load;
  }

  async wait(signal: AbortSignal | undefined): Promise<T> {
    this.#callers++;
    try {
      return await until(signal, this.#outcome.promise);
    } finally {
      this.#callers--;
      if (signal?.aborted && this.#callers === 0 && this.#hasBegun) this.#end.abort(signal.reason);
    }
  }

  /** Never rejects: the outcome is that of those who wait. */
  async begin(): Promise<void> {
    if (this.#callers === 0) return;
    this.#hasBegun = true;
    try {
      this.#outcome.resolve(await this.#load(this.#end.signal));
    } catch (error) {
      this.#outcome.reject(error);
    }
  }
}

/** A load that nobody else shares, as inside a database transaction; it ends with its caller. */
export function runAlone<T>(load: Unstored<T>, signal: AbortSignal | undefined): Promise<T> {
  const turn = new Turn(load);
  const outcome = turn.wait(signal);
  void turn.begin();
  return outcome;
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
  run<T>(id: string, load: Unstored<T>, signal: AbortSignal | undefined): Promise<T> {
    const slot = this.#slots.get(id);
    const turn = slot?.next ?? new Turn<unknown>(load);
    const outcome = turn.wait(signal);
    if (!slot) void this.#begin(id, { running: 0, next: undefined }, turn);
    else if (!slot.next) void this.#follow(id, slot, turn);
    return outcome as Promise<T>;
  }

  async #begin(id: string, slot: Slot, turn: Turn<unknown>): Promise<void> {
    this.#slots.set(id, slot);
    slot.running++;
    await this.#admit(turn);
    slot.running--;
    this.#wake(id, slot);
  }

  /** The next load of a slot: begins in a moment if one runs, so that callers of this moment share it, else when one of two ends. */
  async #follow(id: string, slot: Slot, turn: Turn<unknown>): Promise<void> {
    slot.next = turn;
    await new Promise<void>((resolve) => {
      const attempt = (): void => {
        if (slot.running < 2) resolve();
        else this.#waiting.set(slot, attempt);
      };
      setImmediate(attempt);
    });
    slot.next = undefined;
    await this.#begin(id, slot, turn);
  }

  readonly #waiting = new Map<Slot, () => void>();

  #wake(id: string, slot: Slot): void {
    const waiting = this.#waiting.get(slot);
    this.#waiting.delete(slot);
    if (waiting) waiting();
    else if (slot.running === 0 && slot.next === undefined) this.#slots.delete(id);
  }

  /** Begins a turn once there is room among all keys; resolves when it has ended. */
  async #admit(turn: Turn<unknown>): Promise<void> {
    if (this.#running >= this.#most) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running++;
    await turn.begin();
    const next = this.#queue.shift();
    if (next) next();
    else this.#running--;
  }
}
