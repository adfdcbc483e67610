/**
 * The form of an entry in the store: one line of header, then the payload, so that `redis-cli get` shows both.
 *
 *   cenote/1 <id> <checksum> <fresh-until> <grace> <epoch> <version> <encoding> <cost> <tags>\n<payload>
 *
 * `id` (16 characters) tells this very entry from any other under its key; `checksum` is the CRC-32 of all that follows
 * it, started from the key and the id, so an entry copied to another key is damaged too. `fresh-until` is epoch
 * milliseconds on the store's clock, or `-`; `grace` and `cost` (what loading took) are milliseconds; `epoch` is the
 * store's identity when the load was granted; `version` is a fence, or `-`; `encoding` is a codec, with its compression as
 * in `json+deflate`; `tags` are `name=version` pairs joined by commas, or `-`. Lua reads `id` and `version`, so their
 * places are fixed.
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
const magicBytes = Buffer.from(magic);
const idStart = magic.length;
const idLength = 16;
const checksumStart = idStart + idLength + 1;
const restStart = checksumStart + 8;
const fieldCount = 10;
const fnvPrime = 0x01_00_01_93;
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
  const start = Buffer.from(`${magic}${head.id} ........`);
  const checksumOfRest = crc32(rest, checksumSeed(key, start));
  // Of no bytes zlib makes 0, whatever came before, once their buffer has been looked at.
  const checksum = payload.length === 0 ? checksumOfRest : crc32(payload, checksumOfRest);
  start.write(hex(checksum), checksumStart, 'latin1');
  return Buffer.concat([start, rest, payload]);
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
  if (end === -1 || !isMagic(bytes)) return strayParsed(bytes);
  const expected = crc32(bytes.subarray(restStart), checksumSeed(key, bytes));
  if (checksumAt(bytes) !== expected || bytes[checksumStart - 1] !== space)
    return { kind: 'damaged', id: bytes.toString('latin1', idStart, idStart + idLength) };
  return { kind: 'entry', head: new HeaderLine(bytes.toString('latin1', 0, end)), payloadAt: end + 1 };
}

/** Reads a header without its payload, hence without its checksum: for reports, never to serve a value. */
export function peekHead(bytes: Buffer): EntryHead | undefined {
  const end = bytes.indexOf(newline, restStart);
  if (end === -1 || !isMagic(bytes)) return undefined;
  const line = bytes.toString('latin1', 0, end);
  if (line.split(' ').length !== fieldCount) return undefined;
  const head = new HeaderLine(line);
  return Number.isNaN(head.freshUntil) ? undefined : head;
}

/** A header as it was read. Every hit makes one, and looks at half of its fields: the others are cut out when asked for. */
class HeaderLine implements EntryHead {
  readonly freshUntil: number;
  readonly #line: string;
  readonly #grace: number;
  readonly #epoch: number;
  readonly #version: number;
  readonly #encoding: number;
  readonly #cost: number;
  readonly #tags: number;

  constructor(line: string) {
    this.#line = line;
    this.#grace = line.indexOf(' ', restStart + 1) + 1;
    this.#epoch = line.indexOf(' ', this.#grace) + 1;
    this.#version = line.indexOf(' ', this.#epoch) + 1;
    this.#encoding = line.indexOf(' ', this.#version) + 1;
    this.#cost = line.indexOf(' ', this.#encoding) + 1;
    this.#tags = line.indexOf(' ', this.#cost) + 1;
    const freshUntil = line.slice(restStart + 1, this.#grace - 1);
    this.freshUntil = freshUntil === '-' ? Infinity : Number(freshUntil);
  }

  get id(): string {
    return this.#line.slice(idStart, idStart + idLength);
  }

  get grace(): number {
    return Number(this.#line.slice(this.#grace, this.#epoch - 1));
  }

  get epoch(): string {
    return this.#line.slice(this.#epoch, this.#version - 1);
  }

  get version(): string | undefined {
    return present(this.#line.slice(this.#version, this.#encoding - 1));
  }

  get encoding(): string {
    return this.#line.slice(this.#encoding, this.#cost - 1);
  }

  get cost(): number {
    return Number(this.#line.slice(this.#cost, this.#tags - 1));
  }

  get tags(): string {
    return present(this.#line.slice(this.#tags)) ?? '';
  }
}

function isMagic(bytes: Buffer): boolean {
  for (let index = 0; index < magic.length; index++) if (bytes[index] !== magicBytes[index]) return false;
  return true;
}

function present(field: string): string | undefined {
  return field === '-' ? undefined : field;
}

function strayParsed(bytes: Buffer): Parsed {
  const start = bytes.toString('latin1', 0, idStart + idLength);
  if (start.startsWith(floorMagic)) return { kind: 'floor' };
  return { kind: 'damaged', id: start.startsWith(magic) ? start.slice(idStart) : undefined };
}

/**
 * What the checksum of the entry that begins with `bytes` starts from, so that it covers key and id too: FNV-1a, whose
 * steps map one to one, so one changed character always tells. For so few, a call to zlib would cost twice as much.
 */
function checksumSeed(key: string, bytes: Buffer): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), fnvPrime);
  for (let index = idStart; index < idStart + idLength; index++)
    hash = Math.imul(hash ^ (bytes[index] as number), fnvPrime);
  return hash >>> 0;
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
