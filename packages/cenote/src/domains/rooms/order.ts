import { UsageError } from '../../core/errors.js';

/** A moment: epoch milliseconds, a `Date`, or an ISO text, in UTC unless it names another zone. */
export type Time = number | string | Date;

/** Where a message stands among those of its room: by its time, and in one millisecond by `tie`, bytewise. */
export interface Order {
  /** Epoch milliseconds, whole. */
  readonly at: number;
  /** Three digits of microseconds, then the message's id. */
  readonly tie: string;
}

/** True when `a` comes after `b`. A total order: the same on the server, in Lua, and in every process. */
export function isNewer(a: Order, b: Order): boolean {
  return a.at === b.at ? Buffer.compare(Buffer.from(a.tie), Buffer.from(b.tie)) > 0 : a.at > b.at;
}

/** The place of a message. @throws UsageError naming `field` for a time that is none. */
export function orderOf(time: unknown, id: string, field: string): Order {
  const { at, micros } = instant(time, field);
  return { at, tie: micros + id };
}

const iso = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** A moment in milliseconds, and the microseconds that databases and other languages write behind them. */
function instant(value: unknown, field: string): { at: number; micros: string } {
  const [text, fraction = '', zone] = (typeof value === 'string' ? iso.exec(value) : undefined) ?? [];
  const at =
    value instanceof Date ? value.getTime()
    : typeof value === 'number' ? Math.floor(value)
    : text !== undefined ? Date.parse(text.length > 10 && zone === undefined ? `${text}Z` : text)
    : Number.NaN;
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15)
    throw new UsageError(
      field,
      value,
      "must be a time: epoch milliseconds, a Date, or a text such as '2026-01-31T12:00:00Z'",
    );
  return { at, micros: fraction.padEnd(6, '0').slice(3, 6) };
}
