import { UsageError } from '../../core/errors.js';
import { checkId } from '../kit/ids.js';

/** A moment as callers write it: epoch milliseconds, a `Date`, or an ISO text. It is given back as it was given. */
export type Moment = number | string | Date;

/** What a session holds at least. */
export interface SessionData {
  readonly userId: string;
  readonly walletAddress?: string | undefined;
  readonly username: string;
  readonly displayName: string;
  readonly createdAt: Moment;
  readonly lastActivity: Moment;
}

/** One of a user's sessions, as `list` shows it: without its id, which nobody but its holder knows. */
export interface Session<D extends SessionData> {
  /** Names it in `deleteListed`; a hash of its id, of no use as an id. */
  readonly handle: string;
  readonly data: D;
  /** When it was stored first. */
  readonly startedAt: Date;
  readonly expiresAt: Date;
}

/** Checks the data of a session. @throws UsageError naming the field below `field`. */
export function checkData<D extends SessionData>(value: unknown, field: string): D {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(field, typeof value, 'must be an object with the data of a session');
  const { userId, createdAt, lastActivity } = value as Partial<SessionData>;
  checkId(userId, `${field}.userId`);
  checkMoment(createdAt, `${field}.createdAt`);
  checkMoment(lastActivity, `${field}.lastActivity`);
  return value as D;
}

/** Epoch milliseconds of a moment, `NaN` for none. */
export function momentOf(value: Moment): number {
  return new Date(value).getTime();
}

function checkMoment(value: Moment | undefined, field: string): void {
  const isOne = typeof value === 'number' || typeof value === 'string' || value instanceof Date;
  if (!isOne || Number.isNaN(momentOf(value)))
    throw new UsageError(field, value, 'must be a time: epoch milliseconds, a Date or an ISO text');
}

/** Checks an id that must not be shown, not even when it is wrong. @throws UsageError that hides it. */
export function checkSecret(value: unknown, field: string): string {
  try {
    return checkId(value, field);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const shown = typeof value === 'string' ? `a hidden text of ${value.length} characters` : `a ${typeof value}`;
    throw new UsageError(
      field,
      shown,
      "must be a non-empty text of at most 512 bytes without ':', braces, blanks or control characters",
    );
  }
}
