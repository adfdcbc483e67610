/** One process of a torture run: works on its store until it has done its share. */
import { connect, type Store } from 'cenote';

import { Random } from '../race/random.js';
import { tortureOf, type DomainName } from './all.js';
import type { Actor } from './torture.js';

/** What a process is started with. */
export interface Share {
  readonly domain: DomainName;
  readonly url: string;
  readonly process: number;
  readonly processes: number;
  readonly operations: number;
  readonly seed: number;
}

export type Word =
  /** So many operations done since the last word. */
  | { readonly say: 'done'; readonly operations: number }
  /** All done, and what was kept has been told. */
  | { readonly say: 'report'; readonly report: unknown }
  | { readonly say: 'failure'; readonly message: string };

/** Operations between two words. */
const pace = 50;

const say = (word: Word): void => void process.send?.(word);

for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (error: unknown) => fail(`${event}: ${textOf(error)}`));

process.once('message', (share: Share) => void run(share).catch((error: unknown) => fail(textOf(error))));

/** The library's timers let a process end; this one has more to do, even while Redis is away. */
const alive = setInterval(() => {}, 60_000);

async function run({ domain, url, process: place, processes, operations, seed }: Share): Promise<void> {
  const torture = await tortureOf(domain);
  const store = connect({ url, breaker: { cooldown: 100 } });
  await store.ready({ deadline: 10_000 });
  const random = new Random(seed, domain, place);
  const actor = await torture.open(store, { process: place, processes, random: () => random.next() });
  for (let done = 1; done <= operations; done++) {
    await actor.step();
    if (done % pace === 0) say({ say: 'done', operations: pace });
  }
  say({ say: 'done', operations: operations % pace });
  process.once('message', () => say({ say: 'report', report: actor.report() }));
  process.once('disconnect', () => void end(actor, store));
}

async function end(actor: Actor, store: Store): Promise<void> {
  clearInterval(alive);
  try {
    await actor.close();
  } finally {
    await store.close();
  }
}

function fail(message: string): void {
  say({ say: 'failure', message });
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
