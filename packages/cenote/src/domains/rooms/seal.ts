import { encodeEntry, parseEntry, randomId } from '../../cache/entry.js';
import type { Codec } from '../../cache/codec.js';
import { Payloads, type PayloadOptions } from '../../cache/payload.js';

/** Records are texts already; the codec's name tells them apart from what others write. */
const record: Codec = Object.freeze({
  name: 'record',
  encode: (value: unknown) => Buffer.from(value as string),
  decode: (bytes: Buffer) => bytes.toString(),
});

/**
 * Texts as entries of the store (see `cache/entry.ts`): compressed where that is worth it, under a checksum that covers their
 * key, of the epoch in which they were written. What is damaged, truncated, another's or of another epoch does not open.
 */
export class Seal {
  readonly #payloads: Payloads;

  constructor(compress: PayloadOptions['compress']) {
    this.#payloads = new Payloads({ codec: record, compress, copy: 'freeze' });
  }

  /** Text where it can be: the client sends texts together, and bytes each by themselves. */
  close(key: string, content: string, epoch: string): string | Buffer {
    const { encoding, bytes } = this.#payloads.encode(content);
    const head = {
      id: randomId(),
      freshUntil: Infinity,
      grace: 0,
      epoch,
      version: undefined,
      encoding,
      cost: 0,
      tags: '',
    };
    const entry = encodeEntry(key, head, bytes);
    return encoding === record.name ? entry.toString() : entry;
  }

  /** `undefined` for what does not open. */
  open(key: string, entry: Buffer | null | undefined, epoch: string): string | undefined {
    if (!entry) return undefined;
    const parsed = parseEntry(key, entry);
    if (parsed.kind !== 'entry' || parsed.head.epoch !== epoch) return undefined;
    try {
      return this.#payloads.decode(parsed.head.encoding, entry, parsed.payloadAt) as string;
    } catch {
      return undefined;
    }
  }
}
