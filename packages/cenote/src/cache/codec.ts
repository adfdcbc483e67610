import { createRequire } from 'node:module';
import { CenoteError, UsageError } from '../core/errors.js';

/** Turns values into bytes and back. `name` (letters, digits, `-`) stands in each entry, so that a reader knows what it holds. */
export interface Codec {
  readonly name: string;
  /** Throws when the value cannot be encoded. */
  encode(value: unknown): Uint8Array;
  /** Throws when the bytes cannot be decoded; the entry then counts as damaged. Must not keep `bytes`. */
  decode(bytes: Buffer): unknown;
}

/** Readable in `redis-cli`. A `Date` comes back as its ISO text; `undefined` members are left out. */
export const json: Codec = Object.freeze({
  name: 'json',
  encode(value: unknown) {
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
    return Buffer.from(text);
  },
  decode: (bytes: Buffer): unknown => JSON.parse(bytes.toString()),
});

let msgpackCodec: Codec | undefined;

/** Half the bytes of JSON for records, and `Date`, `Map`, `Set`, `BigInt` and bytes come back as they were. Needs `msgpackr`. */
export function msgpack(): Codec {
  return (msgpackCodec ??= loadMsgpack());
}

function loadMsgpack(): Codec {
  const { Packr } = requirePeer<typeof import('msgpackr')>('msgpackr', "the codec 'msgpack'");
  const packr = new Packr({ structuredClone: true, copyBuffers: true });
  return Object.freeze({
    name: 'msgpack',
    encode: (value: unknown) => packr.pack(value),
    decode: (bytes: Buffer): unknown => packr.unpack(bytes),
  });
}

function requirePeer<Module>(name: string, feature: string): Module {
  try {
    return createRequire(import.meta.url)(name) as Module;
  } catch (cause) {
    throw new CenoteError('PEER_MISSING', `${feature} needs the package ${name}: npm install ${name}`, { cause });
  }
}

/** The codec that an option names. */
export function resolveCodec(option: 'json' | 'msgpack' | Codec): Codec {
  if (option === 'json') return json;
  if (option === 'msgpack') return msgpack();
  const given: unknown = option;
  if (!isCodec(given)) {
    throw new UsageError(
      'codec',
      given,
      "must be 'json', 'msgpack' or { name, encode, decode }, name of letters, digits and '-'",
    );
  }
  return given;
}

function isCodec(value: unknown): value is Codec {
  if (typeof value !== 'object' || value === null) return false;
  const { name, encode, decode } = value as Partial<Record<keyof Codec, unknown>>;
  return (
    typeof name === 'string' &&
    /^[A-Za-z0-9-]+$/.test(name) &&
    typeof encode === 'function' &&
    typeof decode === 'function'
  );
}
