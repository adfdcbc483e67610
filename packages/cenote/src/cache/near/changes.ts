import type { Clock } from '../../core/clock.js';

/** Who waits for some keys of the store to change, and is woken by what the feed tells. */
export class Changes {
  readonly #awaited = new Map<string, Set<Change>>();

  /** What is told of these stored keys from now on. To be ended by `end`. */
  of(keys: readonly string[]): Change {
    const change: Change = new Change(() => {
      for (const key of keys) {
        const others = this.#awaited.get(key);
        if (others?.delete(change) && others.size === 0) this.#awaited.delete(key);
      }
    });
    for (const key of keys) {
      const others = this.#awaited.get(key);
      if (others) others.add(change);
      else this.#awaited.set(key, new Set([change]));
    }
    return change;
  }

  changed(key: string): void {
    for (const change of this.#awaited.get(key) ?? []) change.tell();
  }

  /** Anything may have changed. */
  lost(): void {
    for (const changes of this.#awaited.values()) for (const change of changes) change.tell();
  }
}

/** A change that may be told, before somebody waits for it or meanwhile. */
export class Change {
  /** No longer to be told. */
  readonly end: () => void;
  #isTold = false;
  #wake = (): void => {};

  constructor(end: () => void) {
    this.end = end;
  }

  tell(): void {
    this.#isTold = true;
    this.#wake();
  }

  /** Resolves once it has been told, after `milliseconds` at the latest. */
  within(clock: Clock, milliseconds: number): Promise<void> {
    if (this.#isTold) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(milliseconds, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
