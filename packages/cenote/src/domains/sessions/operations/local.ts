/** What the local bodies of several operations do alike, each as its Lua does. */
import type { LocalData } from '../../../store/memory/local-data.js';
import { text, type OperationCall } from '../../../store/operation.js';
import { gone, isLive, isOfEpoch, readStanding, readStored, type Standing, type Stored } from '../stored.js';

/** The keys of a user that every operation on sessions takes first. */
export interface UserKeys {
  /** Sessions by expiry. */
  readonly index: string;
  readonly standing: string;
}

type Argument = OperationCall['args'][number] | undefined;

/** The bytes under a key; `null` when absent or of another type, as a `pcall` of `GETRANGE` sees it. */
export function bytesAt(data: LocalData, key: string): Buffer | null {
  return data.type(key) === 'string' ? data.get(key) : null;
}

export function isGone(bytes: Buffer | null): boolean {
  return bytes?.toString('latin1') === gone;
}

export function standingAt(data: LocalData, key: string, epoch: Argument): Standing | undefined {
  return readStanding(data.get(key)?.toString(), text(epoch));
}

/** The session under a key, when it and the user's standing are of the epoch: `gone` when it has been ended, else `cold`. */
export function sessionAt(
  data: LocalData,
  { record, standing: key, epoch }: { record: string; standing: string; epoch: Argument },
): { readonly bytes: Buffer; readonly stored: Stored } | 'gone' | 'cold' {
  const bytes = bytesAt(data, record);
  if (isGone(bytes)) return 'gone';
  const stored = readStored(bytes);
  const standing = standingAt(data, key, epoch);
  if (!bytes || !stored || !standing || !isOfEpoch(stored.generation, text(epoch))) return 'cold';
  return isLive(stored, standing) ? { bytes, stored } : 'gone';
}

/** Removes what has expired from an index, as `ZREMRANGEBYSCORE` does. */
export function trim(data: LocalData, index: string, now: number): void {
  for (const [member] of data.zrangeByScore(index, -Infinity, now)) data.zrem(index, member);
}

/** Has a key live for at least so long: `life` where it lives shorter. */
export function prolong(data: LocalData, key: string, least: number, life = least): void {
  const left = data.lifetime(key) ?? 0;
  if (left === Infinity || left < least) data.expire(key, life);
}
