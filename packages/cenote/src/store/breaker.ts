import type { Clock } from '../core/clock.js';
import { milliseconds, type Duration } from '../core/duration.js';
import { checkCount, checkOptions } from '../core/options.js';

export interface BreakerOptions {
  /** Failures in a row that open it; default 5. */
  readonly failures?: number | undefined;
  /** How long it stays open before one call may probe; default `'1s'`. */
  readonly cooldown?: Duration | undefined;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

const defaults = Object.freeze({ failures: 5, cooldown: '1s' }) satisfies BreakerOptions;

/**
 * Spares callers the wait for a server that does not answer. Closed: all pass. After `failures` failures in a row it is
 * open: none passes. After `cooldown` it is half-open: one call probes, the others still do not pass. Any success closes
 * it. A failure is silence or a lost connection; a server that refuses has answered, which is a success.
 *
 * @throws UsageError for an unknown option, `failures` below 1 or a bad duration.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #cooldown: number;
  #failures = 0;
  #state: BreakerState = 'closed';
  #openedAt = 0;

  constructor(options: BreakerOptions, clock: Clock) {
    checkOptions(options, ['failures', 'cooldown'], 'breaker');
    this.#limit = checkCount(options.failures ?? defaults.failures, 'breaker.failures', 1);
    this.#cooldown = milliseconds(options.cooldown ?? defaults.cooldown, 'breaker.cooldown');
    this.#clock = clock;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Whether a call may go. After a `true` exactly one of `succeed`, `fail` and `abandon` must follow. */
  admit(): boolean {
    return this.#state === 'closed' || this.#probe();
  }

  succeed(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#state = 'closed';
  }

  fail(): void {
    this.#failures++;
    if (this.#failures < this.#limit) return;
    this.#state = 'open';
    this.#openedAt = this.#clock.monotonic();
  }

  /** The call ended without telling anything of the server, since its caller gave up: the next call may probe instead. */
  abandon(): void {
    if (this.#state === 'half-open') this.#state = 'open';
  }

  #probe(): boolean {
    if (this.#state === 'half-open' || this.#clock.monotonic() - this.#openedAt < this.#cooldown) return false;
    this.#state = 'half-open';
    return true;
  }
}
