import { UsageError } from '../../core/errors.js';
import { checkId } from '../kit/ids.js';
import { orderOf, type Order, type Time } from './order.js';

/** A message of a room. Whatever else it holds is stored as it is. */
export interface RoomMessage {
  readonly id: string;
  readonly roomId: string;
  readonly content?: unknown;
  readonly createdAt: Time;
}

/** Where a message stands in its room. @throws UsageError for what is no message: without an id or a time. */
export function checkMessage(value: RoomMessage, field: string): Order {
  const { id, createdAt } = checkObject(value, field);
  return orderOf(createdAt, checkId(id, `${field}.id`), `${field}.createdAt`);
}

export function checkObject(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(field, value, 'must be an object');
}
