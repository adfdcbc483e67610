import { defineOperation, replyWord, text } from '../../../store/operation.js';
import { ban as banLua, clear as clearLua } from './lua.gen.js';

/** What stands under a revoked token. */
export const revokedWord = 'revoked';

export interface BanInput {
  readonly token: string;
  /** Milliseconds that the token has left. */
  readonly life: number;
}

/** Revokes a token. See `ban.lua`. One round trip, O(1). */
export const ban = defineOperation<BanInput, 'revoked'>({
  name: 'ban',
  lua: banLua,
  invalidates: true,
  encode: ({ token, life }) => ({ keys: [token], args: [String(life)] }),
  local(data, { keys: [token = ''], args: [lifeArg] }) {
    const life = Number(text(lifeArg));
    if (data.get(token)?.toString() !== revokedWord || (data.lifetime(token) ?? 0) < life)
      data.set(token, revokedWord, life);
    return revokedWord;
  },
  decode: (reply) => replyWord(reply, [revokedWord], 'ban'),
});

export interface ClearInput {
  readonly token: string;
  /** Since when the shard has lost no revocation: `<epoch> <epoch ms>`. */
  readonly since: string;
  readonly epoch: string;
  /** Milliseconds for which the source's word is good. */
  readonly life: number;
}

/** Remembers that the source knows no revocation of a token. See `clear.lua`. One round trip, O(1). */
export const clear = defineOperation<ClearInput, 'cleared' | 'revoked'>({
  name: 'clear',
  lua: clearLua,
  invalidates: false,
  encode: ({ token, since, epoch, life }) => ({ keys: [token, since], args: [epoch, String(life)] }),
  local(data, { keys: [token = '', since = ''], args: [epochArg, life] }) {
    const epoch = text(epochArg);
    if (!data.get(since)?.toString().startsWith(`${epoch} `)) data.set(since, `${epoch} ${Math.floor(data.now())}`);
    if (data.get(token)?.toString() === revokedWord) return revokedWord;
    data.set(token, `clean ${epoch}`, Number(text(life)));
    return 'cleared';
  },
  decode: (reply) => replyWord(reply, ['cleared', revokedWord], 'clear'),
});
