import type { Clock } from '../core/clock.js';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Lets time pass: runs the timers that fall due, in their order, each at its own time. Returns when all have run. */
  advance(milliseconds: number): void;
  /** Like `advance`, but lets promises and I/O settle after each timer, for code that awaits between them. */
  elapse(milliseconds: number): Promise<void>;
  /** Lets time pass in which nothing can run, as while the event loop is blocked: what fell due meanwhile runs at the next `advance`, late. */
  block(milliseconds: number): void;
  /** Moves the wall clock alone, as an operator or NTP does; the monotonic clock and the timers do not notice. */
  set(now: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

/** Where the wall clock of a fake clock begins unless told otherwise. */
const defaultStart = Date.UTC(2030, 0, 1);

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Makes a clock for tests. `start` is its wall clock, in epoch milliseconds; its monotonic clock begins at 0. */
export function fakeClock(start: number = defaultStart): FakeClock {
  const timers = new Set<Timer>();
  let elapsed = 0;
  let wall = start;

  const moveTo = (time: number): void => {
    wall += time - elapsed;
    elapsed = time;
  };
  const nextDue = (limit: number): Timer | undefined => {
    let next: Timer | undefined;
    for (const timer of timers) if (timer.at <= limit && (next === undefined || timer.at < next.at)) next = timer;
    return next;
  };
  const runNext = (limit: number): boolean => {
    const timer = nextDue(limit);
    if (timer === undefined) return false;
    timers.delete(timer);
    moveTo(Math.max(timer.at, elapsed));
    timer.run();
    return true;
  };

  return {
    now: () => wall,
    monotonic: () => elapsed,
    after(milliseconds, run) {
      const timer = { at: elapsed + milliseconds, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(milliseconds) {
      const limit = elapsed + milliseconds;
      while (runNext(limit));
      moveTo(limit);
    },
    async elapse(milliseconds) {
      const limit = elapsed + milliseconds;
      await settle();
      while (runNext(limit)) await settle();
      moveTo(limit);
      await settle();
    },
    block(milliseconds) {
      moveTo(elapsed + milliseconds);
    },
    set(now) {
      wall = now;
    },
    get pending() {
      return timers.size;
    },
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
