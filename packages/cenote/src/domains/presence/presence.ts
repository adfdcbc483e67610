import { randomId } from '../../cache/entry.js';
import { milliseconds, type Duration } from '../../core/duration.js';
import { StoreError, UsageError } from '../../core/errors.js';
import { checkBoolean, checkCount, checkFunction, checkOneOf, checkOptions } from '../../core/options.js';
import type { CallOptions } from '../../store/store.js';
import { resolveDomainCall, type DomainCallOptions } from '../kit/call.js';
import { Ground } from '../kit/ground.js';
import { maximumKept } from '../kit/kept.js';
import { askAll } from './ask.js';
import { change, unnamed, type ChangeInput } from './change.js';
import { Feed, type PresenceEvents } from './feed.js';
import {
  connectionLife,
  typingLife,
  type ConnectionOptions,
  type HeartbeatOptions,
  type PageOptions,
  type PresenceOptions,
  type PresenceStatus,
  type WatchingOptions,
} from './options.js';
import { countShards, readPage, type OnlinePage } from './pages.js';
import { mostUsers, seenAt } from './reading.js';
import { shardKeys, shardOf } from './shards.js';
import { readStatuses } from './statuses.js';
import { Sweeper } from './sweeper.js';
import { noteTyping, typistsOf } from './typing.js';

/**
 * Who is online, away or offline, when they were last seen, and who types.
 *
 * A user is connected while any of their connections is: each lives until its time is over, unless it is heard of again.
 * Time is the store's. Nothing runs by itself unless `start` is called.
 *
 * Nothing here fails a request: while the store is away reads answer `unknown`, nobody or `undefined`, and what could not
 * be written heals, since connections are heard of again or expire. All methods reject only for mistakes (`UsageError`) and
 * with the reason of the caller's own signal.
 */
export class PresenceCache {
  readonly #ground: Ground;
  readonly #who = randomId();
  readonly #retention: number;
  readonly #feed: Feed;
  readonly #sweeper: Sweeper;
  #cancel: (() => void) | undefined;

  /** @throws UsageError for an unknown option or one that breaks its rule. */
  constructor(options: PresenceOptions) {
    this.#ground = new Ground(options, ['retention'], 'presence');
    this.#retention = milliseconds(options.retention ?? '30d', 'options.retention');
    this.#feed = new Feed(this.#ground, this.#who);
    this.#sweeper = new Sweeper(this.#ground, this.#feed, this.#who, this.#retention);
  }

  /**
   * A connection has come; it lives for `ttl` (at most 7 days). The user is online, and no longer away. Beyond 100
   * connections of one user, the next to expire gives way. Store away: nothing; the next heartbeat makes it good. One round
   * trip, O(connections of the user + log n).
   */
  async setOnline(userId: string, ttl: Duration = '5m', options?: ConnectionOptions): Promise<void> {
    const call = resolveDomainCall(options, ['connectionId']);
    await this.#hear('arrive', userId, ttl, options, call);
  }

  /**
   * A connection has been heard of, and lives for `ttl` from now; one that had expired or is not known comes back. Being
   * away goes on, unless `active`. Store away: nothing; the next heartbeat makes it good. One round trip.
   */
  async extendOnline(userId: string, ttl: Duration = '5m', options?: HeartbeatOptions): Promise<void> {
    const call = resolveDomainCall(options, ['connectionId', 'active']);
    const { active } = options ?? {};
    const isActive = active === undefined ? false : checkBoolean(active, 'options.active');
    await this.#hear(isActive ? 'activate' : 'extend', userId, ttl, options, call);
  }

  /**
   * A connection has gone; without `connectionId`, all of the user's. The user is offline when it was the last. Store away:
   * it is sent when the store is back, unless the user has been heard of since; else the connection expires. One round trip.
   */
  async setOffline(userId: string, options?: ConnectionOptions): Promise<void> {
    const call = resolveDomainCall(options, ['connectionId']);
    const ground = this.#ground;
    const user = ground.id(userId, 'userId');
    const connection = this.#connection(options);
    const leave = (limits: CallOptions, late?: number): Promise<void> =>
      this.#change({ user, verb: 'leave', connection, late }, limits);
    // Half of the room for what is kept is left to those whose writes do not heal by themselves.
    if (ground.kept.size >= maximumKept / 2) return this.#attempt(call, leave);
    const late = ground.store.now();
    await ground.write(call, {
      key: this.#keptKey(user, connection),
      send: leave,
      replay: () => leave({}, late),
      instead: undefined,
      during: 'delete',
    });
  }

  /** The user is connected, but away; without a connection nothing changes. Ends with `setOnline` or an `active` heartbeat. Store away: nothing. One round trip. */
  async setAway(userId: string, options?: DomainCallOptions): Promise<void> {
    const call = resolveDomainCall(options);
    const user = this.#ground.id(userId, 'userId');
    await this.#attempt(call, (limits) => this.#change({ user, verb: 'rest' }, limits));
  }

