/**
 * The read-through twin of a domain read.
 *
 *  1. Look. Warm: return it.
 *  2. Cold: ask the store for the lease, with a token of one's own. It is granted, or the store names the token that holds
 *     it. If that is the token of this process's own flight, join: the store has said, since this caller came, that no
 *     write has voided the lease. Another process's: look and ask again (20 → 100 ms) for at most `wait`.
 *  3. Granted: look once more (a value may have appeared between 1 and 2), then load, with an `AbortSignal` and a hard
 *     limit, the lease kept alive.
 *  4. Fill by the domain's own script, which stores only while the lease still holds the token. Every write of the object
 *     deletes the lease, so a load that a write overtook is refused: its value goes to those who had joined, nowhere else.
 *
 * Without the store's word (away, a write kept, waited too long) the loader answers and nothing is stored; such loads are
 * shared only by callers who come before they begin.
 */
import { Load, until, type LoadContext } from '../../cache/load.js';
import { observed } from '../../cache/read-through.js';
import type { Clock } from '../../core/clock.js';
import { StoreError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import { Flight, type Told } from './boarding.js';
import type { DomainCall } from './call.js';
import type { Found, Ground } from './ground.js';
import { askLease, giveBack, keepAlive, type Lease } from './lease.js';

/** What a domain's loader is given. `signal` is aborted at the hard limit, or when nobody waits any more. */
export type DomainLoadContext = Pick<LoadContext, 'signal'>;

/**
 * What is read through. `T` may be an encoded form, which the domain decodes for each of its callers: what was loaded for
 * one is handed to all who joined.
 */
export interface Through<T> {
  /** What it is stored under; `ground.lease(key)` is its lease. */
  readonly key: string;
  /** Other keys whose kept writes make it cold too, such as that of the room which it is a view of. */
  readonly within?: readonly string[];
  /** Tells apart reads of one key whose values differ, such as by a limit: they wait for each other, but do not share. */
  readonly shape?: string;
  /** What is stored; `undefined` when cold. */
  readonly look: (call: CallOptions) => Promise<T | undefined>;
  /** What must be known of the store, under the lease, before the source is read. When it rejects with `StoreError`, what is loaded is not stored. */
  readonly before?: (lease: Lease, call: CallOptions) => Promise<void>;
  /** Reads the source of truth. `undefined` is returned, and not stored. */
  readonly load: (context: DomainLoadContext) => Promise<T> | T;
  /** Stores a value under the lease: the bytes stored, or `voided` when the lease no longer holds the token. */
  readonly fill: (value: T, lease: Lease, call: CallOptions) => Promise<number | 'voided'>;
}

/** Milliseconds between questions while another process holds the lease. */
const firstPause = 20;
const longestPause = 100;

/** Rejects with what the loader raised, with `LoadTimeoutError`, or when the caller gives up. Three round trips and a load when cold. */
export async function readThrough<T>(ground: Ground, through: Through<T>, call: DomainCall): Promise<T> {
  const { clock, tally } = ground;
  const start = tally.start();
  let found = await lookUp(ground, through, call);
  ground.tell(through.key, found, start);
  if (found.reason === undefined) return found.value;
  const end = clock.monotonic() + call.wait;
  for (let pause = firstPause; found.reason === 'absent'; pause = Math.min(pause * 1.5, longestPause)) {
    const boarded = await board(ground, through, call);
    if (boarded === 'away') break;
    // In one step with joining: the last who waited may have gone since the store's word.
    if (boarded !== 'elsewhere' && !boarded.flight.isOver) return fly(ground, through, call, boarded);
    if (clock.monotonic() + pause > end) break;
    await until(call.signal, sleep(clock, pause));
    found = await lookUp(ground, through, call);
    if (found.reason === undefined) {
      tally.share(ground.told(through.key));
      return found.value;
    }
  }
  return loadUnleased(ground, through, call);
}

interface Boarded {
  readonly flight: Flight;
  readonly isNew: boolean;
}

/** The flight to share, begun here if the lease was granted; `elsewhere` when another process has it. */
async function board<T>(
  ground: Ground,
  through: Through<T>,
  call: DomainCall,
): Promise<Boarded | 'elsewhere' | 'away'> {
  const { flights, questions } = ground.boarding;
  const id = idOf(through);
  let told: Told;
  try {
    told = await until(
      call.signal,
      questions.ask(id, () => ask(ground, ground.lease(through.key), call.deadline)),
    );
  } catch (error) {
    if (call.signal?.aborted) throw error;
    ground.tally.storeFault('lease', error);
    return 'away';
  }
  const { answer } = told;
  if ('lease' in answer) {
    const isNew = told.flight === undefined;
    told.flight ??= launch(ground, through, call, answer.lease);
    return { flight: told.flight, isNew };
  }
  const flight = flights.get(id);
  return flight?.lease.token === answer.holder ? { flight, isNew: false } : 'elsewhere';
}

/** Asks on behalf of all who are waiting; gives the lease back when all of them have gone by the time of the answer. */
async function ask({ store }: Ground, name: string, deadline: number | undefined): Promise<Told> {
  const answer = await askLease(store, name, { deadline });
  const told: Told = { answer };
  if ('lease' in answer)
    setImmediate(() => {
      if (!told.flight) giveBack(store, answer.lease);
    });
  return told;
}

function launch<T>(ground: Ground, through: Through<T>, call: DomainCall, lease: Lease): Flight {
  const { flights } = ground.boarding;
  const id = idOf(through);
  const land = (): void => {
    flight.isOver = true;
    if (flights.get(id) === flight) flights.delete(id);
  };
  const flight = new Flight(lease, async (end) => {
    end.addEventListener('abort', land, { once: true });
    const stop = keepAlive(ground.store, ground.clock, lease);
    try {
      return await loadAndFill(ground, through, call, lease, end);
    } catch (error) {
      giveBack(ground.store, lease);
      throw error;
    } finally {
      stop();
      land();
    }
  });
  flights.set(id, flight);
  return flight;
}

async function fly<T>(ground: Ground, through: Through<T>, call: DomainCall, { flight, isNew }: Boarded): Promise<T> {
  const outcome = flight.turn.wait(call.signal);
  if (isNew) void flight.turn.begin();
  const value = await outcome;
  if (!isNew) ground.tally.share(ground.told(through.key));
  return value as T;
}

async function loadAndFill<T>(
  ground: Ground,
  through: Through<T>,
  { deadline, hard }: DomainCall,
  lease: Lease,
  end: AbortSignal,
): Promise<T> {
  const { store, tally } = ground;
  const key = ground.told(through.key);
  const appeared = await lookUp(ground, through, { deadline, signal: end });
  if (appeared.reason === undefined) {
    giveBack(store, lease);
    return appeared.value;
  }
  const isReady = await prepared(ground, through, lease, { deadline, signal: end });
  const value = await loaded(ground, through, hard, true, end);
  if (!isReady) {
    tally.refuse(key, 'store');
    giveBack(store, lease);
    return value;
  }
  if (value === undefined) {
    giveBack(store, lease);
    return value;
  }
  // A server that has taken over may hold the lease, and have forgotten what voided it.
  if (store.epoch !== lease.epoch || ground.kept.covers(through.key, ...(through.within ?? []))) {
    tally.refuse(key, 'voided');
    giveBack(store, lease);
    return value;
  }
  try {
    const stored = await through.fill(value, lease, { deadline });
    if (stored === 'voided') tally.refuse(key, 'voided');
    else tally.fill(key, stored);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    tally.storeFault('fill', error);
    tally.refuse(key, 'store');
    giveBack(store, lease);
  }
  return value;
}

/** Does what must be done before the load; false when the store failed it. */
async function prepared(
  ground: Ground,
  { before }: Pick<Through<never>, 'before'>,
  lease: Lease,
  call: CallOptions,
): Promise<boolean> {
  try {
    await before?.(lease, call);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    ground.tally.storeFault('lease', error);
    return false;
  }
}

function lookUp<T>(ground: Ground, { key, look, within }: Through<T>, call: CallOptions): Promise<Found<T>> {
  return ground.find(key, call, look, within);
}

function loadUnleased<T>(ground: Ground, through: Through<T>, call: DomainCall): Promise<T> {
  return ground.unleased.run(
    idOf(through),
    async (end) => {
      const value = await loaded(ground, through, call.hard, false, end);
      ground.tally.refuse(ground.told(through.key), 'unleased');
      return value;
    },
    call.signal,
  );
}

async function loaded<T>(
  ground: Ground,
  { key, load }: Through<T>,
  hard: number,
  leased: boolean,
  end: AbortSignal,
): Promise<T> {
  const { clock } = ground;
  const told = ground.told(key);
  const running = new Load({ key: told, load, hard, clock, end });
  return (await observed({ clock }, running, told, ground, leased)).value as T;
}

function idOf({ key, shape = '' }: Pick<Through<never>, 'key' | 'shape'>): string {
  return `${key} ${shape}`;
}

function sleep(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.after(milliseconds, resolve));
}
