/** What the local bodies of several operations do alike, each as its Lua does. */
import type { LocalData } from '../../../store/memory/local-data.js';
import { text, type OperationCall } from '../../../store/operation.js';
import { gone, isOfEpoch, readStored, type Stored } from '../stored.js';

/** The keys of a user that every operation on sessions takes first. */
export interface UserKeys {
  /** Handles by expiry. */
  readonly index: string;
  readonly generation: string;
}

type Argument = OperationCall['args'][number] | undefined;

/** The bytes under a key; `null` when absent or of another type, as a `pcall` of `GETRANGE` sees it. */
export function bytesAt(data: LocalData, key: string): Buffer | null {
  return data.type(key) === 'string' ? data.get(key) : null;
}

export function isGone(bytes: Buffer | null): boolean {
  return bytes?.toString('latin1') === gone;
}

/** The user's generation, if it is one of the epoch. */
export function generationAt(data: LocalData, key: string, epoch: Argument): string | undefined {
  const held = data.get(key)?.toString();
  return held !== undefined && isOfEpoch(held, text(epoch)) ? held : undefined;
}

/** The session under a key, when it and the user's generation are of the epoch: `gone` when it has been ended, else `cold`. */
export function sessionAt(
  data: LocalData,
  { record, generation, epoch }: { record: string; generation: string; epoch: Argument },
): { readonly bytes: Buffer; readonly stored: Stored } | 'gone' | 'cold' {
  const bytes = bytesAt(data, record);
  if (isGone(bytes)) return 'gone';
  const stored = readStored(bytes);
  const present = generationAt(data, generation, epoch);
  if (!bytes || !stored || present === undefined || !isOfEpoch(stored.generation, text(epoch))) return 'cold';
  return stored.generation === present ? { bytes, stored } : 'gone';
}

/** Has a key live for at least so long: `life` where it lives shorter. */
export function prolong(data: LocalData, key: string, least: number, life = least): void {
  const left = data.lifetime(key) ?? 0;
  if (left === Infinity || left < least) data.expire(key, life);
}
