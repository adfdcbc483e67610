import type { Cache } from 'cenote';

import type { Database } from '../../../db/database.js';
import { ApiError, found } from '../../../errors.js';
import type { CategoryPaging } from '../../../shapes.js';
import type { FestivalKeyspaces } from '../keyspaces.js';
import { addGuest, deleteRsvp, eventDetail, insertRsvp, removeGuest } from './queries.js';

/** The programme, and who goes to what. */
export class Events {
  readonly #db: Database;
  readonly #cache: Cache;
  readonly #keys: FestivalKeyspaces;

  constructor(db: Database, cache: Cache, keys: FestivalKeyspaces) {
    this.#db = db;
    this.#cache = cache;
    this.#keys = keys;
  }

  list({ cat, page, limit }: CategoryPaging) {
    return this.#keys.events.get({ cat, page, limit });
  }

  async detail(eventId: number) {
    return found(await this.#keys.event.get({ eventId }), 'event', eventId);
  }

  async rsvpsOf(userId: number) {
    return { items: found(await this.#keys.rsvps.get({ userId }), 'user', userId) };
  }

  /** Says that the user comes, or does not. Repeating it changes nothing. */
  async rsvp(eventId: number, userId: number, going: boolean) {
    const { changed, guests } = await this.#db.transaction(async (tx) => {
      const event = found(await eventDetail(tx, eventId), 'event', eventId);
      if (event.endsAt <= new Date()) throw new ApiError('OVER', `event ${eventId} is over`);
      const isNew = going ? await insertRsvp(tx, userId, eventId) : await deleteRsvp(tx, userId, eventId);
      if (!isNew) return { changed: false, guests: event.going };
      const count = going ? await addGuest(tx, eventId) : await removeGuest(tx, eventId);
      if (count === undefined) throw new ApiError('FULL', `event ${eventId} is full`);
      return { changed: true, guests: count };
    });
    if (changed) await this.#forgetGuests(eventId, userId);
    return { eventId, userId, going, guests };
  }

  /** What shows the number of guests, or whose guest a user is: two entries by key, every list as a group. */
  async #forgetGuests(eventId: number, userId: number): Promise<void> {
    const { rsvps, event, events } = this.#keys;
    await Promise.all([this.#cache.delMultiple([rsvps.key({ userId }), event.key({ eventId })]), events.invalidate()]);
  }
}
