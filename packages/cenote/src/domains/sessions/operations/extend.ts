import { defineOperation, replyWord, text } from '../../../store/operation.js';
import { memberOf, writeStored } from '../stored.js';
import { prolong, sessionAt, type UserKeys } from './local.js';
import { extend as lua } from './lua.gen.js';

export interface ExtendInput extends UserKeys {
  readonly record: string;
  /** Empty to trust any. */
  readonly epoch: string;
  readonly handle: string;
  /** Milliseconds from now. */
  readonly life: number;
  /** Milliseconds from its start; `undefined` for no end. */
  readonly absolute: number | undefined;
  /** Milliseconds: what would gain less is left as it is. */
  readonly least: number;
}

/** Gives a live session another life. See `extend.lua`. One round trip, O(log sessions of the user). */
export const extend = defineOperation<ExtendInput, 'extended' | 'gone' | 'cold'>({
  name: 'extend',
  lua,
  invalidates: false,
  encode: ({ index, standing, record, epoch, handle, life, absolute, least }) => ({
    keys: [index, standing, record],
    args: [epoch, handle, String(life), absolute === undefined ? '' : String(absolute), String(least)],
  }),
  local(data, { keys: [index = '', standing = '', record = ''], args: [epoch, handle, life, absolute, least] }) {
    const found = sessionAt(data, { record, standing, epoch });
    if (typeof found === 'string') return found;
    const { bytes, stored } = found;
    const now = Math.floor(data.now());
    const end = text(absolute) === '' ? Infinity : stored.start + Number(text(absolute));
    const expires = Math.min(now + Number(text(life)), end);
    if (expires <= now) return 'gone';
    const gain = expires - stored.expires;
    if (gain >= 0 && gain < Number(text(least))) return 'extended';
    const left = expires - now;
    data.set(
      record,
      Buffer.concat([Buffer.from(writeStored({ ...stored, expires })), bytes.subarray(stored.head)]),
      left,
    );
    data.zadd(index, expires, memberOf(stored.since, text(handle)));
    prolong(data, index, left);
    prolong(data, standing, left, 2 * left);
    return 'extended';
  },
  decode: (reply) => replyWord(reply, ['extended', 'gone', 'cold'], 'extend'),
});
