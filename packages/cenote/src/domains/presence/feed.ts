import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { askShards } from './ask.js';
import type { KnownStatus } from './change.js';
import { changesAfter, type FeedChange, type FeedPage } from './changes.js';
import { hour, mostChanges } from './record.js';
import { everyShard } from './shards.js';

/** A user's status has changed. */
export interface PresenceChange {
  readonly userId: string;
  readonly status: KnownStatus;
  /** When, by the store's clock; ahead by some milliseconds where changes come thick and fast. */
  readonly at: Date;
  /** Whether this cache made the change; the others come from the feed. */
  readonly own: boolean;
}

/** Changes may have been missed: read again what you show. */
export interface PresenceGap {
  /** `overrun`: there were more changes since the last look than are kept · `restart`: the feed began anew, or could not be read at first. */
  readonly reason: 'overrun' | 'restart';
}

export interface PresenceEvents {
  readonly change: PresenceChange;
  readonly gap: PresenceGap;
}

type Listener<Name extends keyof PresenceEvents> = (event: PresenceEvents[Name]) => void;

/** How far the feed of a shard has been read. */
interface Place {
  position: string;
  /** On the monotonic clock: a feed that was not read for an hour may have expired and begun anew. */
  readAt: number;
  /** What listeners know of users that the position has not reached: older changes of theirs are no news. */
  readonly known: Map<string, number>;
}

/**
 * Who is told of changes, and what of. Own changes are told at once, by `tell`. Those of others are read from the feeds of
 * the shards when `poll` is called, each after the one before; an older change never comes after a newer one of its user.
 */
export class Feed {
  readonly #ground: Ground;
  readonly #who: string;
  readonly #listeners = { change: new Set<Listener<'change'>>(), gap: new Set<Listener<'gap'>>() };
  #places = new Map<number, Place>();
  #epoch: string | undefined;
  #isFirst = true;
  #polling: Promise<void> | undefined;

  /** @param who is what own changes are signed with; those of sweeps have a dot and a number behind it. */
  constructor(ground: Ground, who: string) {
    this.#ground = ground;
    this.#who = who;
  }

  on<Name extends keyof PresenceEvents>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners[name] as Set<Listener<Name>>;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Tells of a change of one's own. */
  tell(shard: number, number: number, userId: string, status: KnownStatus): void {
    const known = this.#places.get(shard)?.known;
    known?.delete(userId);
    known?.set(userId, number);
    // Beyond what the feed keeps there is a gap anyway.
    if (known && known.size > mostChanges) known.delete(known.keys().next().value as string);
    this.#emit('change', { userId, status, at: new Date(number), own: true });
  }

  /** Reads what others have changed since the last time. One poll at a time; who asks meanwhile waits for it. */
  poll(call: CallOptions): Promise<void> {
    return (this.#polling ??= this.#poll(call).finally(() => (this.#polling = undefined)));
  }

  async #poll(call: CallOptions): Promise<void> {
    const pages = await askShards(this.#ground, call, everyShard, (some, epoch) => {
      if (this.#epoch !== epoch) {
        this.#epoch = epoch;
        this.#places = new Map();
      }
      const asked = some.map(({ shard, keys: { feed } }) => ({
        feed,
        position: this.#places.get(shard)?.position ?? '',
      }));
      return this.#ground.store.run(changesAfter, asked, call);
    });
    const gaps = new Set<PresenceGap['reason']>();
    for (const [shard, page] of pages.entries()) if (page) this.#read(shard, page, gaps);
    // Told last: who reads statuses now reads them as of the new positions or later.
    for (const reason of gaps) this.#emit('gap', { reason });
    this.#isFirst = false;
  }

  #read(shard: number, { gap, position, changes }: FeedPage, gaps: Set<PresenceGap['reason']>): void {
    const readAt = this.#ground.clock.monotonic();
    const place = this.#places.get(shard);
    if (!place) {
      this.#places.set(shard, { position, readAt, known: new Map() });
      if (!this.#isFirst) gaps.add('restart');
      return;
    }
    if (gap || readAt - place.readAt > hour) gaps.add('overrun');
    place.position = position;
    place.readAt = readAt;
    for (const change of changes) if (this.#isNews(place, change)) this.#announce(change);
    for (const [user, number] of place.known) if (number <= Number(position)) place.known.delete(user);
  }

  /** An own sweep whose answer was lost asks again by itself. */
  #isNews({ known }: Place, { user, number, who }: FeedChange): boolean {
    return number > (known.get(user) ?? 0) && !who.startsWith(`${this.#who}.`);
  }

  #announce({ user, status, number, who }: FeedChange): void {
    this.#emit('change', { userId: user, status, at: new Date(number), own: who === this.#who });
  }

  #emit<Name extends keyof PresenceEvents>(name: Name, event: PresenceEvents[Name]): void {
    for (const listener of this.#listeners[name] as Set<Listener<Name>>) {
      try {
        listener(event);
      } catch (error) {
        // A listener's mistake must not become the caller's error, nor go unseen.
        process.emitWarning(error instanceof Error ? error : String(error), { code: 'CENOTE_LISTENER' });
      }
    }
  }
}
