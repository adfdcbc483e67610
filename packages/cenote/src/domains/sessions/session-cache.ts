/**
 * Sessions and revoked tokens.
 *
 * **What is right about it.** All of a user's sessions stand in one slot: the records, an index by expiry, and the user's
 * *standing*: a random *generation*, and the moment until which sessions were revoked. A record counts only under the
 * generation it was made under, and if it began after that moment. So one script ends all sessions of a user at once, in
 * every process, however many there are; told twice, or late, it harms nobody who has logged in since. A standing that is
 * lost ends sessions and revives none.
 *
 * **Nothing comes back after a logout.** A session that is deleted leaves a tombstone for an hour, longer than any request
 * takes, and so do those that `deleteAll`, `deleteOthers`, `rotate` or the limit have ended: a slow request that then
 * writes the data it had read (`set`) or extends them changes nothing. An id that was deleted is therefore not used again:
 * a login makes a new one (`create`). `extend` never makes a session. What the source answers is stored only if neither a
 * tombstone nor another standing has come since before it was asked. A session that was not stored when `deleteAll` ended
 * it has no tombstone: so a process remembers under which standing it has read what, and what it read before is not
 * written back as something new.
 *
 * **Ids.** `create` and `id` make ids that lead to their user's slot: one round trip for each method. An id that the caller
 * brings does not tell whose it is: a route to its user stands in the id's own slot, and each method asks it first, two
 * round trips. The route is written before the session and removed by nobody: who dies between leaves a route to nothing.
 * Only hashes of ids are stored, told or shown.
 *
 * **Store away.** With `source`, reads ask it, and what another server has held (a restart, a failover, a snapshot) is not
 * believed before the source has said so. Without it the store is all there is: what comes back with a snapshot counts, but
 * for the revocations of the last seconds, which are told to whoever has taken over. Logouts and revocations that cannot
 * reach the store are kept, sent when it is back, and hold in this process meanwhile.
 */
