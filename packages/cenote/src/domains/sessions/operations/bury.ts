import { defineOperation, text } from '../../../store/operation.js';
import { gone, isLive, memberOf, readStored } from '../stored.js';
import { bytesAt, isGone, standingAt, type UserKeys } from './local.js';
import { bury as lua } from './lua.gen.js';

export interface BuryInput extends UserKeys {
  /** Empty to trust any. */
  readonly epoch: string;
  /** Milliseconds; 0 for none. */
  readonly tombstone: number;
  /** `dead`: only what a revocation of the user has ended already. */
  readonly what: 'all' | 'dead';
  readonly sessions: readonly { readonly record: string; readonly handle: string }[];
}

/** Ends sessions of one user; the number that were live. See `bury.lua`. One round trip, O(sessions). */
export const bury = defineOperation<BuryInput, number>({
  name: 'bury',
  lua,
  invalidates: true,
  encode: ({ index, standing, epoch, tombstone, what, sessions }) => ({
    keys: [index, standing, ...sessions.map(({ record }) => record)],
    args: [epoch, String(tombstone), what, ...sessions.map(({ handle }) => handle)],
  }),
  local(data, { keys: [index = '', standingKey = '', ...records], args: [epoch, tombstone, what, ...handles] }) {
    const standing = standingAt(data, standingKey, epoch);
    let count = 0;
    for (const [i, record] of records.entries()) {
      const bytes = bytesAt(data, record);
      const stored = readStored(bytes);
      const live = isLive(stored, standing);
      if (text(what) !== 'all' && (!stored || live)) continue;
      if (live) count++;
      if (!isGone(bytes)) data.delete(record);
      if (stored) data.zrem(index, memberOf(stored.since, text(handles[i])));
      if (text(tombstone) !== '0') data.set(record, gone, Number(text(tombstone)));
    }
    return count;
  },
  decode: Number,
});
