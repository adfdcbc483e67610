import type { Clock } from '../core/clock.js';

/** How often deadlines are looked at, in milliseconds: a call ends at most two of these after its deadline. */
const tickInterval = 10;

/** A call that is waited for; part of a list itself, so that coming and going costs no allocation. */
export abstract class Timed {
  due = 0;
  queue: TimedQueue | undefined;
  previous: Timed | undefined;
  next: Timed | undefined;

  /** Called once, when the deadline has passed; the call is no longer in the list. */
  abstract expire(): void;
}

/**
 * Deadlines of many calls from one coarse timer: a timer for each call would cost more than the call.
 *
 * Calls of one length form a queue that is sorted by itself, since time only goes forward; so adding, removing and
 * looking for what is due are O(1). The timer runs while calls are pending, and never keeps the process alive.
 *
 * Time is counted in ticks, each worth at most two intervals: while a long synchronous task blocks the event loop no
 * reply can be read either, so that this time is held against nobody.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, TimedQueue>();
  #recent = new TimedQueue(0);
  #running = false;
  #time = 0;
  #lastTick = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(call: Timed, milliseconds: number): void {
    const ticks = Math.ceil(milliseconds / tickInterval);
    const queue = this.#recent.ticks === ticks ? this.#recent : this.#queueOf(ticks);
    if (!this.#running) this.#start();
    // One tick more, since the present tick began up to a whole interval ago.
    call.due = this.#time + (ticks + 1) * tickInterval;
    queue.push(call);
  }

  remove(call: Timed): void {
    call.queue?.remove(call);
  }

  #queueOf(ticks: number): TimedQueue {
    let queue = this.#queues.get(ticks);
    if (queue === undefined) this.#queues.set(ticks, (queue = new TimedQueue(ticks)));
    return (this.#recent = queue);
  }

  #start(): void {
    this.#running = true;
    this.#lastTick = this.#clock.monotonic();
    this.#clock.after(tickInterval, this.#tick);
  }

  readonly #tick = (): void => {
    const now = this.#clock.monotonic();
    this.#time += Math.min(now - this.#lastTick, 2 * tickInterval);
    this.#lastTick = now;
    for (const queue of this.#queues.values()) {
      queue.expire(this.#time);
      // Lengths may be many (a caller's remaining time); an unused queue must not stay. The one in use costs nothing.
      if (queue.head === undefined && queue !== this.#recent) this.#queues.delete(queue.ticks);
    }
    this.#running = this.#pending();
    if (this.#running) this.#clock.after(tickInterval, this.#tick);
  };

  #pending(): boolean {
    for (const queue of this.#queues.values()) if (queue.head !== undefined) return true;
    return false;
  }
}

/** Calls of one length, soonest first. */
class TimedQueue {
  readonly ticks: number;
  head: Timed | undefined;
  #tail: Timed | undefined;

  constructor(ticks: number) {
    this.ticks = ticks;
  }

  push(call: Timed): void {
    call.queue = this;
    call.previous = this.#tail;
    if (this.#tail === undefined) this.head = call;
    else this.#tail.next = call;
    this.#tail = call;
  }

  remove(call: Timed): void {
    if (call.previous === undefined) this.head = call.next;
    else call.previous.next = call.next;
    if (call.next === undefined) this.#tail = call.previous;
    else call.next.previous = call.previous;
    call.queue = call.previous = call.next = undefined;
  }

  expire(time: number): void {
    for (let call = this.head; call !== undefined && call.due <= time; call = this.head) {
      this.remove(call);
      call.expire();
    }
  }
}
