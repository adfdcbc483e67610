import { milliseconds, type Duration } from '../../core/duration.js';
import { UsageError } from '../../core/errors.js';
import { checkCount, checkFunction } from '../../core/options.js';
import { resolveDomainCall, type DomainCallOptions } from '../kit/call.js';
import { Ground, type DomainOptions } from '../kit/ground.js';
import { checkId } from '../kit/ids.js';
import type { DomainLoadContext } from '../kit/through.js';
import { encodeIn, MessageLists, type MessagesLoadContext } from './message-lists.js';
import {
  checkPosition,
  checkStatus,
  encodeMessage,
  type ChatMessage,
  type Message,
  type MessagePosition,
  type MessageStatus,
} from './message.js';
import { SingleMessages } from './single-messages.js';
import { deleted } from './stored.js';
import { UnreadCounts, type UnreadMarkers } from './unread.js';

export interface MessageCacheOptions extends DomainOptions {
  /** How many messages a list holds, the newest; default 100, at most 1,000. */
  readonly maxPerConversation?: number | undefined;
  /** Life of messages and lists where a call gives none, and of a list at most after something was added; default `'15m'`. */
  readonly ttl?: Duration | undefined;
  /** How long a deletion, or a status that came before its message, is remembered against what comes late; default `'15m'`. */
  readonly remember?: Duration | undefined;
  /** Life of unread counts and markers after their last change; default `'30d'`. */
  readonly unreadTtl?: Duration | undefined;
}

/** How a message in a conversation is found. */
export interface MessageCallOptions extends DomainCallOptions {
  /**
   * The conversation that the message is in. With it one round trip does; without, a note says where the message is, which
   * is there for as long as a list holds it, unless the server evicts keys.
   */
  readonly conversationId?: string | undefined;
}

export interface GetMessagesOptions extends DomainCallOptions {
  /** Only what is older than this message, such as the last of the page before. */
  readonly before?: MessagePosition | undefined;
}

export interface SetMessagesOptions extends DomainCallOptions {
  /**
   * How many were asked of the source: fewer messages than that are all that there are. Without it, fewer than
   * `maxPerConversation` are.
   */
  readonly limit?: number | undefined;
}

const own = ['maxPerConversation', 'ttl', 'remember', 'unreadTtl'] as const;
const defaults = Object.freeze({ maxPerConversation: 100, ttl: '15m', remember: '15m', unreadTtl: '30d' });

/**
 * The recent messages of conversations, single messages, and how many of them are unread.
 *
 * A list is known down to its floor, and never mistaken for more than it is: `undefined` is cold, `[]` a conversation
 * without messages, and an answer shorter than asked (and than `maxPerConversation`) is the whole conversation. A status
 * only moves forward, a message is held once however often it is delivered, and what was deleted does not come back by what
 * comes late.
 *
 * When the store is away, reads answer that they do not know (the `load…` ones ask their loader), and writes resolve: what
 * they would have changed goes cold, and is passed by in this process until the store has been told. Every method rejects
 * with `UsageError` for a mistake of its caller, and with the reason of its `signal`; a write also with `StoreError` once
 * 10,000 are kept.
 */
export class MessageCache<M extends Message = ChatMessage> {
  readonly #singles: SingleMessages;
  readonly #lists: MessageLists;
  readonly #unread: UnreadCounts;
  readonly #ttl: number;

