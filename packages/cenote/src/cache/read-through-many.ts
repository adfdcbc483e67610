/** Reading many through: one batch of reads, one load for all that is missing, then the keys that others are loading. */
import type { ManyLoader } from './engine.js';
import { fill, prepare } from './fill.js';
import type { Give } from './payload.js';
import { Deferred } from '../core/deferred.js';
import { Flight, type Outcome } from './flight.js';
import type { Wanted } from './flights.js';
import { Lease } from './lease.js';
import { Load, until, type Loader } from './load.js';
import { due } from './near/near.js';
import { heldOf, isBypass, lookupMany, type Gone, type Held } from './lookup.js';
import type { Call, Plan } from './plan.js';
import { answerStale, askFor, fetch, isEarly, loadUnder, observed, refreshBehind } from './read-through.js';
import type { Scope } from './scope.js';
import { runAlone } from './unleased.js';

export async function readThroughMany(
  scope: Scope,
  wanted: readonly Wanted[],
  plan: Plan,
  load: ManyLoader,
  call: Call,
  near: readonly unknown[] = [],
): Promise<unknown[]> {
  const batch = new Batch(scope, wanted, plan, load, call);
  return batch.run(near);
}

type Together = Extract<ManyLoader, { together: unknown }>['together'];

interface Missing {
  readonly index: number;
  readonly found: Gone;
}

/** A flight of the batch, whose outcome is decided once the whole batch is. */
interface Ticket {
  readonly index: number;
  readonly flight: Flight;
  decide(outcome: Outcome): void;
  fail(error: unknown): void;
}

class Batch {
  readonly #scope: Scope;
  readonly #wanted: readonly Wanted[];
  readonly #plan: Plan;
  readonly #load: ManyLoader;
  readonly #call: Call;
  readonly #values: unknown[] = [];

  constructor(scope: Scope, wanted: readonly Wanted[], plan: Plan, load: ManyLoader, call: Call) {
    this.#scope = scope;
    this.#wanted = wanted;
    this.#plan = plan;
    this.#load = load;
    this.#call = call;
  }

