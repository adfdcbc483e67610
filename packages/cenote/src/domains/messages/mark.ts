import { defineOperation, replyWord, text } from '../../store/operation.js';
import { mark as lua } from './lua.gen.js';
import { bodyAt, deleted, markAt, sizeAt, writeBody, type ListKeys } from './stored.js';

export interface MarkInput {
  readonly list: ListKeys;
  readonly epoch: string;
  /** Milliseconds that a mark is remembered. */
  readonly life: number;
  readonly id: string;
  /** 1 sent, 2 delivered, 3 read, 4 deleted. */
  readonly status: number;
}

/** How many marks of a conversation are remembered, the newest. */
const mostMarks = 1_000;

/** Moves a status forward in a list, or takes a deleted message out. See `mark.lua`. One round trip, O(log list). */
export const mark = defineOperation<MarkInput, 'moved' | 'kept' | 'absent'>({
  name: 'messages:mark',
  lua,
  invalidates: true,
  encode: ({ list, epoch, life, id, status }) => ({
    keys: [list.order, list.bodies, list.marks, list.lease],
    args: [epoch, String(life), id, String(status)],
  }),
  local(data, { keys: [order = '', bodies = '', marks = '', lease = ''], args: [epoch, life, idText, statusText] }) {
    data.delete(lease);
    const id = text(idText);
    const status = Number(text(statusText));
    const isKnown = sizeAt(data, { order, bodies }, text(epoch)) !== undefined;
    const body = isKnown ? bodyAt(data, bodies, id) : undefined;
    if (body && status !== deleted) {
      if (body.status >= status) return 'kept';
      data.hset(bodies, id, writeBody({ ...body, status }));
      return 'moved';
    }
    if (body) {
      data.zrem(order, id);
      data.hdel(bodies, id);
    }
    if (data.type(marks) !== 'zset') data.delete(marks);
    for (const [old] of data.zrangeByScore(marks, -Infinity, data.now() * 10 + 9)) data.zrem(marks, old);
    const ends = data.now() + Number(text(life));
    data.zadd(marks, ends * 10 + Math.max(status, markAt(data, marks, id)), id);
    for (const old of data.zrange(marks, 0, -1 - mostMarks)) data.zrem(marks, old);
    data.expire(marks, Number(text(life)));
    return body ? 'moved' : 'absent';
  },
  decode: (reply) => replyWord(reply, ['moved', 'kept', 'absent'], 'messages:mark'),
});
