import { plotOf, type Episode, type Plot } from './episode.js';
import { addTo, note, noteError, noteLate, noteMiss, noFindings, type Breach, type Findings } from './findings.js';
import type { Family } from './kinds.js';
import { pause, Random } from './random.js';
import { glancing, keyOf, mayBeNear, readingNames, readings, type Reading } from './reading.js';
import type { Shelf, Value } from './shelf.js';
import type { GivenClock } from './clocks.js';
import { higher, lags, moment, type Look, type Truth, type Versions } from './truth.js';
import { invalidatings } from './writing.js';

/** What stood of a row when a read of it began. */
interface Seen {
  readonly look: Look;
  /** What the cache alone had promised. */
  readonly kept: Versions | undefined;
  readonly began: number;
  /** When the turn of the event loop began in which the read did: memory may have looked at the clock then. */
  readonly turnBegan: number;
}

/** After a read where there is memory: how often at most somebody else reads the same at once. Memory answers whom the store has answered before. */
const mostGlances = 3;

/** Plays this server's part of episodes: its writers and readers, on any of its caches. */
export class Player {
  readonly #seed: number;
  readonly #server: number;
  readonly #servers: number;
  readonly #truth: Truth;
  readonly #shelves: readonly Shelf[];
  /** Milliseconds for which memory may lag behind other processes; absent without a memory tier. */
  readonly #bound: number | undefined;
  readonly #clock: GivenClock;
  #findings: Findings = noFindings();

  constructor(
    seed: number,
    server: number,
    servers: number,
    truth: Truth,
    shelves: readonly Shelf[],
    bound: number | undefined,
    clock: GivenClock,
  ) {
    this.#seed = seed;
    this.#server = server;
    this.#servers = servers;
    this.#truth = truth;
    this.#shelves = shelves;
    this.#bound = bound;
    this.#clock = clock;
  }

  /** What was found since the last time. */
  take(): Findings {
    const findings = this.#findings;
    this.#findings = noFindings();
    return findings;
  }

