import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { hold, lifeArgument, lifeOf } from './capture.js';
import { write as lua } from './lua.gen.js';
import { bytesAt, floorOf, versionOf } from './stored.js';

export interface WriteInput {
  readonly value: string;
  readonly lease: string;
  /** The lease under which a fill was granted; absent for a set. */
  readonly token?: string | undefined;
  readonly entry: Buffer;
  /** Whether the entry is text throughout: it is sent as such then, since the client writes texts together, and bytes each by themselves. */
  readonly isText?: boolean | undefined;
  /** Milliseconds until the store forgets it; `Infinity` for never. */
  readonly life: number;
  /** As `encodeVersion` writes it. */
  readonly version?: string | undefined;
}

/** `voided`: the lease is gone, so is the right to fill · `older`: a newer version or a floor stands there. */
export type Written = 'stored' | 'voided' | 'older';

/** Stores entries of one partition: fills under their leases, sets over them. See `write.lua`. One round trip. */
export const write = defineOperation<readonly WriteInput[], Written[]>({
  name: 'write',
  lua,
  invalidates: false,
  encode: (inputs) => ({
    keys: inputs.flatMap(({ value, lease }) => [value, lease]),
    args: inputs.flatMap(({ token, entry, isText, life, version }) => [
      token ?? '',
      isText ? entry.toString() : entry,
      lifeArgument(life),
      version ?? '',
    ]),
  }),
  local: (data, { keys, args }) =>
    Array.from({ length: keys.length / 2 }, (_, i) => {
      const [value = '', lease = ''] = keys.slice(2 * i, 2 * i + 2);
      const [token, entry, life, version] = args.slice(4 * i, 4 * i + 4);
      const held = data.get(lease)?.toString();
      if (text(token) !== '' && held !== text(token)) return 'voided';
      const older = text(version) !== '' && isOlder(text(version), bytesAt(data, value));
      if (!older) data.set(value, entry ?? '', lifeOf(life));
      if (held !== undefined && held !== hold) data.delete(lease);
      return older ? 'older' : 'stored';
    }),
  decode: (reply) => replyList(reply, 'write').map((word) => replyWord(word, ['stored', 'voided', 'older'], 'write')),
});

function isOlder(version: string, present: Buffer | null): boolean {
  const stored = versionOf(present);
  const floor = floorOf(present);
  return (stored !== undefined && stored > version) || (floor !== undefined && floor >= version);
}
