import { UsageError } from '../../core/errors.js';
import { checkBoolean, checkCount } from '../../core/options.js';
import { checkId } from '../kit/ids.js';
import { decodeRecord, encodeRecord } from '../kit/record.js';
import { checkTime, type Time } from '../kit/time.js';
import type { Encoded } from './replace.js';
import { isBefore, type Body, type Position } from './stored.js';

/** What a conversation must have to be cached; whatever else it has is kept as JSON, and never looked into. */
export interface Conversation {
  readonly id: string;
  readonly lastMessageId?: string | null | undefined;
  readonly lastMessageText?: string | null | undefined;
  /** What conversations are ordered by, to the millisecond; at a tie their ids decide, bytewise. None: behind all others. */
  readonly lastMessageAt?: Time | null | undefined;
  /** Absent counts as 0, and `isPinned` and `isMuted` as false. */
  readonly unreadCount?: number | undefined;
  readonly isPinned?: boolean | undefined;
  readonly isMuted?: boolean | undefined;
}

/** A conversation of a chat. */
export interface ChatConversation extends Conversation {
  readonly type: string;
  readonly name: string;
  readonly avatar?: string | null | undefined;
  readonly unreadCount: number;
  readonly isPinned: boolean;
  readonly isMuted: boolean;
}

/** So that the sum of all stays exact. */
const mostUnread = 1e9;

export function checkUnread(value: unknown, field: string, least: number): number {
  return checkCount(value, field, least, mostUnread);
}

/** @throws UsageError naming the field of the conversation that breaks a rule; CenoteError `CODEC` when JSON cannot hold it. */
function encodeConversation(value: unknown, field: string): Encoded {
  if (typeof value !== 'object' || value === null)
    throw new UsageError(field, value, 'must be a conversation: an object');
  const { id, lastMessageId, lastMessageAt, unreadCount, isPinned, isMuted } = value as Partial<Conversation>;
  const last: Position = {
    time: isGiven(lastMessageAt) ? checkTime(lastMessageAt, `${field}.lastMessageAt`) : -Infinity,
    id: isGiven(lastMessageId) ? checkId(lastMessageId, `${field}.lastMessageId`) : '',
  };
  return {
    id: checkId(id, `${field}.id`),
    head: {
      unread: isGiven(unreadCount) ? checkUnread(unreadCount, `${field}.unreadCount`, 0) : 0,
      isPinned: isGiven(isPinned) && checkBoolean(isPinned, `${field}.isPinned`),
      isMuted: isGiven(isMuted) && checkBoolean(isMuted, `${field}.isMuted`),
      last,
      // Without its id, whatever is of that moment is meant.
      settled: last.id === '' ? { time: last.time + 1, id: '' } : last,
    },
    told: '',
    payload: encodeRecord(value),
  };
}

/** In the order in which they are shown; of those with one id the last. @throws UsageError for what is no list of conversations. */
export function encodeAll(given: unknown, field: string): Encoded[] {
  if (!Array.isArray(given)) throw new UsageError(field, given, 'must be a list of conversations');
  const byId = new Map<string, Encoded>();
  for (const [index, conversation] of given.entries()) {
    const encoded = encodeConversation(conversation, `${field}[${index}]`);
    byId.set(encoded.id, encoded);
  }
  return [...byId.values()].sort((a, b) => (comesFirst(a, b) ? -1 : 1));
}

function comesFirst(a: Encoded, b: Encoded): boolean {
  if (a.head.isPinned !== b.head.isPinned) return a.head.isPinned;
  return isBefore({ time: b.head.last.time, id: b.id }, { time: a.head.last.time, id: a.id });
}

/** What was given, with what has changed since; `undefined` when one cannot be read. */
export function decodeAll<C extends Conversation>(bodies: readonly Body[]): C[] | undefined {
  const conversations = bodies.map((body) => decodeConversation<C>(body));
  return conversations.includes(undefined) ? undefined : (conversations as C[]);
}

function decodeConversation<C extends Conversation>({ head, told, payload }: Body): C | undefined {
  const record = decodeRecord<Conversation>(payload);
  if (!record) return undefined;
  const { unread, isPinned, isMuted } = head;
  const changes = {
    ...(told !== '' && decodeTold(told)),
    ...((record.unreadCount ?? 0) !== unread && { unreadCount: unread }),
    ...((record.isPinned ?? false) !== isPinned && { isPinned }),
    ...((record.isMuted ?? false) !== isMuted && { isMuted }),
  };
  return (Object.keys(changes).length === 0 ? record : Object.freeze({ ...record, ...changes })) as C;
}

/** A last message, as one line; a `Date` stands in brackets. */
export function encodeTold(messageId: string, text: string, at: Time): string {
  return JSON.stringify([messageId, text, at instanceof Date ? [at.getTime()] : at]);
}

function decodeTold(told: string): Partial<Conversation> {
  const [lastMessageId, lastMessageText, at] = JSON.parse(told) as [string, string, number | string | [number]];
  return { lastMessageId, lastMessageText, lastMessageAt: Array.isArray(at) ? new Date(at[0]) : at };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
