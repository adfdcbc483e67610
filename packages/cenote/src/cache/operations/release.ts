import { defineOperation, replyWord, text } from '../../store/operation.js';
import { release as lua } from './lua.gen.js';

/** Gives a lease back, leaving a cool-off of `cool` milliseconds (0 for none). See `release.lua`. One round trip. */
export const release = defineOperation<{ lease: string; token: string; cool: number }, 'released' | 'lost'>({
  name: 'release',
  lua,
  invalidates: false,
  encode: ({ lease, token, cool }) => ({ keys: [lease], args: [token, String(cool)] }),
  local(data, { keys: [lease = ''], args: [token, cool] }) {
    if (data.get(lease)?.toString() !== text(token)) return 'lost';
    if (text(cool) === '0') data.delete(lease);
    else data.set(lease, `cool:${text(token)}`, Number(text(cool)));
    return 'released';
  },
  decode: (reply) => replyWord(reply, ['released', 'lost'], 'release'),
});
