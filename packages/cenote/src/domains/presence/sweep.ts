import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { silent as silentLua, sweep as lua } from './lua.gen.js';
import { announce, forget, readRecord, silentUntil, takeOffline, trim, type Keys } from './record.js';
import { keyList, type ShardKeys } from './shards.js';

export interface SweepInput {
  readonly keys: ShardKeys;
  readonly who: string;
  /** Whether an answer to this sweeper may have been lost: whom it has taken offline before is told again. */
  readonly again: boolean;
  /** The most users to take offline. */
  readonly most: number;
  /** Milliseconds for which it is kept when somebody was last seen. */
  readonly retention: number;
}

export interface Swept {
  /** Whether there may be more. */
  readonly more: boolean;
  /** Who has been taken offline, with the number of that change in the feed. */
  readonly silent: readonly { readonly user: string; readonly number: number }[];
}

/** Takes the users of a shard who have fallen silent offline. See `sweep.lua`. One round trip, O(log n) for each of them. */
export const sweepShard = defineOperation<SweepInput, Swept>({
  name: 'presence:sweep',
  lua,
  invalidates: false,
  encode: ({ keys, who, again, most, retention }) => ({
    keys: keyList(keys),
    args: [who, again ? 'again' : '', String(most), String(retention)],
  }),
  local(data, { keys, args }) {
    const [users, expiry, , feed, lastSeen] = keys as unknown as Keys;
    const [who = '', again, most, retention] = args.map(text);
    const silent = silentUntil(data, expiry, data.now(), Number(most));
    const reply = [silent.length === Number(most) ? 'more' : 'done'];
    for (const line of again === 'again' ? data.zrange(feed, 0, -1) : []) {
      const [number = '', by, , user = ''] = line.split(' ');
      if (by === who && data.hget(users, user) === null) reply.push(number, user);
    }
    for (const user of silent) {
      takeOffline(data, keys as unknown as Keys, user, readRecord(data.hget(users, user))?.seen ?? data.now());
      reply.push(announce(data, feed, { who, status: 'offline', user }), user);
    }
    if (silent.length > 0) {
      trim(data, feed);
      data.expire(lastSeen, Number(retention));
    }
    forget(data, lastSeen, Number(retention), Number(most));
    return reply;
  },
  decode(reply) {
    const [word, ...pairs] = replyList(reply, 'presence:sweep');
    return {
      more: replyWord(word, ['more', 'done'], 'presence:sweep') === 'more',
      silent: Array.from({ length: pairs.length / 2 }, (_, i) => ({
        number: Number(text(pairs[2 * i])),
        user: text(pairs[2 * i + 1]),
      })),
    };
  },
});

export interface Peek {
  /** Of some shards, in one partition. */
  readonly keys: readonly ShardKeys[];
  /** Milliseconds for which it is kept when somebody was last seen. */
  readonly retention: number;
}

/** Tells in which shards there is something to sweep. See `silent.lua`. One round trip, O(log n) a shard. */
export const hasSilent = defineOperation<Peek, readonly boolean[]>({
  name: 'presence:silent',
  lua: silentLua,
  invalidates: false,
  encode: ({ keys, retention }) => ({
    keys: keys.flatMap(({ expiry, lastSeen }) => [expiry, lastSeen]),
    args: [String(retention)],
  }),
  local(data, { keys, args: [retention] }) {
    const now = data.now();
    const old = now - Number(text(retention));
    return Array.from({ length: keys.length / 2 }, (_, i) => {
      const [expiry = '', lastSeen = ''] = keys.slice(2 * i);
      return Number(data.zcount(expiry, -Infinity, now) > 0 || data.zcount(lastSeen, -Infinity, old) > 0);
    });
  },
  decode: (reply) => replyList(reply, 'presence:silent').map((word) => Number(text(word)) === 1),
});
