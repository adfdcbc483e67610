import { UsageError } from '../../core/errors.js';
import { decodeRecord, encodeRecord } from '../kit/record.js';
import type { Last } from './headline.js';
import { checkObject, type RoomMessage } from './message.js';
import { isNewer, orderOf, type Order, type Time } from './order.js';

/** A room as some endpoint shows it to some user: a view. Whatever else it holds is stored as it is. */
export interface Room {
  readonly id: string;
  /** A message like those of `updateRoomCacheWithNewMessage`, or nothing. */
  readonly lastMessage?: unknown;
  readonly lastMessageAt?: Time | null | undefined;
}

/** @throws UsageError for what is no room, or whose last message has a time that is none. */
export function checkRoom<R extends Room>(value: R, field: string): R {
  const { lastMessageAt } = checkObject(value, field);
  if (typeof value.id !== 'string' || value.id === '')
    throw new UsageError(`${field}.id`, value.id, 'must be a non-empty text');
  if (lastMessageAt !== undefined && lastMessageAt !== null) orderOf(lastMessageAt, '', `${field}.lastMessageAt`);
  return value;
}

/** The view with this message as its last one, if it is newer than the one that the view holds. */
export function withMessage<R extends Room>(room: R, last: Last<RoomMessage>): R {
  const held = lastOf(room);
  if (held && !isNewer(last.order, held)) return room;
  const message = last.take();
  return Object.freeze({ ...room, lastMessage: message, lastMessageAt: message.createdAt });
}

/** The place of the last message that a view holds, as far as it says; `undefined` when it has none. */
function lastOf({ lastMessage, lastMessageAt }: Room): Order | undefined {
  const { id, createdAt } = (lastMessage ?? {}) as Partial<Record<keyof RoomMessage, unknown>>;
  for (const time of [createdAt, lastMessageAt]) {
    try {
      if (time !== undefined && time !== null) return orderOf(time, typeof id === 'string' ? id : '', 'lastMessage');
    } catch {
      // A form of its own: the next one may say more.
    }
  }
  return undefined;
}

/** A view as text: its record; before it, with its length, that of its last message where this holds dates of its own. */
export function encodeRoom(room: Room): string {
  const { lastMessage } = room;
  if (!holdsDates(lastMessage)) return encodeRecord(room);
  const message = encodeRecord(lastMessage);
  return `${message.length}\n${message}${encodeRecord({ ...room, lastMessage: null })}`;
}

/** A view of its own for each call, frozen; `undefined` for what is none. */
export function decodeRoom<R extends Room>(text: string): R | undefined {
  const [line, length] = /^(\d+)\n/.exec(text) ?? [];
  if (line === undefined) return decodeRecord<R>(text);
  const end = line.length + Number(length);
  const lastMessage = decodeRecord(text.slice(line.length, end));
  const room = decodeRecord<R>(text.slice(end));
  return room && lastMessage && Object.freeze({ ...room, lastMessage });
}

function holdsDates(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.values(value).some((each) => each instanceof Date);
}
