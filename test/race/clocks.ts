/** The clocks of the servers of a run, and what is wrong with them. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

import type { Clock } from 'cenote';

import { moment } from './truth.js';

/** Milliseconds by which a server's clocks are wrong. */
export interface ClockError {
  /** Added to the wall clock. */
  readonly skew: number;
  /** For how long the monotonic clock has stood still. */
  readonly asleep: number;
}

const length = 16;

/**
 * The errors of all servers' clocks, in a file that they share with the run: a process that is woken up finds its clocks
 * changed already.
 */
export class ClockErrors {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /** Bytes of a file for so many servers. */
  static size(servers: number): number {
    return servers * length;
  }

  read(server: number): ClockError {
    const bytes = Buffer.allocUnsafe(length);
    readSync(this.#file, bytes, 0, length, server * length);
    return { skew: bytes.readDoubleLE(0), asleep: bytes.readDoubleLE(8) };
  }

  write(server: number, { skew, asleep }: ClockError): void {
    const bytes = Buffer.allocUnsafe(length);
    bytes.writeDoubleLE(skew, 0);
    bytes.writeDoubleLE(asleep, 8);
    writeSync(this.#file, bytes, 0, length, server * length);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Whether a server's skew is in the clock that its cache is given, or in `Date` itself, for all of its process. */
export function skewsDate(server: number): boolean {
  return server % 2 === 1;
}

/** Makes `Date.now` of this process as wrong as its errors say. */
export function skewDate(error: () => ClockError): void {
  const { now } = Date;
  Date.now = () => now() + error().skew;
}

/**
 * The clock that a cache of a run is given: the machine's, with errors. It also knows since when the present turn of the
 * event loop may have gone on: memory looks at the clock once in a turn, so what it serves late in a turn in which the
 * process was frozen is measured from the turn's beginning.
 */
export class GivenClock implements Clock {
  readonly #error: () => ClockError;
  #turn: number | undefined;
  #turnBefore: number | undefined;

  constructor(error: () => ClockError) {
    this.#error = error;
  }

  now(): number {
    return Date.now() + this.#error().skew;
  }

  monotonic(): number {
    this.#noteTurn();
    return performance.now() - this.#error().asleep;
  }

  after(milliseconds: number, run: () => void): () => void {
    const due = this.monotonic() + milliseconds;
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(() => {
        const rest = due - this.monotonic();
        if (rest > 1) wait(rest);
        else run();
      }, left);
      timer.unref();
    };
    wait(milliseconds);
    return () => clearTimeout(timer);
  }

  /**
   * The moment at which the clock was first looked at in this turn, or in the one before if this is its end: callbacks at
   * the end of a turn run in an order that we do not know.
   */
  get turnBegan(): number {
    return this.#turnBefore ?? this.#turn ?? moment();
  }

  #noteTurn(): void {
    if (this.#turn !== undefined) return;
    this.#turn = moment();
    setImmediate(() => {
      this.#turnBefore = this.#turn;
      this.#turn = undefined;
      setImmediate(() => (this.#turnBefore = undefined));
    });
  }
}
