import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { total as lua } from './lua.gen.js';
import { knownAt, type Keys } from './stored.js';

export interface Total {
  readonly unread: number;
  readonly unreadOfMuted: number;
}

/** How many messages of a user's conversations are unread; `undefined` when cold. See `total.lua`. One round trip, O(1). */
export const total = defineOperation<{ readonly keys: Keys; readonly epoch: string }, Total | undefined>({
  name: 'conversations:total',
  lua,
  invalidates: false,
  encode: ({ keys: { ordinary, pinned, bodies }, epoch }) => ({ keys: [ordinary, pinned, bodies], args: [epoch] }),
  local(data, { keys, args: [epoch] }) {
    const known = knownAt(data, keys, text(epoch));
    if (!known || known.floor) return ['cold'];
    return ['known', String(known.unread), String(known.unreadOfMuted)];
  },
  decode(reply) {
    const [word, unread, unreadOfMuted] = replyList(reply, 'conversations:total');
    if (replyWord(word, ['known', 'cold'], 'conversations:total') === 'cold') return undefined;
    return { unread: Number(text(unread)), unreadOfMuted: Number(text(unreadOfMuted)) };
  },
});
