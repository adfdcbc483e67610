import { defineOperation, replyList, text } from '../../../store/operation.js';
import { handleAt, memberOf, readStored, writeStored } from '../stored.js';
import { bytesAt, generationAt, type UserKeys } from './local.js';
import { revoke as lua } from './lua.gen.js';

export interface RevokeInput extends UserKeys {
  /** Empty to trust any. */
  readonly epoch: string;
  /** `<epoch>.<random>`; sent again it changes nothing. */
  readonly next: string;
  /** Milliseconds that it lives at least. */
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
  encode: ({ index, generation, epoch, next, life, keep }) => ({
    keys: [index, generation, ...(keep ? [keep.record] : [])],
    args: [epoch, next, String(life), keep?.handle ?? ''],
  }),
  local(data, { keys: [index = '', generationKey = '', record], args: [epoch, nextArg, least, handleArg] }) {
    const [next, handle] = [text(nextArg), text(handleArg)];
    if (data.get(generationKey)?.toString() === next) return [0];
    const generation = generationAt(data, generationKey, epoch);
    const now = Math.floor(data.now());
    const others = (generation === undefined ? [] : data.zrangeByScore(index, `(${now}`, Infinity))
      .map(([member]) => member.slice(handleAt))
      .filter((each) => each !== handle);
    data.delete(index);
    data.delete(generationKey);
    let life = Number(text(least));
    const bytes = record === undefined ? null : bytesAt(data, record);
    const stored = readStored(bytes);
    if (record !== undefined && bytes && stored && stored.generation === generation) {
      const left = data.lifetime(record) ?? 1;
      life = Math.max(life, 2 * left);
      const head = writeStored({ ...stored, generation: next });
      data.set(record, Buffer.concat([Buffer.from(head), bytes.subarray(stored.head)]), left);
      data.zadd(index, stored.expires, memberOf(stored.start, handle));
      data.expire(index, left);
    }
    data.set(generationKey, next, life);
    return [others.length, ...others];
  },
  decode(reply) {
    const [count, ...handles] = replyList(reply, 'revoke');
    return { count: Number(count), handles: handles.map(text) };
  },
});
