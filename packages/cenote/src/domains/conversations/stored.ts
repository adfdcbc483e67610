/**
 * How a user's conversations stand in the store, the way the Lua of the operations reads it: places, not meaning.
 *
 *     ordinary, pinned   ids by the time of their last message
 *     bodies             `:epoch`; `:floor`, `<pinned 0 or 1> <time> <id>` or empty; `:unread`, `<all> <of muted ones>`; id → body
 *     a body             the head, a newline, the last message that was told since (JSON) or nothing, a newline, the payload
 *     a head             `<unread> <pinned> <muted> <time> <last message> <settled time> <settled message>`
 *     counted            `<conversation> <message>` by when it was counted
 *
 * A time is in ms, `-inf` for none; an absent id is empty. Settled up to the last message is `= ` (it is the most frequent, and ids
 * are long). What an id may hold has no blanks (`checkId`).
 */
import type { LocalData } from '../../store/memory/local-data.js';

/** The keys of a user's conversations, all in one slot. */
export interface Keys {
  readonly ordinary: string;
  readonly pinned: string;
  readonly bodies: string;
  /** Messages that were counted as unread lately. */
  readonly counted: string;
  readonly lease: string;
}

/** Where a message or a conversation stands in time; `-Infinity` and an empty id before all of them. */
export interface Position {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly id: string;
}

/** What of a conversation changes. */
export interface Head {
  readonly unread: number;
  readonly isPinned: boolean;
  readonly isMuted: boolean;
  /** The last message. */
  readonly last: Position;
  /** Messages up to this one are in `unread` already, or have been read. */
  readonly settled: Position;
}

export interface Body {
  readonly head: Head;
  /** The last message as it was told; empty when none was since the conversation was given. */
  readonly told: string;
  readonly payload: string;
}

const headForm = /^(\d+) ([01]) ([01]) (\S+) ([^ \n]*) (\S+) ([^ \n]*)$/;

export function readBody(bytes: Buffer | string): Body | undefined {
  const whole = bytes.toString();
  const first = whole.indexOf('\n');
  const second = whole.indexOf('\n', first + 1);
  const match = second === -1 ? null : headForm.exec(whole.slice(0, first));
  if (!match) return undefined;
  const [, unread, pinned, muted, time = '', id = '', settledTime = '', settledId = ''] = match;
  const last = { time: readTime(time), id };
  return {
    head: {
      unread: Number(unread),
      isPinned: pinned === '1',
      isMuted: muted === '1',
      last,
      settled: settledTime === '=' ? last : { time: readTime(settledTime), id: settledId },
    },
    told: whole.slice(first + 1, second),
    payload: whole.slice(second + 1),
  };
}

export function writeBody({ head, told, payload }: Body): string {
  const { unread, isPinned, isMuted, last, settled } = head;
  const isSettled = settled.time === last.time && settled.id === last.id;
  const places = [placeOf(last), isSettled ? '= ' : placeOf(settled)];
  return `${[unread, Number(isPinned), Number(isMuted), ...places].join(' ')}\n${told}\n${payload}`;
}

function placeOf({ time, id }: Position): string {
  return `${writeTime(time)} ${id}`;
}

export function readTime(text: string): number {
  return text === '-inf' ? -Infinity : Number(text);
}

export function writeTime(time: number): string {
  return time === -Infinity ? '-inf' : String(time);
}

/** What is of one millisecond is ordered by ids, bytewise, as sorted sets do. */
export function isBefore(a: Position, b: Position): boolean {
  return a.time < b.time || (a.time === b.time && Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)) < 0);
}

/** The conversation at which a list was cut: what is below it is not known. */
export interface Floor extends Position {
  readonly isPinned: boolean;
}

/** What is known of a user's conversations, if they are of this epoch and nothing of them was lost. */
export interface Known {
  /** `undefined` when these are all conversations there are. */
  readonly floor: Floor | undefined;
  readonly unread: number;
  readonly unreadOfMuted: number;
}

/** Three fields stand beside the bodies. */
const ownFields = 3;

export function knownAt(data: LocalData, keys: readonly string[], epoch: string): Known | undefined {
  const [ordinary = '', pinned = '', bodies = ''] = keys;
  const isThere = [ordinary, pinned].every((key) => ['zset', 'none'].includes(data.type(key)));
  if (!isThere || data.type(bodies) !== 'hash' || data.hget(bodies, ':epoch')?.toString() !== epoch) return undefined;
  if (data.hlen(bodies) !== data.zcard(ordinary) + data.zcard(pinned) + ownFields) return undefined;
  const [cut, time = '', id = ''] = (data.hget(bodies, ':floor')?.toString() ?? '').split(' ');
  const [unread, unreadOfMuted] = (data.hget(bodies, ':unread')?.toString() ?? '').split(' ').map(Number);
  return {
    floor: cut === '' ? undefined : { isPinned: cut === '1', time: readTime(time), id },
    unread: unread ?? 0,
    unreadOfMuted: unreadOfMuted ?? 0,
  };
}

/** Whether a conversation lies where a list no longer knows. */
export function isBelow(floor: Floor | undefined, id: string, { isPinned, last }: Head): boolean {
  if (!floor) return false;
  return isPinned === floor.isPinned ? isBefore({ time: last.time, id }, floor) : floor.isPinned;
}
