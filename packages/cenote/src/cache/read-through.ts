/**
 * Reading through: lookup, flight, lease, load, fill.
 *
 *  1. Look the entry up. Fresh: return it. Stale: return it and refresh behind, under a lease.
 *  2. Gone: share this process's flight if it may be shared (see `flight.ts`), else start one.
 *  3. A flight asks the store for the key's lease: granted, taken by another process (wait and ask again, at most
 *     `wait`: see `patience.ts`), or a value has appeared (look it up).
 *  4. Load under the lease, kept alive; bounded by `hard`.
 *  5. Fill under the lease: refused if it was voided meanwhile. The value goes to those who shared, and nowhere else.
 *
 * Without the store's word (away, on hold, waited too long) the loader still answers; its value is stored nowhere.
 */
import type { RefuseReason } from '../core/events.js';
import { LoadTimeoutError } from '../core/errors.js';
import { fill, prepare } from './fill.js';
import type { Give } from './payload.js';
import { Flight, type Outcome } from './flight.js';
import { wantedId, type Wanted } from './flights.js';
import { askLease, coolOff, Lease, leaseLife, type Asked } from './lease.js';
import { Load, until, type Loaded, type Loader } from './load.js';
import { isBypass, lookup, lookupThen, tell, type Found, type Gone, type Held } from './lookup.js';
import { Patience } from './patience.js';
import type { Call, Plan } from './plan.js';
import type { Scope } from './scope.js';
import { mergeTags, resolveTags } from './tags.js';
import { runAlone } from './unleased.js';

/** How often a caller looks again when values keep vanishing under it, before it loads without storing. */
const mostLooks = 8;

export function readThrough(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  load: Loader,
  call: Call,
  isDue = false,
): Promise<unknown> {
  const start = plan.tally.start();
  return lookupThen(scope, wanted, plan, call, (found) => {
    tell(plan, wanted.key, found, start);
    if (found.state === 'gone') return fetch(scope, wanted, plan, load, call, found);
    if (found.state === 'stale') return answerStale(scope, wanted, plan, load, call, found);
    if (isDue || isEarly(scope, found, plan)) refreshBehind(scope, wanted, plan, load, found);
    return found.value;
  });
}

export function isEarly({ store }: Scope, { head }: Held, plan: Plan): boolean {
  return plan.early !== undefined && head !== undefined && plan.early(head.freshUntil, head.cost, store.now());
}

/** Refreshes what is there, unless this process does so already; the lease sees to it that no other does. */
export function refreshBehind(scope: Scope, wanted: Wanted, plan: Plan, load: Loader, found: Held): Flight | undefined {
  if (!plan.fill) return undefined;
  return scope.common.flights.get(wanted) ?? launch(scope, wanted, plan, load, 'refresh', found);
}

/** Loads now, whatever is stored, under a lease of its own that voids any other; joins nobody. */
export async function refresh(scope: Scope, wanted: Wanted, plan: Plan, load: Loader, call: Call): Promise<unknown> {
  const found = await lookup(scope, wanted, plan, call);
  if (isBypass(found)) return loadUnleased(scope, wanted, plan, load, call);
  const outcome = await launch(scope, wanted, plan, load, 'force', found).share(call.signal);
  return outcome.kind === 'value' ? outcome.give() : loadUnleased(scope, wanted, plan, load, call);
}

/** A stale value at once, or a fresh one if it comes within `soft`. */
export async function answerStale(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  load: Loader,
  call: Call,
  found: Held,
): Promise<unknown> {
  const { soft } = plan.limits;
  const flight = refreshBehind(scope, wanted, plan, load, found);
  if (soft === undefined || !flight) return found.value;
  const isOurs = await flight.mayJoin().catch(() => false);
  const patience = new Promise<undefined>((resolve) => void scope.clock.after(soft, () => resolve(undefined)));
  const fresh = isOurs ? flight.outcome.catch(() => undefined) : undefined;
  const outcome = await until(call.signal, Promise.race([fresh, patience]));
  return outcome?.kind === 'value' ? outcome.give() : found.value;
}

/** The way of a miss: share, or fly, or load without the store. */
export async function fetch(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  load: Loader,
  call: Call,
  first: Gone,
): Promise<unknown> {
  if (!plan.fill) return loadAlone(scope, wanted, plan, load, call);
  let found = first;
  for (let looks = 1; looks < mostLooks && !isBypass(found); looks++) {
    const { flight, isShared } = await board(scope, wanted, plan, load, found);
    const outcome = await flight?.share(call.signal);
    if (outcome === undefined || outcome.kind === 'unleased') break;
    if (outcome.kind === 'value' && !(isShared && outcome.isLate)) {
      if (isShared) plan.tally.share(wanted.key.raw);
      return outcome.give();
    }
    const next = await lookup(scope, wanted, plan, call);
    if (next.state !== 'gone') {
      plan.tally.share(wanted.key.raw);
      return next.value;
    }
    found = next;
  }
  return loadUnleased(scope, wanted, plan, load, call);
}

