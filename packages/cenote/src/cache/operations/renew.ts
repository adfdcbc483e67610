import { defineOperation, replyWord, text } from '../../store/operation.js';
import { renew as lua } from './lua.gen.js';

/** Keeps a lease alive for another `life` milliseconds. See `renew.lua`. One round trip. */
export const renew = defineOperation<{ lease: string; token: string; life: number }, 'kept' | 'lost'>({
  name: 'renew',
  lua,
  invalidates: false,
  encode: ({ lease, token, life }) => ({ keys: [lease], args: [token, String(life)] }),
  local(data, { keys: [lease = ''], args: [token, life] }) {
    if (data.get(lease)?.toString() !== text(token)) return 'lost';
    data.expire(lease, Number(text(life)));
    return 'kept';
  },
  decode: (reply) => replyWord(reply, ['kept', 'lost'], 'renew'),
});
