import { defineOperation, replyWord, text } from '../../store/operation.js';
import { add as lua } from './lua.gen.js';
import { placeOne } from './place.js';
import {
  bodyAt,
  deleted,
  floorAt,
  isBefore,
  isWhole,
  markAt,
  merged,
  sizeAt,
  writeBody,
  type ListKeys,
  type Position,
} from './stored.js';

/** A message as operations take it. */
export interface Encoded extends Position {
  readonly status: number;
  readonly version: string;
  /** JSON, which is text: so it travels in one packet with the rest. */
  readonly payload: string;
}

export interface AddInput {
  readonly list: ListKeys;
  readonly epoch: string;
  readonly message: Encoded;
  readonly most: number;
  /** Milliseconds that the list may live on, lest it outlive the message's note; `undefined` to change only what is there. */
  readonly life: number | undefined;
  /** The message's note and what to note, where it is in the same partition: else it must have been placed before. */
  readonly note?: { readonly key: string; readonly conversation: string } | undefined;
}

const words = ['added', 'edited', 'older', 'below', 'deleted', 'absent', 'cold'] as const;
export type Added = (typeof words)[number];

/** Puts a message into a list that is known, or changes the one that is there. See `add.lua`. One round trip, O(log list). */
export const add = defineOperation<AddInput, Added>({
  name: 'messages:add',
  lua,
  invalidates: false,
  encode: ({ list, epoch, message, most, life, note }) => ({
    keys: [list.order, list.bodies, list.marks, list.lease, ...(note ? [note.key] : [])],
    args: [
      epoch,
      life === undefined ? '' : String(life),
      String(most),
      life === undefined ? 'edit' : 'add',
      message.id,
      String(message.time),
      String(message.status),
      message.version,
      message.payload,
      note?.conversation ?? '',
    ],
  }),
  local(data, { keys: [order = '', bodies = '', marks = '', lease = '', note], args }) {
    const [epoch, lifeText, most, mode, idText, time, status, version, payload, conversation] = args;
    data.delete(lease);
    const noted = note === undefined ? 0 : placeOne(data, note, text(conversation), Number(text(lifeText)));
    const size = sizeAt(data, { order, bodies }, text(epoch));
    if (size === undefined || !isWhole(data, bodies, size)) return 'cold';
    const longest = text(lifeText) === '' ? Infinity : Number(text(lifeText));
    const life = Math.min(data.lifetime(bodies) ?? 0, longest);
    if (life === longest) for (const key of [order, bodies]) data.expire(key, life);

    const at = { time: Number(text(time)), id: text(idText) };
    const given = {
      status: Math.max(Number(text(status)), noted, markAt(data, marks, at.id)),
      version: text(version),
      payload: Buffer.from(text(payload)),
    };
    if (given.status === deleted) return 'deleted';
    const there = bodyAt(data, bodies, at.id);
    if (!there && text(mode) === 'edit') return 'absent';
    const isOlder = there !== undefined && given.version < there.version;
    const floor = floorAt(data, bodies);
    if (floor && !isOlder && isBefore(at, floor)) {
      data.zrem(order, at.id);
      data.hdel(bodies, at.id);
      return 'below';
    }
    data.hset(bodies, at.id, writeBody(merged(given, there)));
    if (!isOlder) data.zadd(order, at.time, at.id);
    if (data.zcard(order) === 1) data.expire(order, life);
    const excess = data.zcard(order) - Number(text(most));
    if (excess > 0) {
      for (const id of data.zrange(order, 0, excess - 1)) {
        data.zrem(order, id);
        data.hdel(bodies, id);
      }
      const [oldest = ''] = data.zrange(order, 0, 0);
      data.hset(bodies, ':floor', `${data.zscore(order, oldest)} ${oldest}`);
    }
    return (
      isOlder ? 'older'
      : there ? 'edited'
      : 'added'
    );
  },
  decode: (reply) => replyWord(reply, words, 'messages:add'),
});
