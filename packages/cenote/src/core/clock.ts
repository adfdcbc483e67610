/**
 * Time, injected so that tests decide it. `now` is the wall clock (epoch milliseconds; it may jump), `monotonic` only
 * goes forward (milliseconds from an arbitrary start), and timers follow the monotonic clock.
 */
export interface Clock {
  now(): number;
  monotonic(): number;
  /** Calls `run` once after `milliseconds`; the returned function cancels it. Such a timer never keeps the process alive. */
  after(milliseconds: number, run: () => void): () => void;
}

export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds: number, run: () => void) {
    const timer = setTimeout(run, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
});
