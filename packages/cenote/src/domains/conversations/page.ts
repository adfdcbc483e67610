import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { page as lua } from './lua.gen.js';
import { knownAt, readBody, type Body, type Keys } from './stored.js';

export interface PageInput {
  readonly keys: Keys;
  readonly epoch: string;
  readonly limit: number;
}

/** Reads the first of a user's conversations; `undefined` when cold. See `page.lua`. One round trip, O(limit). */
export const page = defineOperation<PageInput, Body[] | undefined>({
  name: 'conversations:page',
  lua,
  invalidates: false,
  encode: ({ keys: { ordinary, pinned, bodies }, epoch, limit }) => ({
    keys: [ordinary, pinned, bodies],
    args: [epoch, String(limit)],
  }),
  local(data, { keys, args: [epoch, limitText] }) {
    const [ordinary = '', pinned = '', bodies = ''] = keys;
    const known = knownAt(data, keys, text(epoch));
    if (!known) return ['cold'];
    const limit = Number(text(limitText));
    if (known.floor && data.zcard(ordinary) + data.zcard(pinned) < limit) return ['cold'];
    const ids = [...data.zrange(pinned, 0, limit - 1, true)];
    if (ids.length < limit) ids.push(...data.zrange(ordinary, 0, limit - ids.length - 1, true));
    return ['known', ...ids.map((id) => data.hget(bodies, id))];
  },
  decode(reply) {
    const [word, ...stored] = replyList(reply, 'conversations:page');
    if (replyWord(word, ['known', 'cold'], 'conversations:page') === 'cold') return undefined;
    const bodies = stored.map((body) => (body instanceof Buffer ? readBody(body) : undefined));
    return bodies.includes(undefined) ? undefined : (bodies as Body[]);
  },
});
