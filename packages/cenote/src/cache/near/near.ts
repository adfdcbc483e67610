/**
 * This process's memory in front of the store: nearly as fast as a `Map`, and never older than an invalidation by more
 * than `bound`.
 *
 * Problem. A copy in memory goes wrong in three ways: nobody tells that the value has changed; somebody does, but before
 * the copy is made (the change overtakes the reply that carries the old value); or the telling stops and nobody notices.
 *
 * Idea. The store tells of each change on the connection that reads (`Store.watch`). Then three rules are enough:
 *
 * - TICKET. A read that may fill the tier takes a ticket before it is sent. A change of the key, of one of its tags, or a
 *   lost feed voids it. Only a valid ticket puts a value here: so a value is put only if no change was told between the
 *   moment before its read and the moment of putting, and whatever is told later removes it.
 * - ALIVE. The tier is served only while `now - aliveAt < bound`, where everything that changed before `aliveAt` has been
 *   told. In a silent partition it is passed by after `bound` at the latest.
 * - LOOK. A clock read would cost half of what a hit may. So the clock is read at the first hit of each turn of the event
 *   loop, and at every 64th hit within one. A process that was frozen wakes up in a turn that has not looked yet.
 *
 * Tags are judged without a round trip: each known tag is one shared object, good until its key changes; an entry holds
 * those that it was read under.
 *
 * A suspended machine stops the monotonic clock with the process, but not the wall clock: when the two disagree about how
 * much time has passed, nothing here is trusted until the next sign of life, and what is here is dropped.
 *
 * Cost of a hit: one `Map.get`, a few comparisons. Memory: see `shelf.ts`.
 */
import type { Clock } from '../../core/clock.js';
import { UsageError } from '../../core/errors.js';
import type { ChangeListener, Store, Watch } from '../../store/store.js';
import type { Names } from '../key.js';
import type { Give } from '../payload.js';
import type { Plan } from '../plan.js';
import type { Tag } from '../tags.js';
import { Changes, type Change } from './changes.js';
import { Shelf } from './shelf.js';

export interface NearOptions {
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly bound: number;
  /** Milliseconds that a copy lives at most; `Infinity` for as long as the entry is fresh. */
  readonly ttl: number;
  readonly tracking: 'default' | 'broadcast';
  /** How the caches that share the tier hand out what is in it. */
  readonly copy: 'freeze' | 'clone';
}

/** A tag as this process knows it: good from when it was first asked for, until it changes. */
interface TagState {
  isGood: boolean;
  /** Whether it was asked for again since it was last judged for its room. */
  isUsed: boolean;
  readonly key: string;
  readonly name: string;
}

/** What a value is wrapped in when there is more to know than itself. */
class Copy {
  readonly value: unknown;
  /** Present where each caller must get one of its own. */
  readonly give: Give | undefined;
  readonly plan: Plan;
  readonly tags: readonly TagState[];
  readonly freshUntil: number;
  readonly cost: number;

  constructor(fresh: FreshValue, plan: Plan, tags: readonly TagState[]) {
    this.value = fresh.value;
    this.give = fresh.give;
    this.plan = plan;
    this.tags = tags;
    this.freshUntil = fresh.freshUntil;
    this.cost = fresh.cost;
  }
}

/** What was read, good and fresh. */
export interface FreshValue {
  readonly value: unknown;
  readonly give: Give | undefined;
  readonly bytes: number;
  /** Epoch milliseconds on the store's clock. */
  readonly freshUntil: number;
  /** Milliseconds that loading took. */
  readonly cost: number;
}

/** The right to put what a read brings; see TICKET. */
export class Ticket {
  isValid = true;
  readonly raw: string;
  readonly tags: TagState[];

  constructor(raw: string, tags: TagState[]) {
    this.raw = raw;
    this.tags = tags;
  }
}

/** What `get` answers when it has nothing for the reader. */
export const absent = Symbol('absent');

/** What `get` answers for a good copy that is due for an early refresh. */
export const due = Symbol('due');

/** How many tags are known for each entry there is room for: a keyspace with groups has two or three on each. */
const tagsPerEntry = 3;

/** Hits within one turn of the event loop after which the clock is read again. */
const hitsPerLook = 64;

/** How many heartbeats fit into `bound`. */
const beatsPerBound = 4;

/** Milliseconds by which the two clocks may come apart between looks: steps of the wall clock count as suspicion too. */
const clockSlack = 100;

