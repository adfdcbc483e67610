/**
 * The form of an entry in the store: one line of header, then the payload, so that `redis-cli get` shows both.
 *
 *   cenote/1 <id> <checksum> <fresh-until> <grace> <epoch> <version> <encoding> <cost> <tags>\n<payload>
 *
 * `id` (16 characters) tells this very entry from any other under its key; `checksum` is the CRC-32 of the key, the id
 * and all that follows it, so an entry copied to another key is damaged too. `fresh-until` is epoch milliseconds on the
 * store's clock, or `-`; `grace` and `cost` (what loading took) are milliseconds; `epoch` is the store's identity when
 * the load was granted; `version` is a fence, or `-`; `encoding` is a codec, with its compression as in `json+deflate`;
 * `tags` are `name=version` pairs joined by commas, or `-`. Lua reads `id` and `version`, so their places are fixed.
 *
 * A floor (`cenote/f <version>`) stands where a versioned entry was removed: only newer versions may take its place.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface EntryHead {
  readonly id: string;
  /** Epoch milliseconds, or `Infinity`. */
  readonly freshUntil: number;
  /** Milliseconds after `freshUntil` in which the value may be served stale. */
  readonly grace: number;
  readonly epoch: string;
  /** As `encodeVersion` writes it. */
  readonly version: string | undefined;
  readonly encoding: string;
  /** Milliseconds that loading took. */
  readonly cost: number;
  /** `name=version` pairs as they stand in the header; empty without tags. */
  readonly tags: string;
}

/** The most of an entry that is read to know its header when the payload is not wanted. */
export const headLength = 1024;

const magic = 'cenote/1 ';
const floorMagic = 'cenote/f ';
const idStart = magic.length;
const checksumStart = idStart + 17;
const restStart = checksumStart + 8;
const fieldCount = 10;
const newline = 10;
const space = 32;

let pool = Buffer.alloc(0);
let poolAt = 0;

/** 16 unguessable characters (96 bits), from a pool: asking the system for each would cost more than the rest of a fill. */
export function randomId(): string {
  if (poolAt >= pool.length) {
    pool = randomBytes(1536);
    poolAt = 0;
  }
  poolAt += 12;
  return pool.toString('base64url', poolAt - 12, poolAt);
}

export function encodeEntry(key: string, head: EntryHead, payload: Uint8Array): Buffer {
  const rest = Buffer.from(
    ` ${Number.isFinite(head.freshUntil) ? Math.floor(head.freshUntil) : '-'} ${head.grace} ${head.epoch} ${head.version ?? '-'} ${head.encoding} ${Math.round(head.cost)} ${head.tags || '-'}\n`,
  );
  const checksumOfRest = crc32(rest, checksumSeed(key, head.id));
  // Of no bytes zlib makes 0, whatever came before, once their buffer has been looked at.
  const checksum = payload.length === 0 ? checksumOfRest : crc32(payload, checksumOfRest);
  return Buffer.concat([Buffer.from(`${magic}${head.id} ${hex(checksum)}`), rest, payload]);
}

/** What the bytes under a key turn out to be. */
export type Parsed =
  | { readonly kind: 'entry'; readonly head: EntryHead; readonly payloadAt: number }
  | { readonly kind: 'floor' }
  /** `id` is there when the damage left a place where Lua, too, would read one. */
  | { readonly kind: 'damaged'; readonly id: string | undefined };

/** Reads and checks an entry. O(bytes) for the checksum; the payload is not decoded. */
export function parseEntry(key: string, bytes: Buffer): Parsed {
  const end = bytes.indexOf(newline, restStart);
  if (end === -1) return strayParsed(bytes);
  const line = bytes.toString('latin1', 0, end);
  if (!line.startsWith(magic)) return strayParsed(bytes);
  const id = line.slice(idStart, checksumStart - 1);
  const expected = crc32(bytes.subarray(restStart), checksumSeed(key, id));
  if (checksumAt(bytes) !== expected || bytes[checksumStart - 1] !== space) return { kind: 'damaged', id };
  return { kind: 'entry', head: parseHead(line, id), payloadAt: end + 1 };
}

/** Reads a header without its payload, hence without its checksum: for reports, never to serve a value. */
export function peekHead(bytes: Buffer): EntryHead | undefined {
  const end = bytes.indexOf(newline, restStart);
  if (end === -1) return undefined;
  const line = bytes.toString('latin1', 0, end);
  if (!line.startsWith(magic)) return undefined;
  if (line.split(' ').length !== fieldCount) return undefined;
  const head = parseHead(line, line.slice(idStart, checksumStart - 1));
  return Number.isNaN(head.freshUntil) ? undefined : head;
}

/** Every hit comes this way: cut at the blanks one by one, which costs half of what `split` does. */
function parseHead(line: string, id: string): EntryHead {
  const grace = line.indexOf(' ', restStart + 1) + 1;
  const epoch = line.indexOf(' ', grace) + 1;
  const version = line.indexOf(' ', epoch) + 1;
  const encoding = line.indexOf(' ', version) + 1;
  const cost = line.indexOf(' ', encoding) + 1;
  const tags = line.indexOf(' ', cost) + 1;
  const freshUntil = line.slice(restStart + 1, grace - 1);
  return {
    id,
    freshUntil: freshUntil === '-' ? Infinity : Number(freshUntil),
    grace: Number(line.slice(grace, epoch - 1)),
    epoch: line.slice(epoch, version - 1),
    version: present(line.slice(version, encoding - 1)),
    encoding: line.slice(encoding, cost - 1),
    cost: Number(line.slice(cost, tags - 1)),
    tags: present(line.slice(tags)) ?? '',
  };
}

function present(field: string): string | undefined {
  return field === '-' ? undefined : field;
}

function strayParsed(bytes: Buffer): Parsed {
  const start = bytes.toString('latin1', 0, idStart + 16);
  if (start.startsWith(floorMagic)) return { kind: 'floor' };
  return { kind: 'damaged', id: start.startsWith(magic) ? start.slice(idStart) : undefined };
}

function checksumSeed(key: string, id: string): number {
  return crc32(`${key} ${id}`);
}

/** The checksum that stands in the header, -1 for none: other digits than `hex` writes would be the same number, one flipped bit apart. */
function checksumAt(bytes: Buffer): number {
  let checksum = 0;
  for (let index = checksumStart; index < restStart; index++) {
    const code = bytes[index] as number;
    const digit =
      code >= 48 && code <= 57 ? code - 48
      : code >= 97 && code <= 102 ? code - 87
      : -1;
    if (digit === -1) return -1;
    checksum = checksum * 16 + digit;
  }
  return checksum;
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0');
}

/**
 * A version as text that compares like the number it is: two digits of length, then the digits, so `'17' < '210'` for 7
 * and 10.
 */
export function encodeVersion(version: number | bigint): string {
  const digits = version.toString();
  return `${digits.length.toString().padStart(2, '0')}${digits}`;
}
