/** One server of a race run, in a process of its own: some caches, and the writers and readers that use them. */
import { ClockErrors, type ClockError, GivenClock, skewDate, skewsDate } from './clocks.js';
import { addTo, type Findings } from './findings.js';
import { applyMutant } from './mutants.js';
import type { Answer, Order, Setting } from './orders.js';
import { Player } from './player.js';
import { Random } from './random.js';
import { nearBound, Shelf } from './shelf.js';
import { Truth } from './truth.js';

class Server {
  readonly #truth: Truth;
  readonly #shelves: readonly Shelf[];
  readonly #player: Player;

  constructor({ server, servers, urls, deadline, near, truth, clocks, seed, mutant }: Setting) {
    if (mutant !== undefined) applyMutant(mutant);
    const clock = clockOf(server, clocks);
    this.#truth = new Truth(truth, servers, server);
    this.#shelves = urls.map(
      (url, index) =>
        new Shelf(url, { deadline, near }, clock, this.#truth, new Random(seed, server, 'loads', index), (error) =>
          this.#player.fail('the store', error),
        ),
    );
    this.#player = new Player(seed, server, servers, this.#truth, this.#shelves, near ? nearBound : undefined, clock);
  }

  async follow(order: Exclude<Order, { do: 'open' }>): Promise<Answer> {
    if (order.do === 'close') return this.#close();
    if (order.do === 'play') {
      await Promise.all(order.episodes.map((episode) => this.#player.play(episode)));
      return {};
    }
    if (order.do === 'quiet') {
      await this.quiet();
      return {};
    }
    await Promise.all(order.episodes.map((episode) => this.#player.settle(episode, order.isFirst)));
    return { findings: this.#player.take() };
  }

  /** Resolves when every cache has its store, and nothing that it still has to tell it. */
  async quiet(): Promise<void> {
    await Promise.all(this.#shelves.map((shelf) => shelf.quiet()));
  }

  async #close(): Promise<Answer> {
    const findings = this.#player.take();
    for (const shelf of this.#shelves) await addStats(findings, shelf);
    await Promise.all(this.#shelves.map((shelf) => shelf.close()));
    this.#truth.close();
    return { findings };
  }
}

/** The clock that a server's caches are given, and `Date` as wrong as it should be. */
function clockOf(server: number, clocks: string | undefined): GivenClock {
  const none = { skew: 0, asleep: 0 };
  if (clocks === undefined) return new GivenClock(() => none);
  const errors = new ClockErrors(clocks);
  const error = (): ClockError => errors.read(server);
  if (!skewsDate(server)) return new GivenClock(error);
  skewDate(error);
  return new GivenClock(() => none);
}

async function addStats(findings: Findings, shelf: Shelf): Promise<void> {
  const { hits, near, stale, misses, missesBy, loads, shared, fills, refused, refusedBy, storeFaults } =
    await shelf.stats();
  for (const [name, count] of Object.entries({
    hits,
    'near hits': near,
    'hits within grace': stale,
    misses,
    loads,
    shared,
    fills,
    refused,
    'store faults': storeFaults,
  }))
    addTo(findings.counts, name, count);
  for (const [reason, count] of Object.entries(missesBy)) addTo(findings.counts, `misses: ${reason}`, count);
  for (const [reason, count] of Object.entries(refusedBy)) addTo(findings.counts, `refused: ${reason}`, count);
}

let server: Server | undefined;

async function answer(order: Order): Promise<Answer> {
  if (order.do === 'open') {
    server = new Server(order.setting);
    await server.quiet();
    return {};
  }
  if (!server) throw new Error('a server must be opened first');
  return server.follow(order);
}

/** What nobody caught is the run's failure, not a line on a terminal. */
let uncaught: string | undefined;
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (error: unknown) => {
    uncaught ??= `${event}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  });
}

process.on('message', (order: Order) => {
  const send = (reply: Answer): void => {
    process.send?.(uncaught === undefined ? reply : { failure: uncaught });
    if (order.do === 'close') process.disconnect();
  };
  answer(order).then(send, (error: unknown) =>
    send({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
