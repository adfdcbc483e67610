import type { PendingCall } from './call.js';
import type { RedisClient } from './client.js';
import { isRefusal, isWrongType } from './reply-error.js';

/** So many keys at most in one command: more gain nothing, and would keep the first answer waiting for the last. */
const mostKeys = 32;

const now = Promise.resolve();

/**
 * Single reads on one client. Those that are asked for at one moment travel as one `MGET`: to the client a command costs
 * more than the key in it. One that comes alone is a `GET`.
 */
export class SingleReads {
  readonly client: RedisClient;
  #keys: string[] = [];
  #calls: PendingCall[] = [];

  constructor(client: RedisClient) {
    this.client = client;
  }

  add(key: string, call: PendingCall): void {
    this.#keys.push(key);
    this.#calls.push(call);
    if (this.#keys.length === 1) void now.then(this.send);
    else if (this.#keys.length === mostKeys) this.send();
  }

  /** Sends what has come so far, so that a later command goes after it. */
  readonly send = (): void => {
    const keys = this.#keys;
    const calls = this.#calls;
    if (keys.length === 0) return;
    this.#keys = [];
    this.#calls = [];
    if (keys.length === 1) this.#sendOne(keys[0] as string, calls[0] as PendingCall);
    else this.#sendAll(keys, calls);
  };

  #sendOne(key: string, call: PendingCall): void {
    this.client.sendCommand(['GET', key]).then(
      (reply) => call.answer(reply),
      (error) => (isWrongType(error) ? call.answer(null) : call.fail(error)),
    );
  }

  #sendAll(keys: readonly string[], calls: readonly PendingCall[]): void {
    this.client.sendCommand(['MGET', ...keys]).then(
      (replies) => {
        const found = replies as readonly unknown[];
        return calls.forEach((call, index) => call.answer(found[index]));
      },
      (error) => {
        for (const [index, call] of calls.entries()) {
          // One key that the user may not read has the server refuse all: each is asked for by itself.
          if (isRefusal(error) && !call.ended) this.#sendOne(keys[index] as string, call);
          else call.fail(error);
        }
      },
    );
  }
}
