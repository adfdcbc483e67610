import { milliseconds, type Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import { checkBoolean, checkCount, checkFunction } from '../../core/options.js';
import { resolveDomainCall, type DomainCallOptions } from '../kit/call.js';
import { Ground, type DomainOptions } from '../kit/ground.js';
import { checkId } from '../kit/ids.js';
import { checkTime, type Time } from '../kit/time.js';
import { ConversationLists, type ConversationsLoadContext } from './conversation-lists.js';
import { checkUnread, encodeTold, type ChatConversation, type Conversation } from './conversation.js';
import type { Edit, Edited } from './edit.js';

export interface ConversationCacheOptions extends DomainOptions {
  /** How many conversations of a user are held, the first; default 500, at most 1,000. */
  readonly maxPerUser?: number | undefined;
  /** Life of a list where a call gives none; default `'10m'`. */
  readonly ttl?: Duration | undefined;
  /**
   * How long a message that was counted as unread is remembered, the last 1,000 of a user, so that it is counted once; default
   * `'15m'`. Redelivery later than that counts again.
   */
  readonly remember?: Duration | undefined;
}

export interface SetConversationsOptions extends DomainCallOptions {
  /** How many were asked of the source: fewer than that are all there are. Without it the list is taken to be whole. */
  readonly limit?: number | undefined;
}

export interface IncrementUnreadOptions extends DomainCallOptions {
  /**
   * The message that is unread: it is counted once, however often it is delivered. Without `at`, one that the store could not be
   * told of, and that a load had in its count since, counts again when it is delivered again.
   */
  readonly messageId?: string | undefined;
  /**
   * When it was sent. With it, what was read or loaded with the list already is not counted again: messages up to the last one
   * of the list when it was stored, or when its unread count was reset. It must be in the order in which messages are committed.
   */
  readonly at?: Time | undefined;
}

export interface TotalUnreadOptions extends DomainCallOptions {
  /** Whether muted conversations count; default true. */
  readonly mutedToo?: boolean | undefined;
}

const own = ['maxPerUser', 'ttl', 'remember'] as const;

/**
 * The conversations of users: the pinned ones first, then the others, each newest first.
 *
 * A list is known down to its floor, and never mistaken for more than it is: `undefined` is cold, `[]` a user without
 * conversations, and an answer shorter than asked (and than `maxPerUser`) is all there are. A cold list stays cold, whatever
 * happens to one of its conversations. News of a conversation that a list does not know, though it should show it, makes the
 * list cold: the source knows it.
 *
 * When the store is away, reads answer that they do not know (`loadUserConversations` asks its loader), and writes resolve:
 * the list they would have changed goes cold, and is passed by in this process until the store has been told. Every method
 * rejects with `UsageError` for a mistake of its caller, and with the reason of its `signal`; a write also with `StoreError`
 * once 10,000 are kept.
 */
export class ConversationCache<C extends Conversation = ChatConversation> {
  readonly #lists: ConversationLists;
  readonly #ttl: number;
  readonly #remember: number;

  /** @throws UsageError naming the option, its value and the rule. */
  constructor(options: ConversationCacheOptions) {
    const ground = new Ground(options, own, 'conversations');
    const { maxPerUser = 500, ttl = '10m', remember = '15m' } = options;
    this.#ttl = milliseconds(ttl, 'options.ttl');
    this.#remember = milliseconds(remember, 'options.remember');
    this.#lists = new ConversationLists(ground, checkCount(maxPerUser, 'options.maxPerUser', 1, 1_000));
  }

  /**
   * Stores a user's conversations, in whatever order, in place of what is there; the first `maxPerUser` are kept. Unfenced:
   * what changed between reading the source and this call is lost from the list; `loadUserConversations` is fenced. Of two
   * with one id, the last. One round trip, O(conversations).
   */
  async setUserConversations(
    userId: string,
    conversations: readonly C[],
    ttl?: Duration,
    options?: SetConversationsOptions,
  ): Promise<void> {
    const user = userIdOf(userId);
    const call = resolveDomainCall(options, ['limit']);
    const limit = options?.limit === undefined ? undefined : checkCount(options.limit, 'options.limit');
    const life = ttl === undefined ? this.#ttl : milliseconds(ttl, 'ttl');
    await this.#lists.set(user, conversations, limit, life, call);
  }

  /**
   * The first conversations, at most `limit` and `maxPerUser`, as they were given, with what has changed since. `undefined`
   * when cold: nothing known, the store away, or the answer would reach below the floor; `[]` when there are none. One round
   * trip, O(limit).
   */
  async getUserConversations(userId: string, limit: number, options?: DomainCallOptions): Promise<C[] | undefined> {
    return this.#lists.get<C>(userIdOf(userId), checkCount(limit, 'limit'), resolveDomainCall(options));
  }

  /**
   * The first `limit` conversations; asks `load` for as many when cold, in this order, and stores what it gives, under a
   * lease: a load that any change of the list has overtaken is not stored. Fewer than `limit` say that the user has no more.
   * One round trip, or four and a load. Rejects as `load` does, or with `LoadTimeoutError`; store away: `load` answers.
   */
  async loadUserConversations(
    userId: string,
    limit: number,
    load: (context: ConversationsLoadContext) => Promise<readonly C[]> | readonly C[],
    options?: DomainCallOptions,
  ): Promise<C[]> {
    const user = userIdOf(userId);
    const call = resolveDomainCall(options);
    return this.#lists.load<C>(user, checkCount(limit, 'limit'), checkFunction(load, 'load'), this.#ttl, call);
  }

  /**
   * Shows a message as the last of a conversation, which takes its place in the order. Told late (by `at`, then by message id,
   * bytewise) or again, it changes nothing. True when it changed the list; false also when that is cold or the store away. A
   * list that does not know the conversation goes cold, unless it would be below the floor. One round trip, O(log list).
   */
  async updateLastMessage(
    userId: string,
    conversationId: string,
    messageId: string,
    text: string,
    at: NonNullable<C['lastMessageAt']>,
    options?: DomainCallOptions,
  ): Promise<boolean> {
    const message = { id: checkId(messageId, 'messageId'), time: checkTime(at, 'at') };
    if (typeof text !== 'string') throw new UsageError('text', text, 'must be a text');
    const told = encodeTold(messageId, text, at);
    const edited = await this.#edit(userId, conversationId, { verb: 'last', message, told }, options);
    return edited?.word === 'changed';
  }

  /**
   * Counts unread messages of a conversation. With `messageId` a message is counted once within `remember`; without, each
   * delivery counts. With `at` too, one that the list had in its count when it was loaded is not counted again. Resolves to
   * the conversation's count; `undefined` when it is not known: a cold list, a conversation it does not hold, the store away.
   * One round trip, O(log list).
   */
  async incrementUnread(
    userId: string,
    conversationId: string,
    by = 1,
    options?: IncrementUnreadOptions,
  ): Promise<number | undefined> {
    const { messageId, at, ...rest } = { ...options };
    const count = checkUnread(by, 'by', 1);
    const id = messageId === undefined ? undefined : checkId(messageId, 'options.messageId');
    const time = at === undefined ? undefined : checkTime(at, 'options.at');
    if (time !== undefined && id === undefined)
      throw new UsageError('options.messageId', id, 'must be given with at: the message that was sent then');
    const message = id === undefined ? undefined : { id, time };
    const edited = await this.#edit(
      userId,
      conversationId,
      { verb: 'count', by: count, message, remember: this.#remember },
      options === undefined ? undefined : rest,
    );
    return edited && ['changed', 'same'].includes(edited.word) ? edited.unread : undefined;
  }

  /** The user has read a conversation up to its last message. True when the list holds it. One round trip, O(log list). */
  async resetUnread(userId: string, conversationId: string, options?: DomainCallOptions): Promise<boolean> {
    return (await this.#edit(userId, conversationId, { verb: 'reset' }, options))?.word === 'changed';
  }

  /**
   * How many messages of all conversations are unread. `undefined` when it is not known: a cold list, one that was cut at
   * `maxPerUser` or by a limit, the store away. One round trip, O(1).
   */
  async getTotalUnreadCount(userId: string, options?: TotalUnreadOptions): Promise<number | undefined> {
    const call = resolveDomainCall(options, ['mutedToo']);
    const mutedToo = checkBoolean(options?.mutedToo ?? true, 'options.mutedToo');
    const found = await this.#lists.total(userIdOf(userId), call);
    return found && found.unread - (mutedToo ? 0 : found.unreadOfMuted);
  }

  /**
   * Pins a conversation, or no longer. True when the list is right now; false when it is cold, does not know the conversation,
   * or the store is away. Pinning one that it does not know makes it cold. One round trip, O(log list).
   */
  async setPinned(userId: string, conversationId: string, on: boolean, options?: DomainCallOptions): Promise<boolean> {
    const edited = await this.#edit(userId, conversationId, { verb: 'pin', on: checkBoolean(on, 'on') }, options);
    return edited?.word === 'changed' || edited?.word === 'below';
  }

  /** Mutes a conversation, or no longer. True when the list holds it. One round trip, O(log list). */
  async setMuted(userId: string, conversationId: string, on: boolean, options?: DomainCallOptions): Promise<boolean> {
    const edited = await this.#edit(userId, conversationId, { verb: 'mute', on: checkBoolean(on, 'on') }, options);
    return edited?.word === 'changed';
  }

  /** Takes a conversation out of the list. True when it was there. One round trip, O(log list). */
  async removeConversation(userId: string, conversationId: string, options?: DomainCallOptions): Promise<boolean> {
    return (await this.#edit(userId, conversationId, { verb: 'remove' }, options))?.word === 'changed';
  }

  /** Makes a user's list cold. One round trip, O(list). */
  async deleteUserConversations(userId: string, options?: DomainCallOptions): Promise<void> {
    await this.#lists.delete(userIdOf(userId), resolveDomainCall(options));
  }

  async #edit(
    userId: string,
    conversationId: string,
    edit: Edit,
    options: DomainCallOptions | undefined,
  ): Promise<Edited | undefined> {
    const id = checkId(conversationId, 'conversationId');
    const edited = await this.#lists.edit(userIdOf(userId), id, edit, resolveDomainCall(options));
    return edited === 'kept' ? undefined : edited;
  }
}

function userIdOf(id: unknown): string {
  return checkId(id, 'userId');
}
