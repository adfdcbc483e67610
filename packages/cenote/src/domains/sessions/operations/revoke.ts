import { defineOperation, replyList, text } from '../../../store/operation.js';
import { handleIn, isLive, memberOf, readStored, sinceOf, writeStanding, writeStored } from '../stored.js';
import { bytesAt, standingAt, trim, type UserKeys } from './local.js';
import { revoke as lua } from './lua.gen.js';

export interface RevokeInput extends UserKeys {
  /** Empty to trust any. */
  readonly epoch: string;
  /** Epoch milliseconds; `undefined` for now. Who began later is not meant. */
  readonly at: number | undefined;
  /** A generation, used where the user has none. */
  readonly fresh: string;
  /** Milliseconds that the user's standing lives at least. */
  readonly life: number;
  readonly keep?: { readonly record: string; readonly handle: string } | undefined;
}

export interface Revoked {
  /** Live sessions ended. */
  readonly count: number;
  readonly handles: readonly string[];
}

/** Ends all sessions of a user, or all but one. See `revoke.lua`. One round trip, O(sessions of the user). */
export const revoke = defineOperation<RevokeInput, Revoked>({
  name: 'revoke',
  lua,
  invalidates: true,
  encode: ({ index, standing, epoch, at, fresh, life, keep }) => ({
    keys: [index, standing, ...(keep ? [keep.record] : [])],
    args: [epoch, at === undefined ? '' : String(at), fresh, String(life), keep?.handle ?? ''],
  }),
  local(data, { keys: [index = '', standingKey = '', record], args: [epoch, atArg, fresh, least, handleArg] }) {
    const kept = text(handleArg);
    const held = standingAt(data, standingKey, epoch);
    if (!held) data.delete(index);
    const standing = held ?? { generation: text(fresh), till: 0 };
    const now = Math.floor(data.now());
    trim(data, index, now);
    const members = data.zrange(index, 0, -1);
    const at = text(atArg) === '' ? Math.max(now, ...members.map(sinceOf)) : Number(text(atArg));
    if (at <= standing.till) return [0];
    const life = Math.max(Number(text(least)), data.lifetime(standingKey) ?? 0);
    data.delete(standingKey);
    const ended = members.filter((member) => sinceOf(member) <= at);
    for (const member of ended) data.zrem(index, member);
    const others = ended.map(handleIn).filter((handle) => handle !== kept);
    const bytes = record === undefined ? null : bytesAt(data, record);
    const stored = readStored(bytes);
    if (record !== undefined && bytes && stored && isLive(stored, standing) && stored.since <= at) {
      const since = at + 1;
      const left = data.lifetime(record) ?? 1;
      data.set(
        record,
        Buffer.concat([Buffer.from(writeStored({ ...stored, since })), bytes.subarray(stored.head)]),
        left,
      );
      data.zadd(index, stored.expires, memberOf(since, kept));
      data.expire(index, Math.max(1, positive(data.lifetime(index)), left));
    }
    data.set(standingKey, writeStanding({ ...standing, till: at }), life);
    return [others.length, ...others];
  },
  decode(reply) {
    const [count, ...handles] = replyList(reply, 'revoke');
    return { count: Number(count), handles: handles.map(text) };
  },
});

/** A lifetime that ends, else 0: what `PTTL` answers below 0. */
function positive(lifetime: number | undefined): number {
  return lifetime === undefined || lifetime === Infinity ? 0 : lifetime;
}
