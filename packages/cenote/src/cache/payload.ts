import { json, type Codec } from './codec.js';
import { compress, expand, preferredCompression, type Compression } from './compress.js';
import { Decoded } from './decoded.js';
import { deepFreeze, freezeJson } from './freeze.js';

/** How values become payloads: one codec to write with, all that are known to read with. */
export interface PayloadOptions {
  readonly codec: Codec;
  readonly compress: false | { readonly over: number; readonly with: Compression };
  readonly copy: 'freeze' | 'clone';
  /** Keep what was decoded for when the same entry is read again: where no memory tier keeps it anyway. */
  readonly remember?: boolean;
}

export const defaultCompression = Object.freeze({ over: 1024, with: preferredCompression });

/** A way to hand the same value to many callers; each gets one that it cannot spoil for the others. */
export type Give = () => unknown;

export interface Payload {
  /** The codec's name, with its compression, as headers write it. */
  readonly encoding: string;
  readonly bytes: Uint8Array;
  /** Whether the bytes are text. */
  readonly isText?: boolean;
}

/** The encoding of a stored `undefined`, for which no codec has a form of its own. */
const nothing = 'undefined';

export class Payloads {
  readonly #options: PayloadOptions;
  readonly #codecs: ReadonlyMap<string, Codec>;
  readonly #decoded: Decoded | undefined;

  constructor(options: PayloadOptions) {
    this.#options = options;
    this.#codecs = new Map([json, options.codec].map((codec) => [codec.name, codec]));
    if (options.remember && options.copy === 'freeze') this.#decoded = new Decoded();
  }

  /** Throws what the codec throws. */
  encode(value: unknown): Payload {
    if (value === undefined) return { encoding: nothing, bytes: Buffer.alloc(0) };
    const { codec, compress: compression } = this.#options;
    const bytes = codec.encode(value);
    const plain = { encoding: codec.name, bytes, isText: codec === json };
    if (!compression || bytes.length <= compression.over) return plain;
    const smaller = compress(bytes, compression.with);
    // What does not shrink is kept as it was: it reads faster.
    return smaller.length < bytes.length ? { encoding: `${codec.name}+${compression.with}`, bytes: smaller } : plain;
  }

  /** The value of the entry `id`: as `decode` makes it, or one that it made of the same entry before, if that can be shared. */
  read(id: string, encoding: string, bytes: Buffer, start: number): unknown {
    if (!this.#decoded || this.#codecOf(encoding) !== json) return this.decode(encoding, bytes, start);
    const known = this.#decoded.get(id, bytes.length);
    if (known) return known;
    const value = this.decode(encoding, bytes, start);
    if (typeof value === 'object' && value !== null) this.#decoded.add(id, value, bytes.length);
    return value;
  }

  /** A value of its own for one caller, frozen unless the cache clones. Throws when the encoding is unknown or the bytes are wrong. */
  decode(encoding: string, bytes: Buffer, start = 0): unknown {
    const codec = this.#codecOf(encoding);
    // A view of the bytes would cost more than to say where they start.
    const value =
      encoding === json.name && codec === json ?
        (JSON.parse(bytes.toString('utf8', start)) as unknown)
      : this.#decode(encoding, bytes.subarray(start));
    if (this.#options.copy === 'freeze') {
      if (codec === json) freezeJson(value);
      else deepFreeze(value, new Set());
    }
    return value;
  }

  /** A way to give the same value to many callers: itself where it is frozen through and through, else a copy for each. */
  share(payload: Payload): Give {
    const bytes = Buffer.from(payload.bytes.buffer, payload.bytes.byteOffset, payload.bytes.byteLength);
    const value = this.#decode(payload.encoding, bytes);
    if (this.#options.copy === 'freeze' && !deepFreeze(value, new Set())) return () => value;
    return () => this.decode(payload.encoding, bytes);
  }

  /** Freezes a value that did not come out of `decode`, unless the cache clones. */
  protect(value: unknown): unknown {
    if (this.#options.copy === 'freeze') deepFreeze(value, new Set());
    return value;
  }

  /** Whether one value may be handed to many: frozen through and through. With its encoding, if it is as it was decoded. */
  isSafe(value: unknown, encoding?: string): boolean {
    if (this.#options.copy !== 'freeze') return false;
    return (encoding !== undefined && this.#codecOf(encoding) === json) || !deepFreeze(value, new Set());
  }

  #decode(encoding: string, bytes: Buffer): unknown {
    if (encoding === nothing) return undefined;
    const codec = this.#codecOf(encoding);
    if (!codec) throw new TypeError(`no codec ${encoding} here`);
    const plus = encoding.indexOf('+');
    return codec.decode(plus === -1 ? bytes : expand(bytes, encoding.slice(plus + 1)));
  }

  #codecOf(encoding: string): Codec | undefined {
    const plus = encoding.indexOf('+');
    return this.#codecs.get(plus === -1 ? encoding : encoding.slice(0, plus));
  }
}
