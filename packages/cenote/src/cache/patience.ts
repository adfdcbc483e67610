import type { Clock } from '../core/clock.js';
import type { Key } from './key.js';
import type { Change } from './near/changes.js';
import type { Scope } from './scope.js';

/** Milliseconds between questions while another process holds the lease; the longest at once where its end will be told. */
const firstPause = 20;
const longestPause = 100;

/**
 * The pauses of who waits for another process's load of a key, for at most `wait` milliseconds in all. With a memory tier
 * a pause ends as soon as its feed tells that the lease or the value has changed.
 */
export class Patience {
  readonly #scope: Scope;
  readonly #key: Key;
  readonly #end: number;
  #pause = firstPause;
  #change: Change | undefined;

  constructor(scope: Scope, key: Key, wait: number) {
    this.#scope = scope;
    this.#key = key;
    this.#end = scope.clock.monotonic() + wait;
  }

  /** Resolves when it is worth asking again: true, or false once the time is over. */
  async pause(): Promise<boolean> {
    const { clock, common } = this.#scope;
    const { stored } = this.#key;
    const left = this.#end - clock.monotonic();
    if (left <= 0) return false;
    const told = this.#change;
    if (told) await told.within(clock, Math.min(longestPause, left));
    this.end();
    this.#change = common.near?.changeOf([stored, common.names.lease(stored)]);
    // What is told from here on says nothing of the time since the last question: that is asked at once.
    if (!told && !this.#change) await this.#sleep(clock, left);
    return true;
  }

  /** No change need be told any more. */
  end(): void {
    this.#change?.end();
  }

  async #sleep(clock: Clock, left: number): Promise<void> {
    const pause = Math.min(this.#pause, left);
    this.#pause = Math.min(this.#pause * 1.5, longestPause);
    await new Promise<void>((resolve) => void clock.after(pause, resolve));
  }
}
