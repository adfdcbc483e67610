import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { recent as lua } from './lua.gen.js';
import { floorAt, isBefore, isWhole, readBody, sizeAt, type Body, type ListKeys, type Position } from './stored.js';

export interface RecentInput {
  readonly list: ListKeys;
  readonly epoch: string;
  readonly limit: number;
  /** Only what is older than this. */
  readonly before: Position | undefined;
}

/** Reads the newest messages of a list, newest first; `undefined` when cold. See `recent.lua`. One round trip, O(limit). */
export const recent = defineOperation<RecentInput, Body[] | undefined>({
  name: 'messages:recent',
  lua,
  invalidates: false,
  encode: ({ list: { order, bodies }, epoch, limit, before }) => ({
    keys: [order, bodies],
    args: [epoch, String(limit), before ? String(before.time) : '', before?.id ?? ''],
  }),
  local(data, { keys: [order = '', bodies = ''], args: [epoch, limitText, time, id] }) {
    const size = sizeAt(data, { order, bodies }, text(epoch));
    if (size === undefined || !isWhole(data, bodies, size)) return ['cold'];
    const limit = Number(text(limitText));
    const before = text(time) === '' ? undefined : { time: Number(text(time)), id: text(id) };
    const ids =
      before ?
        data
          .zrangeByScore(order, -Infinity, before.time, { reverse: true })
          .filter(([member, score]) => isBefore({ time: score, id: member }, before))
          .slice(0, limit)
          .map(([member]) => member)
      : data.zrange(order, 0, limit - 1, true);
    if (ids.length < limit && floorAt(data, bodies)) return ['cold'];
    return ['known', ids.map((member) => data.hget(bodies, member))];
  },
  decode(reply) {
    const [word, stored = []] = replyList(reply, 'messages:recent');
    if (replyWord(word, ['known', 'cold'], 'messages:recent') === 'cold') return undefined;
    const bodies = replyList(stored, 'messages:recent').map((body) =>
      body instanceof Buffer ? readBody(body) : undefined,
    );
    return bodies.includes(undefined) ? undefined : (bodies as Body[]);
  },
});
