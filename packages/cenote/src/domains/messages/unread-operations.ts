/** What is known of unread messages: a counter for each user, and markers of a conversation. */
import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, replyWord, text, type Reply } from '../../store/operation.js';
import { count as countLua, raise as raiseLua, readAll as readAllLua, unread as unreadLua } from './lua.gen.js';

/** The keys of a user's unread messages, in the slot of the conversation. */
export interface UnreadKeys {
  readonly counter: string;
  readonly markers: string;
}

/** A highest sequence. `isSure` when the source of truth has said it, and everything since was told here. */
export interface Marker {
  readonly sequence: number;
  readonly isSure: boolean;
}

export interface Unread {
  readonly sent: Marker | undefined;
  readonly read: Marker | undefined;
  /** `none` when nothing was counted, `lost` when it is not known what was. */
  readonly count: number | 'none' | 'lost';
}

const markerForm = /^(=?)(\d+)$/;

function decodeMarker(marker: string | undefined): Marker | undefined {
  const match = markerForm.exec(marker ?? '');
  return match ? { sequence: Number(match[2]), isSure: match[1] === '=' } : undefined;
}

function encodeMarker({ sequence, isSure }: Marker): string {
  return `${isSure ? '=' : ''}${sequence}`;
}

function countAt(data: LocalData, key: string, epoch: string): Unread['count'] {
  if (!data.has(key)) return 'none';
  const held = data.type(key) === 'string' ? data.get(key)?.toString() : '';
  const match = /^(\S+) (\d+)$/.exec(held ?? '');
  return match?.[1] === epoch ? Number(match[2]) : 'lost';
}

function hasMarkers(data: LocalData, key: string, epoch: string): boolean {
  return data.type(key) === 'hash' && data.hget(key, ':epoch')?.toString() === epoch;
}

/** The marker of a field raised to at least `given`. */
function raiseOne(data: LocalData, key: string, field: string, given: Marker): string {
  const there = decodeMarker(data.hget(key, field)?.toString());
  const marker = encodeMarker({
    sequence: Math.max(given.sequence, there?.sequence ?? 0),
    isSure: given.isSure || there?.isSure === true,
  });
  data.hset(key, field, marker);
  return marker;
}

/** Counts, or with `by` undefined says that a count was lost. Answers the count, if known. See `count.lua`. One round trip. */
export const count = defineOperation<
  { key: string; epoch: string; life: number; by: number | undefined },
  number | undefined
>({
  name: 'messages:count',
  lua: countLua,
  invalidates: false,
  encode: ({ key, epoch, life, by }) => ({
    keys: [key],
    args: [epoch, String(life), by === undefined ? '' : String(by)],
  }),
  local(data, { keys: [key = ''], args: [epoch, life, by] }) {
    const before = countAt(data, key, text(epoch));
    const isKnown = before !== 'lost' && text(by) !== '';
    const after = Math.min((before === 'none' ? 0 : Number(before)) + Number(text(by)), Number.MAX_SAFE_INTEGER);
    data.set(key, isKnown ? `${text(epoch)} ${after}` : '?', Number(text(life)));
    return isKnown ? String(after) : null;
  },
  decode: (reply) => (reply === null ? undefined : Number(text(reply))),
});

/** Reads what is known of a user's unread messages. See `unread.lua`. One round trip. */
export const unread = defineOperation<{ keys: UnreadKeys; epoch: string; user: string }, Unread>({
  name: 'messages:unread',
  lua: unreadLua,
  invalidates: false,
  encode: ({ keys, epoch, user }) => ({ keys: [keys.counter, keys.markers], args: [epoch, user] }),
  local(data, { keys: [counter = '', markers = ''], args: [epoch, user] }): Reply {
    const counted = String(countAt(data, counter, text(epoch)));
    if (!hasMarkers(data, markers, text(epoch))) return ['', '', data.has(markers) ? 'lost' : counted];
    return [data.hget(markers, ':sent') ?? '', data.hget(markers, text(user)) ?? '', counted];
  },
  decode(reply) {
    const [sent, read, counted] = replyList(reply, 'messages:unread').map(text);
    return {
      sent: decodeMarker(sent),
      read: decodeMarker(read),
      count: counted === 'none' || counted === 'lost' ? counted : Number(counted),
    };
  },
});

export interface RaiseInput {
  readonly markers: string;
  readonly epoch: string;
  readonly life: number;
  readonly raised: readonly (readonly [field: string, marker: Marker])[];
}

/** Raises markers; answers what they are then. See `raise.lua`. One round trip. */
export const raise = defineOperation<RaiseInput, Marker[]>({
  name: 'messages:raise',
  lua: raiseLua,
  invalidates: false,
  encode: ({ markers, epoch, life, raised }) => ({
    keys: [markers],
    args: [epoch, String(life), ...raised.flatMap(([field, marker]) => [field, encodeMarker(marker)])],
  }),
  local(data, { keys: [key = ''], args: [epoch, life, ...rest] }) {
    if (!hasMarkers(data, key, text(epoch))) {
      data.delete(key);
      data.hset(key, ':epoch', text(epoch));
    }
    const reply: string[] = [];
    for (let i = 0; i < rest.length; i += 2) {
      const given = decodeMarker(text(rest[i + 1]));
      if (given) reply.push(raiseOne(data, key, text(rest[i]), given));
    }
    data.expire(key, Number(text(life)));
    return reply;
  },
  decode: (reply) =>
    replyList(reply, 'messages:raise').map((marker) => decodeMarker(text(marker)) ?? { sequence: 0, isSure: false }),
});

/** Resets what a user has not read. See `read-all.lua`. One round trip. */
export const readAll = defineOperation<{ keys: UnreadKeys; epoch: string; life: number; user: string }, 'reset'>({
  name: 'messages:read-all',
  lua: readAllLua,
  invalidates: true,
  encode: ({ keys, epoch, life, user }) => ({ keys: [keys.counter, keys.markers], args: [epoch, String(life), user] }),
  local(data, { keys: [counter = '', markers = ''], args: [epoch, life, user] }) {
    data.delete(counter);
    const sent =
      hasMarkers(data, markers, text(epoch)) ? decodeMarker(data.hget(markers, ':sent')?.toString()) : undefined;
    if (!sent) return 'reset';
    raiseOne(data, markers, text(user), sent);
    data.expire(markers, Number(text(life)));
    return 'reset';
  },
  decode: (reply) => replyWord(reply, ['reset'], 'messages:read-all'),
});