  fail(where: string, error: unknown): void {
    noteError(this.#findings, where, error);
  }

  async play(episode: Episode): Promise<void> {
    const plot = plotOf(this.#seed, episode, this.#servers, this.#bound !== undefined);
    const writers = plot.writers.filter((server) => server === this.#server);
    await Promise.all([
      ...writers.map((_, index) => this.#write(episode, plot, this.#random(episode, 'writer', index))),
      ...Array.from({ length: plot.readersPerServer }, (_, index) =>
        this.#read(episode, plot, this.#random(episode, 'reader', index)),
      ),
    ]);
  }

  /** When all is quiet: what the cache serves must be the truth, and must come from the cache. */
  async settle(episode: Episode, isFirst: boolean): Promise<void> {
    const { family } = plotOf(this.#seed, episode, this.#servers, this.#bound !== undefined);
    for (const shelf of this.#shelves) {
      for (const row of episode.rows) {
        const place = { episode: episode.id, row };
        const key = keyOf(shelf, family, place);
        const held = await shelf.cache.get<Value>(key);
        if (held !== undefined && this.#bound !== undefined) this.#compare(shelf, episode, family, row, held);
        const left = await shelf.cache.get<Value>(key, { near: false });
        if (left !== undefined) {
          this.#findings[isFirst && shelf === this.#shelves[0] ? 'finalHits' : 'finalAgain']++;
          this.#compare(shelf, episode, family, row, left);
          continue;
        }
        const filled = await this.#fill(shelf, episode, family, row);
        if (filled) {
          this.#findings.finalFills++;
          this.#compare(shelf, episode, family, row, filled);
        } else noteMiss(this.#findings, await shelf.plight(family, place));
      }
    }
  }

  /** Loads a row and reads it from the cache; again after a while, since a busy machine may miss its deadlines. */
  async #fill(shelf: Shelf, episode: Episode, family: Family, row: number): Promise<Value | undefined> {
    const place = { episode: episode.id, row };
    for (let attempts = 20; attempts > 0; attempts--) {
      this.#compare(shelf, episode, family, row, await shelf.rows(family).get(place));
      const filled = await shelf.cache.get<Value>(keyOf(shelf, family, place));
      if (filled !== undefined) return filled;
      await new Promise((resolve) => setTimeout(resolve, 100));
      await shelf.quiet();
    }
    return undefined;
  }

  async #write(episode: Episode, plot: Plot, random: Random): Promise<void> {
    for (let commits = 2 + random.below(3); commits > 0; commits--) {
      await pause(random, plot.pace * 2);
      const shelf = random.pick(this.#shelves);
      const rows = random.some(episode.rows);
      for (const row of rows) this.#truth.commit(row);
      await pause(random, 2);
      const committed = rows.map((row) => this.#truth.read(row));
      const means = random.pick(plot.means);
      try {
        await invalidatings[means](
          shelf,
          plot.family,
          rows.map((row) => ({ episode: episode.id, row })),
          random,
        );
      } catch (error) {
        noteError(this.#findings, means, error);
        continue;
      }
      this.#findings.invalidations++;
      await Promise.all(rows.map((row, index) => shelf.promise(row, committed[index] ?? [])));
      // Whoever has written looks at it at once, perhaps through another cache.
      if (random.chance(0.7)) await this.#readOnce(episode, plot, random, rows);
    }
  }

  async #read(episode: Episode, plot: Plot, random: Random): Promise<void> {
    for (let reads = 5 + random.below(5); reads > 0; reads--) {
      await pause(random, plot.pace);
      await this.#readOnce(episode, plot, random, episode.rows);
      const glances = this.#bound === undefined ? 0 : random.below(mostGlances + 1);
      for (let glance = 0; glance < glances; glance++) {
        await pause(random, 2);
        await this.#readOnce(episode, plot, random, episode.rows, random.pick(glancing));
      }
    }
  }

  async #readOnce(
    episode: Episode,
    plot: Plot,
    random: Random,
    rows: readonly number[],
    reading = random.pick(readingNames),
  ): Promise<void> {
    const shelf = random.pick(this.#shelves);
    const chosen = reading.includes('Many') ? random.some(rows) : [random.pick(rows)];
    const began = moment();
    const turnBegan = Math.min(began, this.#clock.turnBegan);
    const seen = chosen.map((row): Seen => ({ look: this.#truth.look(row), kept: shelf.kept(row), began, turnBegan }));
    let values: readonly (Value | undefined)[];
    try {
      values = await (readings[reading] as Reading)(
        shelf,
        plot.family,
        chosen.map((row) => ({ episode: episode.id, row })),
        random,
      );
    } catch (error) {
      noteError(this.#findings, reading, error);
      return;
    }
    this.#findings.reads += chosen.length;
    addTo(this.#findings.readings, reading, chosen.length);
    for (const [index, row] of chosen.entries()) {
      const value = values[index];
      if (value !== undefined) this.#judge(shelf, episode, plot.family, reading, row, value, seen[index] as Seen);
    }
  }

  #judge(shelf: Shelf, episode: Episode, family: Family, reading: string, row: number, value: Value, seen: Seen): void {
    this.#findings.values++;
    const { look, kept, began, turnBegan } = seen;
    const least = higher(look.floor(), kept);
    const breach = {
      server: this.#server,
      episode: episode.id,
      kind: episode.kind,
      family,
      reading,
      row,
      got: value,
      least,
    };
    if (!shelf.isReal(value, row, look)) return note(this.#findings, { ...breach, sort: 'false', age: 0 });
    if (!lags(value.versions, least)) return;
    const age = look.ageOf(value.versions, began);
    const isBehind = (by: number): boolean => lags(value.versions, higher(look.floor(by), kept));
    if (this.#bound === undefined || !mayBeNear(reading) || isBehind(turnBegan - this.#bound))
      note(this.#findings, { ...breach, sort: 'transient', age });
    else if (isBehind(began - this.#bound)) this.#findings.amidTurn++;
    else noteLate(this.#findings, age);
  }

  #compare(shelf: Shelf, episode: Episode, family: Family, row: number, value: Value): void {
    const truth = this.#truth.read(row);
    const breach: Omit<Breach, 'sort'> = {
      server: this.#server,
      episode: episode.id,
      kind: episode.kind,
      family,
      reading: 'when all is quiet',
      row,
      got: value,
      least: truth,
      age: 0,
    };
    if (!shelf.isReal(value, row, this.#truth.look(row))) note(this.#findings, { ...breach, sort: 'false' });
    else if (lags(value.versions, truth))
      note(this.#findings, {
        ...breach,
        sort: 'permanent',
        age: this.#truth.look(row).ageOf(value.versions, moment()),
      });
  }

  #random(episode: Episode, role: string, index: number): Random {
    return new Random(this.#seed, episode.id, this.#server, role, index);
  }
}