interface Boarding {
  /** Absent when the store had no word on the flight that is under way. */
  readonly flight: Flight | undefined;
  readonly isShared: boolean;
}

/** This process's flight if it may be shared, else a new one. */
async function board(scope: Scope, wanted: Wanted, plan: Plan, load: Loader, found: Gone): Promise<Boarding> {
  const { flights } = scope.common;
  for (;;) {
    const flight = flights.get(wanted);
    // No await between looking and launching: two callers of one moment must not both launch.
    if (!flight) return { flight: launch(scope, wanted, plan, load, 'absent', found), isShared: false };
    try {
      if (await flight.mayJoin()) return { flight, isShared: true };
    } catch (error) {
      plan.tally.storeFault('lease', error);
      return { flight: undefined, isShared: false };
    }
    flights.delete(wanted, flight);
  }
}

function launch(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  load: Loader,
  mode: 'absent' | 'refresh' | 'force',
  found: Found,
): Flight {
  const { flights } = scope.common;
  const flight = new Flight(mode === 'refresh');
  flights.set(wanted, flight);
  flight.outcome = fly(scope, wanted, plan, load, mode, found, flight);
  const land = (): void => flights.delete(wanted, flight);
  // Sharers see a failure through `share`; here it only must not count as unhandled when all of them have gone.
  flight.outcome.then(land, land);
  return flight;
}

/** From the lease to the fill. Rejects with what the loader raised. */
async function fly(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  load: Loader,
  mode: 'absent' | 'refresh' | 'force',
  found: Found,
  flight: Flight,
): Promise<Outcome> {
  const lease = await waitForLease(scope, wanted, plan, mode, found, flight);
  if (!(lease instanceof Lease)) return { kind: lease };
  if (flight.isAbandoned) {
    void lease.release();
    return { kind: 'again' };
  }
  const stale = found.state === 'stale' ? found.value : undefined;
  const under = { leases: [lease], key: wanted.key.raw, stale, cool: mode === 'refresh' ? coolOff : 0 };
  const { loaded, refuse } = await loadUnder(scope, under, plan, load, (running) => flight.begin(lease, running));
  const ended = { lease, loaded, refuse: flight.isDoomed ? ('voided' as const) : refuse, replaces: mode !== 'absent' };
  const [give] = await fill(scope, [ended], plan);
  return { kind: 'value', give: give as Give, isLate: loaded.wishes.late };
}

/** Asks until the lease is granted, a value has appeared, or `wait` is over. */
async function waitForLease(
  scope: Scope,
  wanted: Wanted,
  plan: Plan,
  mode: 'absent' | 'refresh' | 'force',
  found: Found,
  flight: Flight,
): Promise<Lease | 'again' | 'unleased'> {
  const patience = new Patience(scope, wanted.key, plan.limits.wait);
  try {
    for (;;) {
      const asked = await askFor(scope, wanted, plan, mode, found).catch((error: unknown) => {
        plan.tally.storeFault('lease', error);
        return undefined;
      });
      if (asked instanceof Lease) return asked;
      if (asked === undefined || asked === 'held') return 'unleased';
      if (asked === 'present' || mode === 'refresh' || flight.isAbandoned) return 'again';
      if (!(await patience.pause())) return 'unleased';
      if (flight.isAbandoned) return 'again';
    }
  } finally {
    patience.end();
  }
}

/** Asks for a key's lease once, capturing the tags its caller names and those it is known to have had. */
export function askFor(
  scope: Scope,
  { key, tags }: Wanted,
  plan: Plan,
  mode: 'absent' | 'refresh' | 'force',
  found: Found,
): Promise<Asked> {
  const { common } = scope;
  const known = mergeTags(found.state === 'gone' ? (found.tags ?? []) : [], common.lateTags.get(key.stored) ?? []);
  return askLease(scope, {
    key,
    mode,
    rejected: found.state === 'gone' ? found.rejected : found.head?.id,
    tags: mergeTags(tags, known),
    tagLife: plan.ttl + plan.grace + plan.limits.hard,
    deadline: plan.limits.store,
  });
}

export interface Under {
  readonly leases: readonly Lease[];
  /** Names the load in errors and events. */
  readonly key: string;
  readonly stale?: unknown;
  /** Milliseconds for which refreshers stay away if it fails. */
  readonly cool: number;
}

