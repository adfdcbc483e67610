import { defineOperation, replyWord, text } from '../../store/operation.js';
import { spendLease } from '../kit/lease.js';
import type { Encoded } from './add.js';
import { replace as lua } from './lua.gen.js';
import {
  bodyAt,
  deleted,
  markAt,
  merged,
  sizeAt,
  writeBody,
  type Body,
  type ListKeys,
  type Position,
} from './stored.js';

export interface ReplaceInput {
  readonly list: ListKeys;
  readonly epoch: string;
  /** The lease under which a fill was granted; absent for a set. */
  readonly token?: string | undefined;
  /** Milliseconds. */
  readonly life: number;
  /** The oldest that was given; `undefined` when the conversation has no older ones. */
  readonly floor: Position | undefined;
  readonly messages: readonly Encoded[];
}

/** Stores a list: a fill under its lease, a set over it. See `replace.lua`. One round trip, O(messages). */
export const replace = defineOperation<ReplaceInput, 'stored' | 'voided'>({
  name: 'messages:replace',
  lua,
  invalidates: false,
  encode: ({ list, epoch, token = '', life, floor, messages }) => ({
    keys: [list.order, list.bodies, list.marks, list.lease],
    args: [
      epoch,
      token,
      String(life),
      floor ? `${floor.time} ${floor.id}` : '',
      ...messages.flatMap(({ id, time, status, version, payload }) => [
        id,
        String(time),
        String(status),
        version,
        payload,
      ]),
    ],
  }),
  local(data, { keys: [order = '', bodies = '', marks = '', lease = ''], args: [epoch, token, life, floor, ...rest] }) {
    if (text(token) !== '' && !spendLease(data, lease, token)) return 'voided';
    data.delete(lease);
    const before = new Map<string, Body | undefined>();
    if (sizeAt(data, { order, bodies }, text(epoch)) !== undefined)
      for (const [id] of data.hgetall(bodies)) if (!id.startsWith(':')) before.set(id, bodyAt(data, bodies, id));
    for (const key of [order, bodies]) data.delete(key);
    data.hset(bodies, ':epoch', text(epoch));
    data.hset(bodies, ':floor', text(floor));
    for (let i = 0; i < rest.length; i += 5) {
      const [id = '', time, status, version, payload] = rest.slice(i, i + 5).map(text);
      const given = {
        status: Math.max(Number(status), markAt(data, marks, id)),
        version: version ?? '',
        payload: Buffer.from(payload ?? ''),
      };
      if (given.status === deleted) continue;
      data.zadd(order, Number(time), id);
      data.hset(bodies, id, writeBody(merged(given, before.get(id))));
    }
    for (const key of [order, bodies]) data.expire(key, Number(text(life)));
    return 'stored';
  },
  decode: (reply) => replyWord(reply, ['stored', 'voided'], 'messages:replace'),
});
