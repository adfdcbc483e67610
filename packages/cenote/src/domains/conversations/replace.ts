import { defineOperation, replyWord, text } from '../../store/operation.js';
import { spendLease } from '../kit/lease.js';
import { replace as lua } from './lua.gen.js';
import { readTime, writeBody, writeTime, type Body, type Floor, type Keys } from './stored.js';

/** A conversation as operations take it. */
export interface Encoded extends Body {
  readonly id: string;
}

export interface ReplaceInput {
  readonly keys: Keys;
  readonly epoch: string;
  /** The lease under which a fill was granted; absent for a set. */
  readonly token?: string | undefined;
  /** Milliseconds. */
  readonly life: number;
  /** Where the list was cut; `undefined` when these are all conversations there are. */
  readonly floor: Floor | undefined;
  readonly conversations: readonly Encoded[];
}

/** Stores a user's conversations: a fill under its lease, a set over it. See `replace.lua`. One round trip, O(conversations). */
export const replace = defineOperation<ReplaceInput, 'stored' | 'voided'>({
  name: 'conversations:replace',
  lua,
  invalidates: false,
  encode: ({ keys: { ordinary, pinned, bodies, lease }, epoch, token = '', life, floor, conversations }) => ({
    keys: [ordinary, pinned, bodies, lease],
    args: [
      epoch,
      token,
      String(life),
      floor ? `${Number(floor.isPinned)} ${writeTime(floor.time)} ${floor.id}` : '',
      [conversations, conversations.filter(({ head }) => head.isMuted)]
        .map((some) => some.reduce((sum, { head }) => sum + head.unread, 0))
        .join(' '),
      ...conversations.flatMap((each) => [
        each.id,
        String(Number(each.head.isPinned)),
        writeTime(each.head.last.time),
        writeBody(each),
      ]),
    ],
  }),
  local(data, { keys, args: [epoch, token, life, floor, unread, ...rest] }) {
    const [ordinary = '', pinned = '', bodies = '', lease = ''] = keys;
    if (text(token) !== '' && !spendLease(data, lease, token)) return 'voided';
    for (const key of keys) data.delete(key);
    data.hset(bodies, ':epoch', text(epoch));
    data.hset(bodies, ':floor', text(floor));
    data.hset(bodies, ':unread', text(unread));
    for (let i = 0; i < rest.length; i += 4) {
      const [id = '', isPinned, time = '', body = ''] = rest.slice(i, i + 4).map(text);
      data.zadd(isPinned === '1' ? pinned : ordinary, readTime(time), id);
      data.hset(bodies, id, body);
    }
    for (const key of [ordinary, pinned, bodies]) data.expire(key, Number(text(life)));
    return 'stored';
  },
  decode: (reply) => replyWord(reply, ['stored', 'voided'], 'conversations:replace'),
});