  /** @throws UsageError naming the option, its value and the rule. */
  constructor(options: MessageCacheOptions) {
    const ground = new Ground(options, own, 'messages');
    const { maxPerConversation, ttl, remember, unreadTtl } = { ...defaults, ...ownOf(options) };
    this.#ttl = milliseconds(ttl, 'options.ttl');
    const rememberMs = checkRemember(remember);
    this.#singles = new SingleMessages(ground, rememberMs);
    this.#lists = new MessageLists(ground, this.#singles, {
      most: checkCount(maxPerConversation, 'options.maxPerConversation', 1, 1_000),
      life: this.#ttl,
      remember: rememberMs,
    });
    this.#unread = new UnreadCounts(ground, milliseconds(unreadTtl, 'options.unreadTtl'));
  }

  /**
   * Stores a message by itself, and changes it where its conversation's list holds it; a list that does not is left as it
   * is. An older version changes nothing but the status, which moves forward. Two slots, written at the same moment, each
   * right by itself: if this process dies between, one of them is as it was before the call. One round trip, O(size).
   */
  async setMessage(message: M, ttl?: Duration, options?: DomainCallOptions): Promise<void> {
    const encoded = encodeMessage(message);
    const life = this.#life(ttl);
    const call = resolveDomainCall(options);
    await Promise.all([this.#singles.put(encoded, life, call), this.#lists.edit(encoded, encoded.conversation, call)]);
  }

  /** The message stored under its id; `undefined` when there is none, and when the store is away. One `GET`. */
  async getMessage(id: string, options?: DomainCallOptions): Promise<M | undefined> {
    return this.#singles.get<M>(messageId(id), resolveDomainCall(options));
  }

  /**
   * `getMessage` that asks `load` when there is none, and stores what it gives: under a lease, so that what a write, a
   * status or a deletion has overtaken is not stored. `null` and `undefined` are not stored. One `GET`, or four round trips
   * and a load. Rejects as `load` does, or with `LoadTimeoutError`; store away: `load` answers.
   */
  async loadMessage(
    id: string,
    load: (context: DomainLoadContext) => Promise<M | null | undefined> | M | null | undefined,
    options?: DomainCallOptions,
  ): Promise<M | undefined> {
    return this.#singles.load<M>(messageId(id), checkFunction(load, 'load'), this.#ttl, resolveDomainCall(options));
  }

  /**
   * Removes a message by itself and from its conversation's list, and remembers that: no add, set or load brings it back
   * within `remember`. True when it was held somewhere. Two slots: one round trip with `conversationId`, two without. If
   * this process dies between, the other slot is as before the call; deleting again finishes it.
   */
  async deleteMessage(id: string, options?: MessageCallOptions): Promise<boolean> {
    return this.#mark(messageId(id), deleted, options);
  }

  /**
   * Moves the status of a message forward (sent → delivered → read), by itself and in its conversation's list. True when
   * something held moved; false when it was as far already, is not held (what comes late has at least that status then), or
   * the store is away. Two slots: one round trip with `conversationId`, two without. If this process dies between, one of
   * them shows the earlier status; the next receipt moves both.
   */
  async updateMessageStatus(id: string, status: MessageStatus, options?: MessageCallOptions): Promise<boolean> {
    return this.#mark(messageId(id), checkStatus(status), options);
  }

  /**
   * Puts a message in its place in a conversation's list, which keeps the newest `maxPerConversation`. False when the list
   * is cold or the store away: one message must not look like the whole list. A message that is there is not doubled; a
   * newer version (`version`, `updatedAt`) or, without either, the later call replaces it. True also where the list is right
   * without it: older than the floor, or deleted. Two slots, the note of where the message is first: dying between leaves a
   * note. One round trip, two on a cluster; O(log list).
   */
  async addMessageToConversation(conversationId: string, message: M, options?: DomainCallOptions): Promise<boolean> {
    const conversation = conversationIdOf(conversationId);
    const encoded = encodeIn(conversation, message, 'message');
    return (await this.#lists.add(encoded, conversation, resolveDomainCall(options))) !== 'cold';
  }

  /**
   * The newest messages, newest first, or with `before` those just older than a message. At most `limit`, and without
   * `before` at most `maxPerConversation`. `undefined` when cold: nothing known, the store away, or the answer would reach
   * below the floor, where only the source knows; `[]` when there are none. One round trip, O(limit).
   */
  async getConversationMessages(
    conversationId: string,
    limit: number,
    options?: GetMessagesOptions,
  ): Promise<M[] | undefined> {
    const conversation = conversationIdOf(conversationId);
    const call = resolveDomainCall(options, ['before']);
    const before = options?.before === undefined ? undefined : checkPosition(options.before, 'options.before');
    return this.#lists.get<M>(conversation, checkCount(limit, 'limit'), before, call);
  }

  /**
   * The newest `limit` messages, newest first; asks `load` for as many when cold, and stores what it gives, under a lease: a
   * load that a new message, an edit, a status or a deletion has overtaken is not stored. Fewer than `limit` say that the
   * conversation has no more. One round trip, or five and a load. Rejects as `load` does, or with `LoadTimeoutError`; store
   * away: `load` answers.
   */
  async loadConversationMessages(
    conversationId: string,
    limit: number,
    load: (context: MessagesLoadContext) => Promise<readonly M[]> | readonly M[],
    options?: DomainCallOptions,
  ): Promise<M[]> {
    const conversation = conversationIdOf(conversationId);
    const call = resolveDomainCall(options);
    return this.#lists.load<M>(conversation, checkCount(limit, 'limit'), checkFunction(load, 'load'), this.#ttl, call);
  }

  /**
   * Stores the newest messages of a conversation, in whatever order, in place of what is there; the newest
   * `maxPerConversation` are kept. Unfenced: what was added between reading the source and this call is lost from the list;
   * `loadConversationMessages` is fenced. Statuses do not go back, nor versions, nor does what was deleted lately come back.
   * Notes first, then the list: dying between leaves notes. Two round trips, O(messages).
   */
  async setConversationMessages(
    conversationId: string,
    messages: readonly M[],
    ttl?: Duration,
    options?: SetMessagesOptions,
  ): Promise<void> {
    const conversation = conversationIdOf(conversationId);
    const call = resolveDomainCall(options, ['limit']);
    const limit = options?.limit === undefined ? undefined : checkCount(options.limit, 'options.limit');
    await this.#lists.set(conversation, messages, limit, this.#life(ttl), call);
  }

  /** Makes a conversation's list cold; single messages stay. One round trip, O(list). */
  async deleteConversationMessages(conversationId: string, options?: DomainCallOptions): Promise<void> {
    await this.#lists.delete(conversationIdOf(conversationId), resolveDomainCall(options));
  }

  /**
   * Counts unread messages: the document's form, which counts a redelivered message twice (see `markSent`). Resolves to the
   * count, `undefined` when it is not known. Store away: the count is not known from then on, until it is reset. One round
   * trip.
   */
  async incrementUnreadCount(
    conversationId: string,
    userId: string,
    by = 1,
    options?: DomainCallOptions,
  ): Promise<number | undefined> {
    const ids = [conversationIdOf(conversationId), userIdOf(userId)] as const;
    return this.#unread.increment(...ids, checkCount(by, 'by'), resolveDomainCall(options));
  }

  /**
   * How many messages a user has not read: where sequences are marked, the highest sent less the highest read (0 for who has
   * read none), else the count, 0 when nothing was counted. `undefined` when it is not known: the store is away, lost an
   * increment, or is another than the one that counted. One round trip.
   */
  async getUnreadCount(
    conversationId: string,
    userId: string,
    options?: DomainCallOptions,
  ): Promise<number | undefined> {
    return this.#unread.get(conversationIdOf(conversationId), userIdOf(userId), resolveDomainCall(options));
  }

  /**
   * The exact number of unread messages, which a server that lost its memory cannot make wrong: it comes from markers that
   * the source has once told, and that were raised since; else `load` gives them. One round trip, or four and a load.
   * Rejects as `load` does, or with `LoadTimeoutError`; store away: `load` answers.
   */
  async loadUnreadCount(
    conversationId: string,
    userId: string,
    load: (context: DomainLoadContext) => Promise<UnreadMarkers> | UnreadMarkers,
    options?: DomainCallOptions,
  ): Promise<number> {
    const ids = [conversationIdOf(conversationId), userIdOf(userId)] as const;
    return this.#unread.load(...ids, checkFunction(load, 'load'), resolveDomainCall(options));
  }

  /** A user has read everything that was sent so far. One round trip; store away: told later. */
  async resetUnreadCount(conversationId: string, userId: string, options?: DomainCallOptions): Promise<void> {
    await this.#unread.reset(conversationIdOf(conversationId), userIdOf(userId), resolveDomainCall(options));
  }

  /**
   * Says that the message of this sequence was sent: sequences of a conversation count its messages from 1. Told twice, or
   * late, it is the same as once. One round trip; store away: told later.
   */
  async markSent(conversationId: string, seq: number, options?: DomainCallOptions): Promise<void> {
    await this.#unread.markSent(conversationIdOf(conversationId), seq, resolveDomainCall(options));
  }

  /** Says that a user has read all up to this sequence. Told twice, or late, it is the same as once. One round trip; store away: told later. */
  async markRead(conversationId: string, userId: string, seq: number, options?: DomainCallOptions): Promise<void> {
    const ids = [conversationIdOf(conversationId), userIdOf(userId)] as const;
    await this.#unread.markRead(...ids, seq, resolveDomainCall(options));
  }

  async #mark(id: string, status: number, options: MessageCallOptions | undefined): Promise<boolean> {
    const call = resolveDomainCall(options, ['conversationId']);
    const given = options?.conversationId;
    if (given !== undefined) {
      const conversation = conversationIdOf(given, 'options.conversationId');
      const both = await Promise.all([
        this.#lists.mark(id, conversation, status, call),
        this.#singles.mark(id, status, call),
      ]);
      return both[0] === 'moved' || both[1]?.word === 'moved';
    }
    const single = await this.#singles.mark(id, status, call);
    if (single?.conversation === undefined) return single?.word === 'moved';
    return (await this.#lists.mark(id, single.conversation, status, call)) === 'moved' || single.word === 'moved';
  }

  #life(ttl: unknown): number {
    return ttl === undefined ? this.#ttl : milliseconds(ttl, 'ttl');
  }
}

/** What was given of the own options. */
function ownOf(options: MessageCacheOptions): Partial<Record<(typeof own)[number], unknown>> {
  return Object.fromEntries(own.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/** Marks are scores beside a status: their time must stay below 2^53 / 10. */
const longestRemember = 365 * 86_400_000;

function checkRemember(value: unknown): number {
  const remember = milliseconds(value, 'options.remember');
  if (remember > longestRemember) throw new UsageError('options.remember', value, 'must be at most 365 days');
  return remember;
}

function messageId(id: unknown): string {
  return checkId(id, 'id');
}

function conversationIdOf(id: unknown, field = 'conversationId'): string {
  return checkId(id, field);
}

function userIdOf(id: unknown): string {
  return checkId(id, 'userId');
}
