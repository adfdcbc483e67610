import { StoreError } from '../../core/errors.js';
import { follow, unfollow, type Abandoned } from '../abandon.js';
import type { Breaker } from '../breaker.js';
import { Timed, type Deadlines } from '../deadline.js';
import { isRefusal, storeErrorOf } from './reply-error.js';

export type Command = readonly (string | Buffer)[];

/** What calls report to and are told by. */
export interface CallContext {
  readonly address: string;
  readonly breaker: Breaker;
  readonly deadlines: Deadlines;
}

/**
 * A call between being sent and being answered. It ends once: by its reply, by its deadline or by its caller; a reply that
 * comes later is dropped.
 */
export class PendingCall extends Timed implements Abandoned {
  readonly #context: CallContext;
  readonly #name: string;
  readonly #deadline: number;
  readonly #resolve: (reply: unknown) => void;
  readonly #reject: (error: unknown) => void;
  #signal: AbortSignal | undefined;

  constructor(
    context: CallContext,
    name: string,
    deadline: number,
    resolve: (reply: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#context = context;
    this.#name = name;
    this.#deadline = deadline;
    this.#resolve = resolve;
    this.#reject = reject;
    context.deadlines.add(this, deadline);
  }

  get ended(): boolean {
    return this.queue === undefined;
  }

  /** Ends the call with the signal's reason when its caller gives up. */
  follow(signal: AbortSignal): void {
    this.#signal = signal;
    follow(signal, this);
  }

  answer(reply: unknown): void {
    if (this.ended) return;
    this.#end();
    this.#context.breaker.succeed();
    this.#resolve(reply);
  }

  fail(error: unknown): void {
    if (this.ended) return;
    this.#end();
    if (isRefusal(error)) this.#context.breaker.succeed();
    else this.#context.breaker.fail();
    this.#reject(storeErrorOf(error, this.#context.address));
  }

  override expire(): void {
    this.#end();
    this.#context.breaker.fail();
    this.#reject(
      new StoreError(
        'STORE_TIMEOUT',
        `Redis at ${this.#context.address} did not answer ${this.#name} within ${this.#deadline} ms`,
      ),
    );
  }

  abandon(reason: unknown): void {
    this.#end();
    this.#context.breaker.abandon();
    this.#reject(reason);
  }

  #end(): void {
    this.#context.deadlines.remove(this);
    if (this.#signal) unfollow(this.#signal, this);
  }
}
