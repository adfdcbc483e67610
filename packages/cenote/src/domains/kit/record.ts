import { freezeJson } from '../../cache/freeze.js';
import { CenoteError } from '../../core/errors.js';

/**
 * How domain caches store the objects they are given: JSON, in which the object's own `Date` properties stay dates. Their
 * names stand in a line before it, `["createdAt"]`; an object without dates is its JSON alone. Dates further down become
 * ISO texts, as JSON has it.
 *
 * @throws CenoteError `CODEC` for what JSON cannot hold, such as a cycle or a BigInt. O(size).
 */
export function encodeRecord(record: object): string {
  const dates = Object.entries(record).filter(([, value]) => value instanceof Date) as [string, Date][];
  if (dates.length === 0) return stringify(record);
  const names = JSON.stringify(dates.map(([name]) => name));
  return `${names}\n${stringify({ ...record, ...Object.fromEntries(dates.map(([name, date]) => [name, date.getTime()])) })}`;
}

/**
 * What `encodeRecord` was given, frozen, and a new one at each call: nobody can change what the next one sees. `undefined`
 * for nothing, and for what is no record: unreadable counts as cold. O(size).
 */
export function decodeRecord<T extends object>(stored: Uint8Array | string | null | undefined): T | undefined {
  if (stored === null || stored === undefined) return undefined;
  try {
    const text = typeof stored === 'string' ? stored : Buffer.from(stored).toString();
    const end = text.startsWith('[') ? text.indexOf('\n') : 0;
    const record = JSON.parse(text.slice(end)) as Record<string, unknown> | null;
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
    const names = end === 0 ? [] : (JSON.parse(text.slice(0, end)) as string[]);
    for (const name of names) record[name] = new Date((record[name] as number | null) ?? Number.NaN);
    freezeJson(record);
    return record as T;
  } catch {
    return undefined;
  }
}

function stringify(record: object): string {
  try {
    return JSON.stringify(record);
  } catch (cause) {
    throw new CenoteError('CODEC', `the value cannot be encoded: ${(cause as Error).message}`, { cause });
  }
}