  /** Whether the user has a connection, be they away or not; false when the store is away. One round trip, O(1). */
  async isOnline(userId: string, options?: DomainCallOptions): Promise<boolean> {
    return ['online', 'away'].includes(await this.getStatus(userId, options));
  }

  /** The user's status; `unknown` when the store is away. One round trip, O(1). */
  async getStatus(userId: string, options?: DomainCallOptions): Promise<PresenceStatus> {
    return (await this.getBulkStatus([userId], options)).get(userId) ?? 'unknown';
  }

  /**
   * When the user was last heard of: of who is connected, the last heartbeat. `undefined` when it is not known, longer ago
   * than `retention`, or the store is away. After a restart or failover that kept data it may be an earlier time. One round
   * trip, O(1).
   */
  async getLastSeen(userId: string, options?: DomainCallOptions): Promise<Date | undefined> {
    const call = resolveDomainCall(options);
    const user = this.#ground.id(userId, 'userId');
    const [seen] = await askAll(this.#ground, call, [shardOf(user)], (shard, epoch) => {
      const { users, lastSeen } = shardKeys(this.#ground, shard, epoch);
      return this.#ground.store.run(seenAt, { users, lastSeen, user }, call);
    });
    return seen === undefined ? undefined : new Date(seen);
  }

  /**
   * The status of each user that is asked for, in the order of asking; `unknown` where the store did not answer. One round
   * trip: one script for each 1,000 users; on a cluster at least one for each shard, sent together. O(users).
   */
  async getBulkStatus(userIds: readonly string[], options?: DomainCallOptions): Promise<Map<string, PresenceStatus>> {
    const call = resolveDomainCall(options);
    if (!Array.isArray(userIds)) throw new UsageError('userIds', userIds, 'must be a list of user ids');
    return readStatuses(
      this.#ground,
      call,
      userIds.map((id, i) => this.#ground.id(id, `userIds[${i}]`)),
    );
  }

  /**
   * Users who are connected, away or not, a page at a time; a page may be shorter than its limit. Whoever is connected from
   * the first page to the last is listed once. `partial` when the store is away. Two round trips; O(shards + limit).
   */
  async getOnlineUsers(options?: PageOptions): Promise<OnlinePage> {
    const call = resolveDomainCall(options, ['limit', 'cursor']);
    const limit = checkCount(options?.limit ?? 100, 'options.limit', 1, mostUsers);
    return readPage(this.#ground, call, { limit, cursor: options?.cursor });
  }

  /** How many users are connected, away or not; `undefined` when the store is away. One round trip, O(shards · log n). */
  async getOnlineCount(options?: DomainCallOptions): Promise<number | undefined> {
    const counts = await countShards(this.#ground, resolveDomainCall(options));
    return counts.reduce<number | undefined>(
      (sum, count) => (sum === undefined || count === undefined ? undefined : sum + count),
      0,
    );
  }

  /** The user types in a conversation, for `ttl` from now (at most 1 h). Store away: nothing. One round trip, O(log n). */
  async setTyping(
    conversationId: string,
    userId: string,
    ttl: Duration = '10s',
    options?: DomainCallOptions,
  ): Promise<void> {
    await this.#noteTyping(conversationId, userId, typingLife(ttl), options);
  }

  /** The user no longer types. Store away: nothing; it expires. One round trip, O(log n). */
  async clearTyping(conversationId: string, userId: string, options?: DomainCallOptions): Promise<void> {
    await this.#noteTyping(conversationId, userId, undefined, options);
  }

  /** Whether the user types; false when the store is away. One round trip, O(1). */
  async isTyping(conversationId: string, userId: string, options?: DomainCallOptions): Promise<boolean> {
    const user = this.#ground.id(userId, 'userId');
    return (await this.#typists(conversationId, user, options)).length > 0;
  }

  /** Who types, those first who will be done first; nobody when the store is away. One round trip, O(those who type). */
  async getTypingUsers(conversationId: string, options?: DomainCallOptions): Promise<readonly string[]> {
    return this.#typists(conversationId, undefined, options);
  }

  /**
   * Takes users offline whose connections have all expired, and tells who: each silence is reported once in the cluster,
   * whoever sweeps. Who came back before a sweep noticed is not reported, nor who has been silent for over an hour without
   * any sweep. Also forgets when those were seen who are gone for longer than `retention`. What a lost answer reported, the
   * next sweep of this cache reports; the store away: nobody. One round trip, and another for each 100 silent users of a
   * shard; O(shards · log n + silent · log n).
   */
  async sweep(options?: DomainCallOptions): Promise<string[]> {
    return this.#sweeper.sweep(resolveDomainCall(options));
  }

  /**
   * Calls `listener` at each change of somebody's status: at once for what this cache changes, when `poll` brings them for
   * the rest; or, with `gap`, when changes may have been missed. Returns the way to stop. Costs nothing.
   */
  on<Name extends keyof PresenceEvents>(name: Name, listener: (event: PresenceEvents[Name]) => void): () => void {
    checkOneOf(name, ['change', 'gap'], 'name');
    return this.#feed.on(name, checkFunction<(event: PresenceEvents[Name]) => void>(listener, 'listener'));
  }

  /**
   * Reads what others have changed since the last poll, and calls the listeners. The first finds where the feed stands:
   * poll, then read statuses, and nothing is missed in between. The last 500 changes of each shard are kept, for an hour or
   * more; of a user who has changed again meanwhile an older change may be left out. Store away: nothing; the next goes on
   * from there. One round trip, O(shards + changes).
   */
  async poll(options?: DomainCallOptions): Promise<void> {
    await this.#feed.poll(resolveDomainCall(options));
  }

  /** Polls and sweeps at once, and again and again, until `stop`. Does not keep the process alive. */
  start(options?: WatchingOptions): void {
    const given = checkOptions(options, ['every'], 'options');
    const every = milliseconds(given['every'] ?? '1s', 'options.every');
    this.stop();
    let isOver = false;
    let cancel: (() => void) | undefined;
    const round = async (): Promise<void> => {
      // In this order, so that a listener hears that somebody came before it hears that they fell silent.
      await this.poll();
      await this.sweep();
      if (!isOver) cancel = this.#ground.clock.after(every, () => void round());
    };
    this.#cancel = () => {
      isOver = true;
      cancel?.();
    };
    void round();
  }

  /** Ends what `start` began. To be called before the store is closed. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  async #hear(
    verb: 'arrive' | 'extend' | 'activate',
    userId: string,
    ttl: Duration,
    options: ConnectionOptions | undefined,
    call: CallOptions,
  ): Promise<void> {
    const user = this.#ground.id(userId, 'userId');
    const life = connectionLife(ttl);
    const connection = this.#connection(options);
    // A leave that is kept must not come after what is newer, nor one of all connections.
    const { kept } = this.#ground;
    const ends = [connection, undefined].map((each) => kept.supersede(this.#keptKey(user, each)));
    let isDone = false;
    const write = this.#attempt(call, async (limits) => {
      await this.#change({ user, verb, connection: connection ?? unnamed, life }, limits);
      isDone = true;
    });
    await write.finally(() => ends.forEach((end) => end(isDone)));
  }

  async #change(
    step: Pick<ChangeInput, 'user' | 'verb' | 'connection' | 'life' | 'late'>,
    call: CallOptions,
  ): Promise<void> {
    const { store } = this.#ground;
    const shard = shardOf(step.user);
    const keys = shardKeys(this.#ground, shard, await this.#ground.epoch(call));
    const { now, number } = await store.run(
      change,
      { ...step, keys, who: this.#who, retention: this.#retention },
      call,
    );
    if (number !== undefined) this.#feed.tell(shard, number, step.user, now);
  }

  /** Does without a write that the store does not take: it heals by itself. */
  async #attempt(call: CallOptions, write: (call: CallOptions) => Promise<void>): Promise<void> {
    try {
      await write(call);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#ground.tally.storeFault('set', error);
    }
  }

  async #noteTyping(
    conversationId: string,
    userId: string,
    life: number | undefined,
    options: DomainCallOptions | undefined,
  ): Promise<void> {
    const call = resolveDomainCall(options);
    const ground = this.#ground;
    const conversation = ground.id(conversationId, 'conversationId');
    const user = ground.id(userId, 'userId');
    await this.#attempt(call, async (limits) => {
      const key = ground.key('typing', conversation, await ground.epoch(limits));
      await ground.store.run(noteTyping, { key, user, life }, limits);
    });
  }

  async #typists(
    conversationId: string,
    user: string | undefined,
    options: DomainCallOptions | undefined,
  ): Promise<readonly string[]> {
    const ground = this.#ground;
    const call = resolveDomainCall(options);
    const conversation = ground.id(conversationId, 'conversationId');
    const [found] = await askAll(ground, call, [conversation], (id, epoch) =>
      ground.store.run(typistsOf, { key: ground.key('typing', id, epoch), ...(user && { user }) }, call),
    );
    return found ?? [];
  }

  #connection(options: ConnectionOptions | undefined): string | undefined {
    const { connectionId } = options ?? {};
    return connectionId === undefined ? undefined : this.#ground.id(connectionId, 'options.connectionId');
  }

  /** What a leave is kept under; no key in the store. */
  #keptKey(user: string, connection: string | undefined): string {
    return this.#ground.key('presence', user, connection ?? unnamed);
  }
}
