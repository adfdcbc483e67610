import { encodeVersion } from '../../cache/entry.js';
import { UsageError } from '../../core/errors.js';
import { checkOneOf, checkVersion } from '../../core/options.js';
import { checkId } from '../kit/ids.js';
import { decodeRecord, encodeRecord } from '../kit/record.js';
import type { Encoded } from './add.js';
import type { Position } from './stored.js';

/** In this order: a status only moves forward. */
export type MessageStatus = 'sent' | 'delivered' | 'read';

/** Epoch milliseconds, a `Date` or an ISO text; given back as it was given. */
export type MessageTime = number | Date | string;

/** What a message must have to be cached; whatever else it has is kept as JSON, and never looked into. */
export interface Message {
  readonly id: string;
  readonly conversationId: string;
  /** What messages are ordered by, to the millisecond; at a tie their ids decide, bytewise. It never changes. */
  readonly createdAt: MessageTime;
  readonly status?: MessageStatus | undefined;
  /** Grows with each edit: an older version never replaces a newer one, and one without never replaces one with. */
  readonly version?: number | bigint | undefined;
  /** Serves as the version where there is none. */
  readonly updatedAt?: MessageTime | undefined;
}

/** The message of a chat. */
export interface ChatMessage extends Message {
  readonly senderId: string;
  /** Opaque: it may be encrypted. */
  readonly content: string;
  readonly contentType?: string | undefined;
  readonly seq?: number | undefined;
}

/** A message that others are older than, such as the last of the page before. */
export type MessagePosition = Pick<Message, 'id' | 'createdAt'>;

const statuses = ['sent', 'delivered', 'read'] as const;

/** A status as operations take it: 1 to 3. @throws UsageError for any other word. */
export function checkStatus(value: unknown, field = 'status'): number {
  return statuses.indexOf(checkOneOf(value, statuses, field)) + 1;
}

/** @throws UsageError naming the field of the message that breaks a rule; CenoteError `CODEC` when JSON cannot hold it. */
export function encodeMessage(value: unknown, field = 'message'): Encoded & { readonly conversation: string } {
  if (typeof value !== 'object' || value === null) throw new UsageError(field, value, 'must be a message: an object');
  const { conversationId, status, version, updatedAt } = value as Partial<Message>;
  return {
    ...checkPosition(value, field),
    conversation: checkId(conversationId, `${field}.conversationId`),
    status: status === undefined || status === null ? 0 : checkStatus(status, `${field}.status`),
    version: versionOf(version, updatedAt, field),
    payload: encodeRecord(typeof version === 'bigint' ? { ...value, version: String(version) } : value),
  };
}

/** @throws UsageError when it has no id or no time. */
export function checkPosition(value: unknown, field: string): Position {
  if (typeof value !== 'object' || value === null)
    throw new UsageError(field, value, 'must have the id and createdAt of a message');
  const { id, createdAt } = value as Partial<Message>;
  return { id: checkId(id, `${field}.id`), time: checkTime(createdAt, `${field}.createdAt`) };
}

/** A message as it was read or loaded, before each of its readers decodes it. */
export interface Held {
  readonly status: number;
  readonly payload: Buffer | string;
}

/** What was stored, with the status it has reached; `undefined` when it cannot be read. */
export function decodeMessage<M extends Message>({ status, payload }: Held): M | undefined {
  const record = decodeRecord<Message>(payload.toString());
  const reached = statuses[status - 1];
  if (!record || reached === undefined || record.status === reached) return record as M | undefined;
  return Object.freeze({ ...record, status: reached }) as M;
}

function versionOf(version: unknown, updatedAt: unknown, field: string): string {
  if (version !== undefined && version !== null) return encodeVersion(checkVersion(version, `${field}.version`));
  if (updatedAt === undefined || updatedAt === null) return '';
  return encodeVersion(Math.max(checkTime(updatedAt, `${field}.updatedAt`), 0));
}

/** Beyond, a `Date` cannot follow. */
const furthestTime = 8.64e15;

function checkTime(value: unknown, field: string): number {
  const time =
    typeof value === 'number' ? Math.floor(value)
    : value instanceof Date ? value.getTime()
    : typeof value === 'string' && /^[+-]?\d{4,6}-\d\d/.test(value) ? Date.parse(value)
    : Number.NaN;
  if (!(Math.abs(time) <= furthestTime))
    throw new UsageError(field, value, 'must be a time: epoch milliseconds, a Date or an ISO text');
  return time;
}
