/** What reads presence: its operations change nothing. */
import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { statuses, type KnownStatus } from './change.js';
import { count as countLua, lastSeen as lastSeenLua, page as pageLua, status as statusLua } from './lua.gen.js';
import { readRecord } from './record.js';

/** The most users that one `statusOf` or `pageOf` names. */
export const mostUsers = 1_000;

/** Users of a shard, and the key under which they are kept. */
export interface Members {
  readonly users: string;
  readonly ids: readonly string[];
}

/** Tells the status of users, in their order. See `status.lua`. One round trip, O(users asked for). */
export const statusOf = defineOperation<readonly Members[], readonly KnownStatus[]>({
  name: 'presence:status',
  lua: statusLua,
  invalidates: false,
  encode: (groups) => ({
    keys: groups.map(({ users }) => users),
    args: groups.flatMap(({ ids }) => [String(ids.length), ...ids]),
  }),
  local(data, { keys, args }) {
    let at = 0;
    return keys.flatMap((users) => {
      const ids = args.slice(at + 1, at + 1 + Number(text(args[at])));
      at += ids.length + 1;
      return ids.map((id) => statusIn(data, users, text(id)));
    });
  },
  decode: (reply) => replyList(reply, 'presence:status').map((word) => replyWord(word, statuses, 'presence:status')),
});

function statusIn(data: LocalData, users: string, id: string): KnownStatus {
  const record = readRecord(data.hget(users, id));
  return record?.connections.some(({ expires }) => expires > data.now()) ? record.status : 'offline';
}

/** Tells when a user was last heard of, in epoch milliseconds. See `last-seen.lua`. One round trip, O(1). */
export const seenAt = defineOperation<
  { readonly users: string; readonly lastSeen: string; readonly user: string },
  number | undefined
>({
  name: 'presence:last-seen',
  lua: lastSeenLua,
  invalidates: false,
  encode: ({ users, lastSeen, user }) => ({ keys: [users, lastSeen], args: [user] }),
  local(data, { keys: [users = '', lastSeen = ''], args: [user] }) {
    const seen = readRecord(data.hget(users, text(user)))?.seen ?? data.zscore(lastSeen, text(user));
    return seen === undefined ? null : String(seen);
  },
  decode: (reply) => (reply === null ? undefined : Number(text(reply))),
});

/** Counts the users of shards who have a connection now, by `expiry`. See `count.lua`. One round trip, O(log n) each. */
export const countOf = defineOperation<readonly string[], readonly number[]>({
  name: 'presence:count',
  lua: countLua,
  invalidates: false,
  encode: (keys) => ({ keys, args: [] }),
  local: (data, { keys }) => keys.map((expiry) => data.zcount(expiry, `(${data.now()}`, Infinity)),
  decode: (reply) => replyList(reply, 'presence:count').map((count) => Number(text(count))),
});

export interface ShardPage {
  readonly users: readonly string[];
  /** The name behind which the next page begins; `undefined` at the end of the shard. */
  readonly last: string | undefined;
}

/** Lists users of a shard who have a connection now. See `page.lua`. One round trip, O(log n + limit). */
export const pageOf = defineOperation<
  { readonly users: string; readonly names: string; readonly after: string; readonly limit: number },
  ShardPage
>({
  name: 'presence:page',
  lua: pageLua,
  invalidates: false,
  encode: ({ users, names, after, limit }) => ({ keys: [users, names], args: [after, String(limit)] }),
  local(data, { keys: [users = '', names = ''], args: [after, limit] }) {
    const looked = data.zrangeByLex(names, text(after) === '' ? undefined : text(after), Number(text(limit)));
    const isConnected = (name: string): boolean => statusIn(data, users, name) !== 'offline';
    return [looked.length === Number(text(limit)) ? (looked.at(-1) ?? '') : '', ...looked.filter(isConnected)];
  },
  decode(reply) {
    const [last, ...users] = replyList(reply, 'presence:page').map(text);
    return { users, last: last === '' ? undefined : last };
  },
});