export class Near implements ChangeListener {
  readonly #store: Store;
  readonly #names: Names;
  readonly #clock: Clock;
  readonly #options: NearOptions;
  readonly #watch: Watch | undefined;
  readonly #shelf: Shelf<unknown>;
  readonly #tags = new Map<string, TagState>();
  /** Goes round the tags in the order in which they came; a new one at each step would walk over all that have left. */
  #oldestTags = this.#tags.values();
  readonly #tickets = new Map<string, Set<Ticket>>();
  readonly #changes = new Changes();
  /** Hits until the next look. */
  #credit = 0;
  #isAlive = false;
  #now = 0;
  #drift: number;
  #isDistrusted = false;
  #distrustedAt = 0;
  #turnEnds: NodeJS.Immediate | undefined;

  constructor(store: Store, names: Names, clock: Clock, options: NearOptions) {
    this.#store = store;
    this.#names = names;
    this.#clock = clock;
    this.#options = options;
    this.#shelf = new Shelf({ maxEntries: options.maxEntries, maxBytes: options.maxBytes });
    this.#drift = clock.now() - clock.monotonic();
    this.#watch = store.watch?.(this, {
      every: options.bound / beatsPerBound,
      mode: options.tracking,
      start: names.start,
    });
  }

  /**
   * The copy of a key's value as this reader may have it, else `absent` or `due`. It must have been checked by the
   * reader's schema and carry the tags that the reader names. One that names none has those of its plan in mind, which
   * every copy has that was put by the same plan.
   */
  get(raw: string, plan: Plan, tags: readonly string[] | undefined): unknown {
    if (this.#credit-- <= 0 && !this.#look()) return absent;
    const held = this.#shelf.get(raw, this.#now);
    if (held instanceof Copy) return this.#open(held, plan, tags);
    // Never undefined: such a value is wrapped.
    return held === undefined || plan.check !== undefined || plan.isTagged || tags?.length ? absent : held;
  }

  /** Taken before a read is sent, and given back by `close`. `undefined` while the feed is not known to be alive. */
  ticket(raw: string, tags: readonly Tag[]): Ticket | undefined {
    if (this.#credit-- <= 0 && !this.#look()) return undefined;
    const ticket = new Ticket(raw, this.#statesOf(tags));
    const others = this.#tickets.get(raw);
    if (others) others.add(ticket);
    else this.#tickets.set(raw, new Set([ticket]));
    return ticket;
  }

  /** Adds tags to a ticket, before they are asked for. */
  cover(ticket: Ticket, tags: readonly Tag[]): void {
    ticket.tags.push(...this.#statesOf(tags));
  }

  /** Keeps what a ticket's read brought, if nothing has changed since the ticket was taken. */
  put(ticket: Ticket, fresh: FreshValue, plan: Plan): void {
    if (!ticket.isValid || !this.#isAlive || ticket.tags.some((tag) => !tag.isGood)) return;
    const now = this.#store.now();
    const isPlain = fresh.value !== undefined && !fresh.give && !plan.check && !plan.early && ticket.tags.length === 0;
    const held = isPlain ? fresh.value : new Copy(fresh, plan, ticket.tags);
    this.#shelf.set(ticket.raw, held, fresh.bytes, Math.min(fresh.freshUntil, now + this.#options.ttl), now);
  }

  close(ticket: Ticket): void {
    const tickets = this.#tickets.get(ticket.raw);
    if (!tickets?.delete(ticket)) return;
    if (tickets.size === 0) this.#tickets.delete(ticket.raw);
  }

  /** This process invalidates a key: copies and tickets go, before the store is told and again after. */
  forget(raw: string): void {
    this.#shelf.delete(raw);
    this.#voidTickets(raw);
  }

  forgetTag(key: string): void {
    const state = this.#tags.get(key);
    if (!state) return;
    state.isGood = false;
    this.#tags.delete(key);
  }

  /** Everything goes: patterns are rare, and looking through the tier would cost more than filling it again. */
  forgetAll(): void {
    this.#shelf.clear();
    for (const tickets of this.#tickets.values()) for (const ticket of tickets) ticket.isValid = false;
    this.#tickets.clear();
    for (const state of this.#tags.values()) state.isGood = false;
    this.#tags.clear();
  }

  /** What will be told of these stored keys, for who waits for it; `undefined` while the feed is not known to be alive. */
  changeOf(stored: readonly string[]): Change | undefined {
    if (this.#credit-- <= 0 && !this.#look()) return undefined;
    return this.#changes.of(stored);
  }

  changed(stored: string): void {
    this.#changes.changed(stored);
    const raw = this.#names.raw(stored);
    if (raw === undefined) this.forgetTag(stored);
    else this.forget(raw);
  }

  lost(): void {
    this.#changes.lost();
    this.forgetAll();
    this.#isAlive = false;
    this.#credit = 0;
  }

  /** @throws UsageError when another cache of this store and prefix asks for another tier than this. */
  checkOptions(options: Partial<NearOptions>): void {
    for (const name of Object.keys(options) as (keyof NearOptions)[]) {
      if (options[name] !== this.#options[name])
        throw new UsageError(
          name === 'copy' ? 'options.copy' : `options.near.${name}`,
          options[name],
          `must be ${this.#options[name]}, as for the other caches of this store and prefix: they share one memory tier`,
        );
    }
  }

  #open(held: Copy, plan: Plan, tags: readonly string[] | undefined): unknown {
    for (const tag of held.tags) if (!tag.isGood) return absent;
    if (held.plan !== plan && (held.plan.check !== plan.check || (plan.isTagged && !tags))) return absent;
    if (tags) for (const tag of tags) if (!carries(held, tag)) return absent;
    if (plan.early?.(held.freshUntil, held.cost, this.#now)) return due;
    return held.give ? held.give() : held.value;
  }

  /** Reads the clocks, and says whether the tier may be served; see ALIVE and LOOK. There is credit only while it may. */
  #look(): boolean {
    const monotonic = this.#clock.monotonic();
    const aliveAt = this.#watch?.aliveAt ?? -Infinity;
    this.#noticeSuspension(monotonic, aliveAt);
    this.#isAlive = !this.#isDistrusted && monotonic - aliveAt < this.#options.bound;
    this.#credit = this.#isAlive ? hitsPerLook : 0;
    this.#now = this.#store.now();
    // With its reference: without, the loop may go on from timers to sleep in its poll, and whoever is called out of that,
    // by a request after a freeze perhaps, would still be in the turn that has looked.
    if (this.#turnEnds) return this.#isAlive;
    this.#turnEnds = setImmediate(() => {
      this.#turnEnds = undefined;
      this.#credit = 0;
    });
    return this.#isAlive;
  }

  #noticeSuspension(monotonic: number, aliveAt: number): void {
    const drift = this.#clock.now() - monotonic;
    if (Math.abs(drift - this.#drift) > clockSlack) {
      this.forgetAll();
      this.#isDistrusted = true;
      this.#distrustedAt = monotonic;
    }
    this.#drift = drift;
    if (this.#isDistrusted && aliveAt > this.#distrustedAt) this.#isDistrusted = false;
  }

  #statesOf(tags: readonly Tag[]): TagState[] {
    return tags.map(({ code, key }) => {
      const known = this.#tags.get(key);
      if (known) {
        known.isUsed = true;
        return known;
      }
      const state: TagState = { isGood: true, isUsed: false, key, name: decodeURIComponent(code) };
      this.#tags.set(key, state);
      if (this.#tags.size > tagsPerEntry * this.#options.maxEntries) this.#forgetOldestTag();
      return state;
    });
  }

  /**
   * Tags are bounded like entries; the copies under one that is dropped are dead, which is safe. One that was asked for
   * again has another round: the tag of a whole keyspace is its oldest, and all its copies are under it.
   */
  #forgetOldestTag(): void {
    for (;;) {
      const { value: oldest } = this.#oldestTags.next();
      if (!oldest) this.#oldestTags = this.#tags.values();
      else if (oldest.isUsed) this.#spare(oldest);
      else return this.forgetTag(oldest.key);
    }
  }

  #spare(tag: TagState): void {
    tag.isUsed = false;
    this.#tags.delete(tag.key);
    this.#tags.set(tag.key, tag);
  }

  #voidTickets(raw: string): void {
    const tickets = this.#tickets.get(raw);
    if (!tickets) return;
    for (const ticket of tickets) ticket.isValid = false;
    this.#tickets.delete(raw);
  }
}

function carries(held: Copy, tag: string): boolean {
  for (const { name } of held.tags) if (name === tag) return true;
  return false;
}
