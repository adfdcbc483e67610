import { defineOperation, replyWord, text } from '../../../store/operation.js';
import { gone, memberOf } from '../stored.js';
import { sessionAt, type UserKeys } from './local.js';
import { rotate as lua } from './lua.gen.js';

export interface RotateInput extends UserKeys {
  /** Empty to trust any. */
  readonly epoch: string;
  readonly old: { readonly record: string; readonly handle: string };
  readonly next: { readonly record: string; readonly handle: string };
  /** Milliseconds. */
  readonly tombstone: number;
}

/** Moves a live session to another id. See `rotate.lua`. One round trip, O(log sessions of the user). */
export const rotate = defineOperation<RotateInput, 'rotated' | 'gone' | 'cold' | 'taken'>({
  name: 'rotate',
  lua,
  invalidates: false,
  encode: ({ index, standing, epoch, old, next, tombstone }) => ({
    keys: [index, standing, old.record, next.record],
    args: [epoch, old.handle, next.handle, String(tombstone)],
  }),
  local(data, { keys: [index = '', standing = '', record = '', next = ''], args }) {
    const [epoch, oldHandle = '', newHandle = '', tombstone = ''] = args.map(text);
    const found = sessionAt(data, { record, standing, epoch });
    if (typeof found === 'string') return found;
    if (data.has(next)) return 'taken';
    const { since, expires } = found.stored;
    data.set(next, found.bytes, Math.max(1, data.lifetime(record) ?? 1));
    data.set(record, gone, Number(tombstone));
    data.zrem(index, memberOf(since, oldHandle));
    data.zadd(index, expires, memberOf(since, newHandle));
    return 'rotated';
  },
  decode: (reply) => replyWord(reply, ['rotated', 'gone', 'cold', 'taken'], 'rotate'),
});