  /** With what this process's memory answered for each, as `Near.get` does. */
  async run(near: readonly unknown[]): Promise<unknown[]> {
    const missing = await this.#lookup(near);
    const together = 'together' in this.#load ? this.#load.together : undefined;
    const waiting = together ? await this.#loadTogether(missing, together) : missing;
    for (const { index, found } of waiting) {
      this.#values[index] = fetch(this.#scope, this.#want(index), this.#plan, this.#single(index), this.#call, found);
    }
    return Promise.all(this.#values);
  }

  /** Loads what may be loaded now; returns what is to be waited for. */
  async #loadTogether(missing: readonly Missing[], load: Together): Promise<Missing[]> {
    const isFillable = ({ found }: Missing): boolean => this.#plan.fill && !isBypass(found);
    const { waiting, wordless } = await until(this.#call.signal, this.#loadGranted(missing.filter(isFillable), load));
    const alone = missing.filter((one) => !isFillable(one)).map(({ index }) => index);
    await this.#loadUnstored([...alone, ...wordless], load);
    return waiting;
  }

  /** Takes what is there; returns what is not. */
  async #lookup(near: readonly unknown[]): Promise<Missing[]> {
    const { tally } = this.#plan;
    const start = tally.start();
    const keys = this.#wanted.map((one) => one.key);
    const tags = this.#wanted.map((one) => one.tags);
    const held = near.map(heldOf);
    const all = await lookupMany(this.#scope, keys, tags, this.#plan, this.#call, held);
    const missing: Missing[] = [];
    for (const [index, found] of all.entries()) {
      const { key } = this.#want(index);
      if (found.state === 'gone') {
        tally.miss(key.raw, found.reason, start);
        missing.push({ index, found });
      } else {
        if (!held[index]) tally.hit(key.raw, found.state === 'stale', start);
        const answer = this.#answer(index, found, near[index] === due);
        // It may reject before the rest of the batch is there to be waited for together.
        if (answer instanceof Promise) answer.catch(() => undefined);
        this.#values[index] = answer;
      }
    }
    return missing;
  }

  #answer(index: number, found: Held, isDue: boolean): unknown {
    const wanted = this.#want(index);
    if (found.state === 'stale')
      return answerStale(this.#scope, wanted, this.#plan, this.#single(index), this.#call, found);
    if (isDue || isEarly(this.#scope, found, this.#plan))
      refreshBehind(this.#scope, wanted, this.#plan, this.#single(index), found);
    return found.value;
  }

  /** Asks for all leases at once, loads what was granted in one call, fills it. What another loads is waited for afterwards, so that two batches never wait for each other. */
  async #loadGranted(missing: readonly Missing[], load: Together): Promise<{ waiting: Missing[]; wordless: number[] }> {
    const { flights } = this.#scope.common;
    const waiting = missing.filter(({ index }) => flights.get(this.#want(index)) !== undefined);
    const ours = missing.filter(({ index }) => flights.get(this.#want(index)) === undefined);
    const wordless: number[] = [];
    const granted: { ticket: Ticket; lease: Lease }[] = [];
    await Promise.all(
      ours.map(async ({ index, found }) => {
        const ticket = this.#ticket(index);
        const asked = await askFor(this.#scope, this.#want(index), this.#plan, 'absent', found).catch(
          (error: unknown) => {
            this.#plan.tally.storeFault('lease', error);
            return 'held' as const;
          },
        );
        if (asked instanceof Lease) granted.push({ ticket, lease: asked });
        else {
          if (asked === 'held') wordless.push(index);
          else waiting.push({ index, found });
          ticket.decide({ kind: asked === 'held' ? 'unleased' : 'again' });
        }
      }),
    );
    if (granted.length > 0) await this.#loadAndFill(granted, load);
    return { waiting, wordless };
  }

  async #loadAndFill(granted: readonly { ticket: Ticket; lease: Lease }[], load: Together): Promise<void> {
    const indexes = granted.map(({ ticket }) => ticket.index);
    const leases = granted.map(({ lease }) => lease);
    try {
      const { loaded, refuse } = await loadUnder(
        this.#scope,
        { leases, key: leases[0]?.key.raw ?? '', cool: 0 },
        this.#plan,
        (context) => load(indexes, context),
        (running) => granted.forEach(({ ticket, lease }) => ticket.flight.begin(lease, running)),
      );
      const values = loaded.value as readonly unknown[];
      const ended = granted.map(({ ticket, lease }, place) => ({
        lease,
        loaded: { ...loaded, value: values[place] },
        refuse: ticket.flight.isDoomed ? ('voided' as const) : refuse,
      }));
      const gives = await fill(this.#scope, ended, this.#plan);
      for (const [place, { ticket }] of granted.entries()) {
        const give = gives[place] as Give;
        this.#values[ticket.index] = give();
        ticket.decide({ kind: 'value', give, isLate: loaded.wishes.late });
      }
    } catch (error) {
      for (const { ticket } of granted) ticket.fail(error);
      throw error;
    }
  }

  /** Registers a flight, so that single callers of the same key share this batch's load. */
  #ticket(index: number): Ticket {
    const { flights } = this.#scope.common;
    const wanted = this.#want(index);
    // A caller of one key that leaves must not end the load of all.
    const flight = new Flight(true);
    const { promise, resolve, reject } = new Deferred<Outcome>();
    flight.outcome = promise;
    const land = (): void => flights.delete(wanted, flight);
    flight.outcome.then(land, land);
    flights.set(wanted, flight);
    return { index, flight, decide: resolve, fail: reject };
  }

  /** What the store has no word on, in one load that is stored nowhere. */
  async #loadUnstored(indexes: readonly number[], together: Together): Promise<void> {
    if (indexes.length === 0) return;
    const { common, clock } = this.#scope;
    const plan = this.#plan;
    const keys = indexes.map((index) => this.#want(index).key);
    const id = JSON.stringify(keys.map((key) => key.stored));
    const load = async (end: AbortSignal): Promise<readonly unknown[]> => {
      const running = new Load({
        key: keys[0]?.raw ?? '',
        load: (context) => together(indexes, context),
        hard: plan.limits.hard,
        clock,
        end,
      });
      const { value } = await observed(this.#scope, running, keys[0]?.raw ?? '', plan, false);
      return value as readonly unknown[];
    };
    const { signal } = this.#call;
    const values = await (plan.fill ? common.unleased.run(id, load, signal) : runAlone(load, signal));
    for (const [place, index] of indexes.entries()) {
      const key = keys[place];
      if (!key) continue;
      if (plan.fill) plan.tally.refuse(key.raw, 'unleased');
      this.#values[index] = (await prepare(this.#scope, key, values[place], plan)).give();
    }
  }

  #single(index: number): Loader {
    const load = this.#load;
    return 'each' in load ?
        (context) => load.each(index, context)
      : async (context) => (await load.together([index], context))[0];
  }

  #want(index: number): Wanted {
    return this.#wanted[index] as Wanted;
  }
}
