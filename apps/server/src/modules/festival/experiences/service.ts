import type { Database } from '../../../db/database.js';
import { found } from '../../../errors.js';
import type { CategoryPaging } from '../../../shapes.js';
import type { FestivalKeyspaces } from '../keyspaces.js';
import { book, type BookingRequest } from './bookings.js';

/** What can be booked, and booking it. */
export class Experiences {
  readonly #db: Database;
  readonly #keys: FestivalKeyspaces;

  constructor(db: Database, keys: FestivalKeyspaces) {
    this.#db = db;
    this.#keys = keys;
  }

  list({ cat, page, limit }: CategoryPaging) {
    return this.#keys.experiences.get({ cat, page, limit });
  }

  async detail(expId: number) {
    return found(await this.#keys.experience.get({ expId }), 'experience', expId);
  }

  async slots(expId: number, startDate: string, endDate: string) {
    return { items: found(await this.#keys.slots.get({ expId, startDate, endDate }), 'experience', expId) };
  }

  async book(request: BookingRequest) {
    const booking = await book(this.#db, request);
    await this.#forgetPlaces(request.experienceId);
    return booking;
  }

  /** What shows the places left: the detail by key, its slots of any range and all lists as groups. */
  async #forgetPlaces(expId: number): Promise<void> {
    await Promise.all([
      this.#keys.experience.del({ expId }),
      this.#keys.slots.invalidate({ expId }),
      this.#keys.experiences.invalidate(),
    ]);
  }
}
