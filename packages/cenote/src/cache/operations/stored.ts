/** What operations read of the bytes under a key, the way their Lua reads it: places, not meaning. See `../entry.ts`. */
import type { LocalData } from '../../store/memory/local-data.js';

/** The bytes under a key; `null` when absent or of another type, as a `pcall` of `GETRANGE` sees it. */
export function bytesAt(data: LocalData, key: string): Buffer | null {
  return data.type(key) === 'string' ? data.get(key) : null;
}

/** The id of an entry; `undefined` when the bytes don't begin like one. */
export function entryId(bytes: Buffer | null): string | undefined {
  if (bytes === null || bytes.length < 25 || bytes.toString('latin1', 0, 9) !== 'cenote/1 ') return undefined;
  return bytes.toString('latin1', 9, 25);
}

const entryVersion = /^cenote\/1 [^ \t-\r]+ [0-9a-fA-F]+ [^ \t-\r]+ \d+ [^ \t-\r]+ (\d+) /;
const floorVersion = /^cenote\/f (\d+)$/;

/** The version that an entry carries. */
export function versionOf(bytes: Buffer | null): string | undefined {
  return bytes ? entryVersion.exec(bytes.toString('latin1', 0, 256))?.[1] : undefined;
}

/** The version that a floor forbids, with all below it. */
export function floorOf(bytes: Buffer | null): string | undefined {
  return bytes ? floorVersion.exec(bytes.toString('latin1', 0, 256))?.[1] : undefined;
}
