import { UsageError } from '../../core/errors.js';

/** Epoch milliseconds, a `Date` or an ISO text; given back as it was given. */
export type Time = number | Date | string;

/** Beyond, a `Date` cannot follow. */
const furthestTime = 8.64e15;

/** A time as whole epoch milliseconds. @throws UsageError naming `field` for what is no time. */
export function checkTime(value: unknown, field: string): number {
  const time =
    typeof value === 'number' ? Math.floor(value)
    : value instanceof Date ? value.getTime()
    : typeof value === 'string' && /^[+-]?\d{4,6}-\d\d/.test(value) ? Date.parse(value)
    : Number.NaN;
  if (!(Math.abs(time) <= furthestTime))
    throw new UsageError(field, value, 'must be a time: epoch milliseconds, a Date or an ISO text');
  return time;
}
