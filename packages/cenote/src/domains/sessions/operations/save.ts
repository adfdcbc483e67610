import { defineOperation, replyList, replyWord, text } from '../../../store/operation.js';
import { gone, isLive, isOfEpoch, memberOf, readStored, sinceOf, writeStanding, writeStored } from '../stored.js';
import { unknownStanding } from '../handed-out.js';
import { bytesAt, isGone, prolong, standingAt, trim, type UserKeys } from './local.js';
import { save as lua } from './lua.gen.js';

export interface SaveInput extends UserKeys {
  readonly record: string;
  readonly lease: string;
  /** Empty to trust any. */
  readonly epoch: string;
  /** For what a load under the lease has given: the lease's token, and the user's standing from before the load, if any. */
  readonly fill?: { readonly token: string; readonly standing: string | undefined } | undefined;
  /** A generation, used where the user has none. */
  readonly fresh: string;
  readonly handle: string;
  /** Milliseconds. */
  readonly life: number;
  /** Milliseconds from `start`; `undefined` for no end. */
  readonly absolute: number | undefined;
  /** Epoch milliseconds; `undefined` for now. A live session keeps its own. */
  readonly start: number | undefined;
  /** Most sessions of the user. A fill is not counted: nobody logs in by it. */
  readonly most: number | undefined;
  /** Milliseconds. */
  readonly tombstone: number;
  readonly payload: string;
  /** The user's standing when the writer read the session: see `HandedOut`. */
  readonly read: string;
  /** Milliseconds after a revocation of the user in which nothing new is stored; `undefined` for none. */
  readonly settle: number | undefined;
  /** Sessions that may be ended to make room, as a reply `full` named them. */
  readonly room: readonly { readonly member: string; readonly record: string }[];
}

export type Saved =
  | { readonly word: 'stored' | 'gone' | 'voided' }
  /** Too many: these must be ended first, and be named as `room`. */
  | { readonly word: 'full'; readonly members: readonly string[] };

/** Stores a session. See `save.lua`. One round trip, O(log sessions of the user), with a limit O(limit). */
export const save = defineOperation<SaveInput, Saved>({
  name: 'save',
  lua,
  invalidates: false,
  encode: (input) => ({
    keys: [input.index, input.standing, input.record, input.lease, ...input.room.map(({ record }) => record)],
    args: [
      input.epoch,
      input.fill?.token ?? '',
      input.fill?.standing ?? '',
      input.fresh,
      input.handle,
      String(input.life),
      numberOrNone(input.absolute),
      numberOrNone(input.start),
      numberOrNone(input.most),
      String(input.tombstone),
      input.payload,
      input.read,
      numberOrNone(input.settle),
      ...input.room.map(({ member }) => member),
    ],
  }),
  local(data, { keys: [index = '', standingKey = '', record = '', lease = '', ...rooms], args }) {
    const [epoch = '', token = '', expected = '', fresh = '', handle = ''] = args.map(text);
    const [life, absolute, begins, most, tombstone] = args.slice(5, 10).map((arg) => optional(text(arg)));
    const now = Math.floor(data.now());
    const standing = standingAt(data, standingKey, epoch);
    if (token !== '') {
      if (data.get(lease)?.toString() !== token) return ['voided'];
      data.delete(lease);
      if ((standing ? writeStanding(standing) : '') !== expected) return ['voided'];
    }
    const bytes = bytesAt(data, record);
    if (isGone(bytes)) return ['gone'];
    const stored = readStored(bytes);
    const live = isLive(stored, standing);
    if (live && token !== '') return ['voided'];
    if (stored && !live && token === '' && isOfEpoch(stored.generation, epoch)) return ['gone'];
    const read = text(args[11]);
    const isOther = read !== '' && standing !== undefined && read !== writeStanding(standing);
    if (!live && (read === unknownStanding || isOther)) return ['gone'];
    const settle = optional(text(args[12])) ?? -Infinity;
    if (!live && token === '' && now - (standing?.till ?? 0) < settle) return ['voided'];
    if (standing === undefined) data.delete(index);
    else trim(data, index, now);

    const start = (live ? stored?.start : begins) ?? now;
    let since = live && stored ? stored.since : Math.max(now, (standing?.till ?? 0) + 1);
    if (most !== undefined && token === '' && !live) {
      const members = data.zrange(index, 0, -1).toSorted();
      const room = new Map(rooms.map((key, i) => [text(args[i + 13]), key]));
      const due = members.slice(0, Math.max(0, members.length + 1 - most));
      if (due.some((member) => !room.has(member))) return ['full', ...due];
      for (const member of due) {
        data.set(room.get(member) ?? '', gone, tombstone);
        data.zrem(index, member);
      }
      const last = members.at(-1);
      if (last !== undefined) since = Math.max(since, sinceOf(last) + 1);
    }
    const expires = Math.min(now + (life ?? 0), start + (absolute ?? Infinity));
    if (expires <= now) return ['gone'];
    const left = expires - now;
    const generation = standing?.generation ?? fresh;
    if (standing === undefined) data.set(standingKey, writeStanding({ generation, till: 0 }), 2 * left);
    else prolong(data, standingKey, left, 2 * left);
    const head = writeStored({ expires, start, since, generation });
    data.set(record, Buffer.concat([Buffer.from(head), bytesOf(args[10])]), left);
    data.zadd(index, expires, memberOf(since, handle));
    prolong(data, index, left);
    return ['stored'];
  },
  decode(reply) {
    const [word, ...members] = replyList(reply, 'save');
    const known = replyWord(word, ['stored', 'gone', 'voided', 'full'], 'save');
    return known === 'full' ? { word: known, members: members.map(text) } : { word: known };
  },
});

function numberOrNone(value: number | undefined): string {
  return value === undefined ? '' : String(value);
}

function optional(value: string): number | undefined {
  return value === '' ? undefined : Number(value);
}

function bytesOf(value: string | Uint8Array | undefined): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : (value ?? new Uint8Array());
}