/** Runs a loader under its leases, which are kept alive and given back if it fails. Rejects with what it raised. */
export async function loadUnder(
  scope: Scope,
  under: Under,
  plan: Plan,
  load: Loader,
  begin: (load: Load) => void,
): Promise<{ loaded: Loaded; refuse: RefuseReason | undefined }> {
  const { leases, key } = under;
  const tags = new LoaderTags(scope, leases);
  const running = new Load({
    key,
    load,
    hard: plan.limits.hard,
    clock: scope.clock,
    stale: under.stale,
    capture: (names) => tags.capture(names),
  });
  begin(running);
  const stop = keepAlive(scope, leases);
  try {
    const loaded = await observed(scope, running, key, plan, true);
    if (loaded.wishes.late) tags.remember();
    return { loaded, refuse: loaded.wishes.late ? 'late-tag' : tags.refuse };
  } catch (error) {
    for (const lease of leases) void lease.release(under.cool);
    throw error;
  } finally {
    stop();
  }
}

/** The tags that a loader names, captured for each of its leases. */
class LoaderTags {
  refuse: RefuseReason | undefined;
  readonly #scope: Scope;
  readonly #leases: readonly Lease[];
  #named: ReturnType<typeof resolveTags> = [];

  constructor(scope: Scope, leases: readonly Lease[]) {
    this.#scope = scope;
    this.#leases = leases;
  }

  capture(names: readonly string[]): { known: boolean; done: Promise<void> } {
    const tags = resolveTags(this.#scope.common.names, names, 'addTags');
    this.#named = mergeTags(this.#named, tags);
    const lacking = this.#leases
      .map((lease) => ({ lease, tags: tags.filter((tag) => !lease.versions.has(tag.key)) }))
      .filter((one) => one.tags.length > 0);
    return { known: lacking.length === 0, done: this.#captureAll(lacking) };
  }

  /** Has the next load of these keys capture them before it reads. */
  remember(): void {
    for (const lease of this.#leases) this.#scope.common.lateTags.set(lease.key.stored, this.#named);
  }

  async #captureAll(lacking: readonly { lease: Lease; tags: ReturnType<typeof resolveTags> }[]): Promise<void> {
    try {
      const captured = await Promise.all(lacking.map(({ lease, tags }) => lease.capture(tags)));
      if (captured.includes(false)) this.refuse = 'held';
    } catch {
      this.refuse = 'store';
    }
  }
}

/** Renews leases at a third of their life. What is lost shows at the fill. */
function keepAlive(scope: Scope, leases: readonly Lease[]): () => void {
  let cancel: () => void;
  const renewAll = (): void => {
    for (const lease of leases) lease.renew().catch(() => undefined);
    cancel = scope.clock.after(leaseLife / 3, renewAll);
  };
  cancel = scope.clock.after(leaseLife / 3, renewAll);
  return () => cancel();
}

/** A load's result, told to the tally. */
export async function observed(
  { clock }: Pick<Scope, 'clock'>,
  load: Load,
  key: string,
  { tally }: Pick<Plan, 'tally'>,
  leased: boolean,
): Promise<Loaded> {
  const start = clock.monotonic();
  try {
    const loaded = await load.result;
    const { value, wishes, cost } = loaded;
    tally.load(
      key,
      wishes.skip ? 'skip'
      : value === undefined || value === null ? 'negative'
      : 'value',
      leased,
      cost,
    );
    return loaded;
  } catch (error) {
    const outcome =
      error instanceof LoadTimeoutError ? 'timeout'
      : load.isAborted ? 'aborted'
      : 'error';
    tally.load(key, outcome, leased, clock.monotonic() - start, error);
    throw error;
  }
}

/** A load without the store's word: bounded, shared only before it begins, stored nowhere. */
async function loadUnleased(scope: Scope, wanted: Wanted, plan: Plan, load: Loader, call: Call): Promise<unknown> {
  const give = await scope.common.unleased.run(
    wantedId(wanted),
    async (end) => {
      const prepared = await giveUnstored(scope, wanted, plan, load, end);
      plan.tally.refuse(wanted.key.raw, 'unleased');
      return prepared;
    },
    call.signal,
  );
  return give();
}

/** A load for one caller alone, as inside its database transaction. */
async function loadAlone(scope: Scope, wanted: Wanted, plan: Plan, load: Loader, call: Call): Promise<unknown> {
  const give = await runAlone((end) => giveUnstored(scope, wanted, plan, load, end), call.signal);
  return give();
}

async function giveUnstored(scope: Scope, { key }: Wanted, plan: Plan, load: Loader, end: AbortSignal): Promise<Give> {
  const running = new Load({ key: key.raw, load, hard: plan.limits.hard, clock: scope.clock, end });
  const { value } = await observed(scope, running, key.raw, plan, false);
  return (await prepare(scope, key, value, plan)).give;
}
