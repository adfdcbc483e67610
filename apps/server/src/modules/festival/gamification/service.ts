import type { Cache } from 'cenote';

import type { Database } from '../../../db/database.js';
import { ApiError, found } from '../../../errors.js';
import { dayOf } from '../calendar.js';
import type { FestivalKeyspaces } from '../keyspaces.js';
import { levelOf } from './level.js';
import { awardBadges, eventToCheckInAt, gainXp, insertCheckIn, statsOfUser } from './queries.js';

const groundsXp = 100;

/** Badges, XP and the leaderboard. */
export class Gamification {
  readonly #db: Database;
  readonly #cache: Cache;
  readonly #keys: FestivalKeyspaces;

  constructor(db: Database, cache: Cache, keys: FestivalKeyspaces) {
    this.#db = db;
    this.#cache = cache;
    this.#keys = keys;
  }

  /** All badges, each with the moment at which the user has won it. */
  async badges(userId: number) {
    const [all, own] = await Promise.all([this.#keys.badges.get(), this.#keys.userBadges.get({ userId })]);
    const earned = new Map(own?.map((badge) => [badge.id, badge.earnedAt]));
    const withMoment = (badge: (typeof all)[number]) => ({ ...badge, earnedAt: earned.get(badge.id) ?? null });
    return { items: all.map(withMoment) };
  }

  async badgesOf(userId: number) {
    return { items: found(await this.#keys.userBadges.get({ userId }), 'user', userId) };
  }

  async statsOf(userId: number) {
    return found(await this.#keys.stats.get({ userId }), 'user', userId);
  }

  async rankOf(userId: number) {
    return found(await this.#keys.rank.get({ userId }), 'user', userId);
  }

  leaderboard(page: number, limit: number) {
    return this.#keys.leaderboard.get({ page, limit });
  }

  /**
   * Once a place and day: XP, and the badges that it reaches. Repeating it changes nothing, so a client that has lost the
   * answer may ask again.
   */
  async checkIn(userId: number, eventId: number | undefined) {
    const { place, xp: amount } = await this.#placeOf(eventId);
    const day = dayOf(new Date());
    const gained = await this.#db.transaction(async (tx) => {
      if (!(await insertCheckIn(tx, { userId, place, day, xp: amount }))) return undefined;
      const reached = await gainXp(tx, userId, amount);
      return { ...reached, badgesWon: await awardBadges(tx, userId, reached) };
    });
    const where = { userId, place, day };
    if (gained === undefined) return { ...where, checkedIn: 'already' as const, ...(await this.#unchanged(userId)) };

    await this.#forgetProgress(userId, gained.badgesWon.length > 0);
    return { ...where, checkedIn: 'now' as const, xpGained: amount, level: levelOf(gained.xp), ...gained };
  }

  async #placeOf(eventId: number | undefined): Promise<{ place: string; xp: number }> {
    if (eventId === undefined) return { place: 'grounds', xp: groundsXp };
    const event = found(await eventToCheckInAt(this.#db, eventId), 'event', eventId);
    if (event.endsAt <= new Date()) throw new ApiError('OVER', `event ${eventId} is over`, { field: 'eventId' });
    return { place: `event:${eventId}`, xp: event.xp };
  }

  async #unchanged(userId: number) {
    const { xp, level, checkIns } = found(await statsOfUser(this.#db, userId), 'user', userId);
    return { xp, level, checkIns, xpGained: 0, badgesWon: [] };
  }

  /** What XP shows in: the user's own entries by key, in one round trip, and every page of the leaderboard as a group. */
  async #forgetProgress(userId: number, badgesToo: boolean): Promise<void> {
    const { stats, rank, userBadges, leaderboard } = this.#keys;
    const keys = [stats.key({ userId }), rank.key({ userId }), ...(badgesToo ? [userBadges.key({ userId })] : [])];
    await Promise.all([this.#cache.delMultiple(keys), leaderboard.invalidate()]);
  }
}
