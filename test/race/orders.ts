import type { ChildProcess } from 'node:child_process';

import type { Episode } from './episode.js';
import type { Findings } from './findings.js';

/** What a server is started with. */
export interface Setting {
  readonly server: number;
  readonly servers: number;
  /** One cache for each. */
  readonly urls: readonly string[];
  /** Milliseconds that a call to the store, and waiting for another's load, may take. */
  readonly deadline: { readonly store: number; readonly wait: number };
  /** Whether caches have a memory tier. */
  readonly near: boolean;
  /** The file of the truth. */
  readonly truth: string;
  /** The file of what is wrong with clocks; absent where nothing is. */
  readonly clocks: string | undefined;
  readonly seed: number;
  readonly mutant: string | undefined;
}

/** What the run tells a server, one at a time: play episodes, wait until all is quiet, look at what is left then, end. */
export type Order =
  | { readonly do: 'open'; readonly setting: Setting }
  | { readonly do: 'play'; readonly episodes: readonly Episode[] }
  | { readonly do: 'quiet' }
  /** `isFirst`: nobody has looked before, so that all that is found is what the race has left. */
  | { readonly do: 'settle'; readonly episodes: readonly Episode[]; readonly isFirst: boolean }
  | { readonly do: 'close' };

export type Answer = { readonly findings?: Findings; readonly failure?: string };

/** Milliseconds that an order may take: a call that never ends is a finding too. */
const patience = 60_000;

/** Gives an order; rejects when the server fails, ends, or does not answer. */
export function give(server: ChildProcess, order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onEnd = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`a server ended (${code ?? signal}) instead of answering '${order.do}'`)));
    const onAnswer = (answer: Answer): void =>
      settle(() => (answer.failure === undefined ? resolve(answer) : reject(new Error(answer.failure))));
    const timer = setTimeout(
      () => settle(() => reject(new Error(`a server did not answer '${order.do}' within ${patience / 1_000} s`))),
      patience,
    );
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      server.off('exit', onEnd);
      server.off('message', onAnswer as (message: unknown) => void);
      then();
    };
    server.once('exit', onEnd);
    server.once('message', onAnswer as (message: unknown) => void);
    server.send(order, (error) => {
      if (error) settle(() => reject(error));
    });
  });
}
