import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { typing as typingLua, typists as typistsLua } from './lua.gen.js';

export interface TypingInput {
  readonly key: string;
  readonly user: string;
  /** Milliseconds; `undefined` for no longer. */
  readonly life: number | undefined;
}

/** Notes that a user types, or no longer does. See `typing.lua`. One round trip, O(log n). */
export const noteTyping = defineOperation<TypingInput, 'ok'>({
  name: 'presence:typing',
  lua: typingLua,
  invalidates: false,
  encode: ({ key, user, life }) => ({ keys: [key], args: [user, String(life ?? '')] }),
  local(data, { keys: [key = ''], args: [user, life] }) {
    for (const [late] of data.zrangeByScore(key, -Infinity, data.now())) data.zrem(key, late);
    if (text(life) === '') {
      data.zrem(key, text(user));
      return 'ok';
    }
    const lasting = Number(text(life));
    data.zadd(key, data.now() + lasting, text(user));
    const left = data.lifetime(key) ?? 0;
    if (left === Infinity || left < lasting) data.expire(key, lasting);
    return 'ok';
  },
  decode: (reply) => replyWord(reply, ['ok'], 'presence:typing'),
});

/** Tells who types, or whether `user` does. See `typists.lua`. One round trip, O(those who type). */
export const typistsOf = defineOperation<{ readonly key: string; readonly user?: string }, readonly string[]>({
  name: 'presence:typists',
  lua: typistsLua,
  invalidates: false,
  encode: ({ key, user }) => ({ keys: [key], args: [user ?? ''] }),
  local(data, { keys: [key = ''], args: [argument] }) {
    const user = text(argument);
    if (user === '') return data.zrangeByScore(key, `(${data.now()}`, Infinity).map(([each]) => each);
    return (data.zscore(key, user) ?? 0) > data.now() ? [user] : [];
  },
  decode: (reply) => replyList(reply, 'presence:typists').map(text),
});
