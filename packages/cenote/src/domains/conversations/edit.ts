import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, replyWord, text, type OperationCall, type Reply } from '../../store/operation.js';
import { edit as lua } from './lua.gen.js';
import { isBefore, isBelow, knownAt, readBody, writeBody, type Head, type Keys, type Position } from './stored.js';

/** What is done to a conversation. */
export type Edit =
  | { readonly verb: 'last'; readonly message: Position; readonly told: string }
  | {
      readonly verb: 'count';
      readonly by: number;
      readonly message?: { readonly id: string; readonly time: number | undefined } | undefined;
      /** Milliseconds that a counted message is remembered. */
      readonly remember: number;
    }
  | { readonly verb: 'reset' | 'remove' }
  | { readonly verb: 'pin' | 'mute'; readonly on: boolean };

export interface EditInput {
  readonly keys: Keys;
  readonly epoch: string;
  readonly id: string;
  readonly edit: Edit;
}

const words = ['changed', 'same', 'absent', 'below', 'cold'] as const;

export interface Edited {
  readonly word: (typeof words)[number];
  /** Unread messages of the conversation. */
  readonly unread: number;
}

/** Counted messages that are remembered for a user. */
const mostCounted = 1_000;

/** Changes one of a user's conversations. See `edit.lua`. One round trip, O(log list). */
export const edit = defineOperation<EditInput, Edited>({
  name: 'conversations:edit',
  lua,
  invalidates: false,
  encode: ({ keys: { ordinary, pinned, bodies, counted, lease }, epoch, id, edit: given }) => ({
    keys: [ordinary, pinned, bodies, counted, lease],
    args: [epoch, id, given.verb, ...argsOf(given)],
  }),
  local(data, call) {
    const { keys, args } = call;
    const [ordinary = '', pinned = '', bodies = '', , lease = ''] = keys;
    const [epoch = '', id = '', verb, first = ''] = args.map(text);
    data.delete(lease);
    const isRepeated = verb === 'count' && remembered(data, call);
    const known = knownAt(data, keys, epoch);
    if (!known) return ['cold', 0];
    const forget = (): Reply => {
      for (const key of [ordinary, pinned, bodies]) data.delete(key);
      return ['cold', 0];
    };
    const held = data.hget(bodies, id);
    if (!held) {
      if (!isSought(verb, first) || isRepeated) return ['absent', 0];
      if (known.floor && verb === 'count') return ['below', 0];
      if (known.floor && verb === 'last' && isBefore({ time: Number(first), id }, known.floor)) return ['below', 0];
      return forget();
    }
    const body = readBody(held);
    if (!body) return forget();
    const was = body.head;
    const is = isRepeated ? was : changed(was, args.map(text));
    if (is === was) return ['same', was.unread];

    const isRemoved = verb === 'remove';
    const isGone = isRemoved || isBelow(known.floor, id, is);
    const [from, to] = [was.isPinned ? pinned : ordinary, is.isPinned ? pinned : ordinary];
    if (isGone) {
      data.zrem(from, id);
      data.hdel(bodies, id);
    } else {
      data.hset(bodies, id, writeBody({ ...body, head: is, told: verb === 'last' ? text(args[5]) : body.told }));
      data.zadd(to, is.last.time, id);
      if (from !== to) {
        data.zrem(from, id);
        data.expire(to, data.lifetime(bodies) ?? 0);
      }
    }
    const now = isGone ? { ...is, unread: 0 } : is;
    const all = known.unread - was.unread + now.unread;
    const muted = known.unreadOfMuted - ofMuted(was) + ofMuted(now);
    data.hset(bodies, ':unread', `${all} ${muted}`);
    return [isGone && !isRemoved ? 'below' : 'changed', is.unread];
  },
  decode(reply) {
    const [word, unread] = replyList(reply, 'conversations:edit');
    return { word: replyWord(word, words, 'conversations:edit'), unread: Number(unread) };
  },
});

function argsOf(given: Edit): string[] {
  if (given.verb === 'last') return [String(given.message.time), given.message.id, given.told];
  if (given.verb === 'pin' || given.verb === 'mute') return [given.on ? '1' : '0'];
  if (given.verb !== 'count') return [];
  const { id = '', time } = given.message ?? {};
  return [String(given.by), id, time === undefined ? '' : String(time), String(given.remember), String(mostCounted)];
}

/** Whether a list that does not know the conversation should show it after this. */
function isSought(verb: string | undefined, on: string): boolean {
  return verb === 'last' || verb === 'count' || (verb === 'pin' && on === '1');
}

/** The very same head when nothing changes. */
function changed(head: Head, [, , verb, first = '', second = '', third = '']: readonly string[]): Head {
  if (verb === 'last') {
    const last = { time: Number(first), id: second };
    return isBefore(head.last, last) ? { ...head, last } : head;
  }
  if (verb === 'count') {
    const message = { time: third === '' ? Infinity : Number(third), id: second };
    const isSettled = second !== '' && (second === head.settled.id || isBefore(message, head.settled));
    return isSettled ? head : { ...head, unread: head.unread + Number(first) };
  }
  if (verb === 'reset')
    return { ...head, unread: 0, settled: isBefore(head.settled, head.last) ? head.last : head.settled };
  if (verb === 'pin') return { ...head, isPinned: first === '1' };
  if (verb === 'mute') return { ...head, isMuted: first === '1' };
  return { ...head };
}

/** Whether a message was counted before; it is from now on. */
function remembered(data: LocalData, { keys, args }: OperationCall): boolean {
  const counted = keys[3] ?? '';
  const [, id, , , message, , life, most] = args.map(text);
  if (message === '') return false;
  if (!['zset', 'none'].includes(data.type(counted))) data.delete(counted);
  const member = `${id} ${message}`;
  if (data.zscore(counted, member) !== undefined) return true;
  data.zadd(counted, data.now(), member);
  for (const [old] of data.zrangeByScore(counted, -Infinity, data.now() - Number(life))) data.zrem(counted, old);
  const excess = data.zcard(counted) - Number(most);
  if (excess > 0) for (const old of data.zrange(counted, 0, excess - 1)) data.zrem(counted, old);
  data.expire(counted, Number(life));
  return false;
}

function ofMuted({ isMuted, unread }: Head): number {
  return isMuted ? unread : 0;
}
