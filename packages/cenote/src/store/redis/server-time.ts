import type { Clock } from '../../core/clock.js';

/**
 * The server's clock as far as this process knows it: an offset to the monotonic clock, so that a jump of the wall clock
 * here changes nothing.
 *
 * A reading that was sent at `sent` and arrived at `received` puts the offset between two bounds. The offset moves only as
 * far as needed to lie between them: a slow reading, with wide bounds, cannot spoil what a fast one has shown.
 */
export class ServerTime {
  readonly #clock: Clock;
  #offset: number;
  #known = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  /** Epoch milliseconds on the server; this machine's own until the first reading. */
  now(): number {
    return Math.floor(this.#clock.monotonic() + this.#offset);
  }

  /** Takes a reading of the server's TIME; `sent` and `received` are monotonic. */
  learn(time: number, sent: number, received: number): void {
    const least = time - received;
    const most = time - sent;
    this.#offset = this.#known ? Math.min(Math.max(this.#offset, least), most) : (least + most) / 2;
    this.#known = true;
  }

  /** Forgets what was known, since another server may answer now. */
  forget(): void {
    this.#known = false;
  }
}
