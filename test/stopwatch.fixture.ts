/** How often it looks at the time, in milliseconds. */
const tick = 10;

/**
 * Measures how long this process has had, so that no program is blamed for a machine that was busy elsewhere. Time is
 * counted in ticks, each worth at most two, as the store counts its deadlines: what goes beyond, nobody could use.
 */
export class Stopwatch {
  #last = performance.now();
  #lost = 0;
  readonly #timer = setInterval(() => this.now(), tick);

  /** Milliseconds from an arbitrary start. */
  now(): number {
    const now = performance.now();
    this.#lost += Math.max(0, now - this.#last - 2 * tick);
    this.#last = now;
    return now - this.#lost;
  }

  /** Milliseconds in which nothing could run, so far. */
  get lost(): number {
    return this.#lost;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** The value that so many of all are not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