import type { Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import { resolveDomainCall, type DomainCallOptions } from '../kit/call.js';
import { Ground } from '../kit/ground.js';
import { encodeRecord } from '../kit/record.js';
import { Blacklist } from './blacklist.js';
import { buried, countMembers, members, rotate } from './operations/index.js';
import {
  checkLife,
  resolveSessionOptions,
  sessionOptionNames,
  type SessionOptions,
  type SessionSettings,
} from './options.js';
import { handleOf, newId, Places, tagIn, tagOf, type SessionPlace } from './places.js';
import { Revocations } from './revocations.js';
import { checkData, checkSecret, type Session, type SessionData } from './session.js';
import { SessionReads } from './session-reads.js';
import { SessionStore, tombstoneLife, type Sight } from './session-store.js';
import { defaultLife, SourceReads } from './source-reads.js';

/** What `get` takes last. */
export interface GetSessionOptions extends DomainCallOptions {
  /** Extends the session by this from now, unless that gains less than `touchEvery`. */
  readonly extend?: Duration | undefined;
}

/** See the head of this file. Times are the store's. */
export class SessionCache<D extends SessionData = SessionData> {
  readonly #ground: Ground;
  readonly #settings: SessionSettings<D>;
  readonly #places: Places;
  readonly #store: SessionStore<D>;
  readonly #revocations: Revocations;
  readonly #reads: SessionReads<D>;
  readonly #blacklist: Blacklist;

  /** @throws UsageError for an option that is unknown or breaks its rule. */
  constructor(options: SessionOptions<D>) {
    this.#ground = new Ground(options, sessionOptionNames, 'sessions');
    this.#settings = resolveSessionOptions(options);
    this.#places = new Places(this.#ground);
    this.#revocations = new Revocations(this.#ground);
    this.#store = new SessionStore(this.#ground, this.#places, this.#revocations, this.#settings);
    const { source } = this.#settings;
    this.#reads = new SessionReads(this.#store, source.session && new SourceReads(this.#store, source.session));
    this.#blacklist = new Blacklist(this.#ground, this.#places, this.#revocations, {
      revoked: source.revoked,
      longestToken: this.#settings.longestToken,
    });
  }

  /**
   * Makes a session and its id, which nobody can guess; beyond `maxPerUser` the user's oldest ends in the same step. When
   * the store is away the id is given all the same: with a source the session is good once the source has it, without one
   * it does not exist. One round trip, two at the limit; O(log sessions of the user), at the limit O(limit).
   */
  async create(data: D, ttl: Duration = defaultLife, options?: DomainCallOptions): Promise<string> {
    const call = resolveDomainCall(options);
    const life = checkLife(ttl, 'ttl');
    const { userId } = checkData<D>(data, 'data');
    const id = this.id(userId);
    const place = this.#places.session(tagOf(userId), handleOf(id));
    const record = encodeRecord(data);
    await this.#ground.read<unknown>(
      call,
      (asked) => this.#store.save(place, { record, life, isMade: true }, asked),
      () => undefined,
    );
    return id;
  }

  /** A new id for a session of this user, for `set` and `rotate`: one that leads to the user's slot. No round trip. */
  id(userId: string): string {
    return newId(tagOf(this.#ground.id(userId, 'userId')));
  }

  /**
   * Stores a session, or other data of a live one, which keeps its start. Changes nothing for an id that was deleted within
   * the hour (`refuse` is told). With a source: write there first, then here; for a minute after the user's sessions were
   * revoked a session that is new here is left to the source, since the revocation may have met it there. Not acknowledged:
   * what stands there is dropped later, and cold in this process until then. One round trip, two at the limit; one more for
   * an id of the caller's.
   */
  async set(sessionId: string, data: D, ttl: Duration = defaultLife, options?: DomainCallOptions): Promise<void> {
    const call = resolveDomainCall(options);
    checkSecret(sessionId, 'sessionId');
    const life = checkLife(ttl, 'ttl');
    const tag = tagOf(checkData<D>(data, 'data').userId);
    const own = tagIn(sessionId);
    if (own !== undefined && own !== tag)
      throw new UsageError('data.userId', data.userId, 'must be the user for whom the id of the session was made');
    const place = this.#places.session(tag, handleOf(sessionId));
    if (this.#revocations.hasSession(place.handle)) return this.#refuse(place);
    const record = encodeRecord(data);
    await this.#ground.write<void>(call, {
      key: place.record,
      send: async (asked) => {
        if (own === undefined && !(await this.#store.routeTo(place, life, asked))) return this.#refuse(place);
        const word = await this.#store.save(place, { record, life, isMade: false }, asked);
        if (word !== 'stored') this.#refuse(place, word === 'gone' ? 'voided' : 'held');
      },
      replay: () => this.#store.bury(place, [place.handle], { what: 'all', tombstone: 0 }, {}),
      instead: undefined,
      replaces: true,
    });
  }

  /**
   * The data of a live session; `undefined` for any other. What the store does not hold, or is away to tell, the source is
   * asked for, under a lease; without a source it is `undefined`. Rejects with what the source raises; with `StoreError`
   * when store and source are both away. One round trip (a plain `MGET`), two for an id of the caller's; one more when
   * `extend` is given and due.
   */
  async get(sessionId: string, options?: GetSessionOptions): Promise<D | undefined> {
    const call = resolveDomainCall(options, ['extend']);
    const life = options?.extend === undefined ? undefined : checkLife(options.extend, 'options.extend');
    checkSecret(sessionId, 'sessionId');
    return this.#reads.get(sessionId, life, call);
  }

  /**
   * Has a live session end `ttl` from now (or at its absolute end): true. False when it is gone; it never comes back by
   * this. What would gain less than `touchEvery` is not written. When the session is not stored, or the store is away, the
   * source says whether it lives; without a source: false. One round trip, two for an id of the caller's.
   */
  async extend(sessionId: string, ttl: Duration = defaultLife, options?: DomainCallOptions): Promise<boolean> {
    const call = resolveDomainCall(options);
    checkSecret(sessionId, 'sessionId');
    const life = checkLife(ttl, 'ttl');
    const handle = handleOf(sessionId);
    const own = tagIn(sessionId);
    if (this.#revocations.hasSession(handle)) return false;
    const reply = await this.#ground.read(
      call,
      async (asked) => {
        const tag = own ?? (await this.#store.route({ handle }, 'keep', life, asked));
        if (tag === buried) return 'gone';
        if (tag === 'absent') return 'cold';
        const place = this.#places.session(tag, handle);
        // Then what stands there must be looked at first.
        const isDoubtful = this.#revocations.ofUser(tag) !== undefined || this.#ground.kept.covers(place.record);
        return isDoubtful ? 'doubtful' : this.#store.extend(place, false, life, asked);
      },
      () => 'away' as const,
    );
    if (reply === 'extended' || reply === 'gone') return reply === 'extended';
    if (reply !== 'doubtful' && !this.#store.hasSource) return false;
    return (await this.#reads.get(sessionId, life, call)) !== undefined;
  }

  /**
   * Ends a session: true when it was live. When the store is away the logout is kept and sent later, and the session is
   * refused by this process meanwhile: false. One round trip, two for an id of the caller's; O(log sessions of the user).
   */
  async delete(sessionId: string, options?: DomainCallOptions): Promise<boolean> {
    const call = resolveDomainCall(options);
    checkSecret(sessionId, 'sessionId');
    const tag = tagIn(sessionId);
    const handle = handleOf(sessionId);
    const ended = await this.#revocations.session(handle, call, {
      send: (asked) => (tag === undefined ? this.#store.buryGiven(handle, asked) : this.#bury(tag, handle, asked)),
      instead: 0,
    });
    return ended > 0;
  }

  /**
   * Moves a live session to another id, as after a login or a change of rights: same data, start and end; the old id is
   * gone in the same step. False when the old one is gone, the new one is not new, or the store is away (the move may then
   * have happened). Make the new id with `id(userId)`: one round trip; three for ids of the caller's.
   */
  async rotate(oldId: string, nextId: string, options?: DomainCallOptions): Promise<boolean> {
    const call = resolveDomainCall(options);
    checkSecret(oldId, 'oldId');
    checkSecret(nextId, 'newId');
    if (oldId === nextId) throw new UsageError('newId', 'the same', 'must be another id than oldId');
    const whose = await this.#reads.whose(oldId, call);
    if (whose === undefined) return false;
    const user = whose.tag;
    const own = tagIn(nextId);
    if (own !== undefined && own !== user)
      throw new UsageError('newId', 'an id of another user', 'must be made for the user of the session');
    const old = this.#places.session(user, handleOf(oldId));
    const next = this.#places.session(user, handleOf(nextId));
    if (this.#revocations.hasSession(old.handle) || this.#revocations.ofUser(user)) return false;
    const move = async (): Promise<'rotated' | 'gone' | 'cold' | 'taken'> =>
      this.#ground.read(
        call,
        async (asked) => {
          if (own === undefined && !(await this.#routeNew(old, next, asked))) return 'taken';
          const { index, standing } = old;
          const epoch = await this.#store.epoch(asked);
          return this.#ground.store.run(rotate, { index, standing, epoch, old, next, tombstone: tombstoneLife }, asked);
        },
        () => 'gone' as const,
      );
    let reply = await move();
    if (reply === 'cold' && this.#store.hasSource && (await this.#reads.get(oldId, undefined, call)))
      reply = await move();
    if (reply === 'rotated') this.#revocations.ended(old.handle, () => this.#bury(user, old.handle, {}));
    return reply === 'rotated';
  }

  /**
   * A user's live sessions, the latest begun first; empty when the store is away. With a source: those that were seen since
   * the store last lost its data. Two round trips, O(sessions of the user).
   */
  async list(userId: string, options?: DomainCallOptions): Promise<Session<D>[]> {
    const call = resolveDomainCall(options);
    const user = this.#places.user(tagOf(this.#ground.id(userId, 'userId')));
    return this.#ground.read(
      call,
      async (asked) => {
        const epoch = await this.#store.epoch(asked);
        const { index, standing } = user;
        const handles = await this.#ground.store.run(members, { index, standing, epoch }, asked);
        if (handles.length === 0) return [];
        const places = [...new Set(handles)].map((handle) => this.#places.session(user.tag, handle));
        return this.#shown(places, await this.#store.askAll(user, places, asked));
      },
      () => [],
    );
  }

  /** How many live sessions a user has; 0 when the store is away. One round trip, O(log sessions of the user). */
  async count(userId: string, options?: DomainCallOptions): Promise<number> {
    const call = resolveDomainCall(options);
    const user = this.#places.user(tagOf(this.#ground.id(userId, 'userId')));
    if (this.#revocations.ofUser(user.tag)) return (await this.list(userId, options)).length;
    return this.#ground.read(
      call,
      async (asked) => {
        const { index, standing } = user;
        const epoch = await this.#store.epoch(asked);
        return this.#ground.store.run(countMembers, { index, standing, epoch }, asked);
      },
      () => 0,
    );
  }

  /**
   * Ends all sessions of a user, in all processes at once; resolves to how many. When the store is away it is kept and sent
   * later, and this process refuses what began before: 0. One round trip, O(sessions of the user).
   */
  async deleteAll(userId: string, options?: DomainCallOptions): Promise<number> {
    return this.#revoke(userId, undefined, options);
  }

  /** `deleteAll`, but for the session with this id, where it is one of the user's. */
  async deleteOthers(userId: string, keepSessionId: string, options?: DomainCallOptions): Promise<number> {
    return this.#revoke(userId, handleOf(checkSecret(keepSessionId, 'keepSessionId')), options);
  }

  /** `delete` of a session that `list` showed, by its handle. One round trip. */
  async deleteListed(userId: string, handle: string, options?: DomainCallOptions): Promise<boolean> {
    const call = resolveDomainCall(options);
    const tag = tagOf(this.#ground.id(userId, 'userId'));
    this.#ground.id(handle, 'handle');
    const send = (asked: CallOptions): Promise<number> => this.#bury(tag, handle, asked);
    return (await this.#revocations.session(handle, call, { send, instead: 0 })) > 0;
  }

  /**
   * Revokes a token for the life it has left. When the store is away it is kept and sent later, unless the token has expired
   * by then, and counts as revoked in this process meanwhile. One round trip, O(1).
   */
  async invalidateToken(tokenId: string, ttl: Duration, options?: DomainCallOptions): Promise<void> {
    const call = resolveDomainCall(options);
    checkSecret(tokenId, 'tokenId');
    await this.#blacklist.add(tokenId, this.#blacklist.life(ttl, 'ttl'), call);
  }

  /**
   * Whether a token has been revoked. The source is asked when the store is away, or may have lost revocations. Rejects with
   * `StoreError` when nobody can tell: store and source are away, or there is no source. One round trip (a plain `MGET`).
   */
  async isTokenBlacklisted(tokenId: string, options?: DomainCallOptions): Promise<boolean> {
    const call = resolveDomainCall(options);
    return this.#blacklist.has(checkSecret(tokenId, 'tokenId'), call);
  }

  /** Has a new id of the caller's lead to the user, for as long as the session that is to move there lives; false for one that is not new. */
  async #routeNew(old: SessionPlace, next: SessionPlace, call: CallOptions): Promise<boolean> {
    const { stored } = await this.#store.ask(old, call);
    const left = stored ? Math.ceil(stored.expires - this.#ground.store.now()) : defaultLife;
    return (await this.#store.route(next, 'learn', Math.max(1, left), call)) === next.tag;
  }

  #bury(tag: string, handle: string, call: CallOptions): Promise<number> {
    return this.#store.bury(this.#places.user(tag), [handle], { what: 'all', tombstone: tombstoneLife }, call);
  }

  async #revoke(userId: string, keep: string | undefined, options: DomainCallOptions | undefined): Promise<number> {
    const call = resolveDomainCall(options);
    const user = this.#places.user(tagOf(this.#ground.id(userId, 'userId')));
    const { tally } = this.#ground;
    const start = tally.start();
    const ended = await this.#store.revoke(user, { at: undefined, keep }, call);
    tally.delete([this.#ground.told(user.index)], ended, this.#revocations.ofUser(user.tag) !== undefined, start);
    return ended;
  }

  #shown(places: readonly SessionPlace[], sights: readonly Sight[]): Session<D>[] {
    const latest = places.map((place, i) => ({ place, ...sights[i] }));
    latest.sort((a, b) => (b.stored?.since ?? 0) - (a.stored?.since ?? 0));
    return latest.flatMap(({ place, stored, record }): Session<D>[] => {
      const data = this.#store.data(place, record);
      if (!data || !stored || this.#revocations.covers(place.tag, place.handle, stored.since)) return [];
      const [startedAt, expiresAt] = [new Date(stored.start), new Date(stored.expires)];
      return [{ handle: place.handle, data, startedAt, expiresAt }];
    });
  }

  #refuse(place: SessionPlace, reason: 'voided' | 'held' = 'voided'): void {
    this.#ground.tally.refuse(this.#ground.told(place.record), reason);
  }
}
