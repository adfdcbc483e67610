/** What reads presence: its operations change nothing. */
import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { statuses, type KnownStatus } from './change.js';
import { count as countLua, lastSeen as lastSeenLua, page as pageLua, status as statusLua } from './lua.gen.js';
import { readRecord } from './record.js';

/** The most users of one shard that one `statusOf` or `page` may name. */
export const mostUsers = 1_000;

/** Tells the status of users of one shard. See `status.lua`. One round trip, O(users asked for). */
export const statusOf = defineOperation<
  { readonly users: string; readonly ids: readonly string[] },
  readonly KnownStatus[]
>({
  name: 'presence:status',
  lua: statusLua,
  invalidates: false,
  encode: ({ users, ids }) => ({ keys: [users], args: ids }),
  local: (data, { keys: [users = ''], args }) =>
    args.map((id) => {
      const record = readRecord(data.hget(users, text(id)));
      return record?.connections.some(({ expires }) => expires > data.now()) ? record.status : 'offline';
    }),
  decode: (reply) => replyList(reply, 'presence:status').map((word) => replyWord(word, statuses, 'presence:status')),
});

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

/** Counts the users of a shard who have a connection now. See `count.lua`. One round trip, O(log n). */
export const countOf = defineOperation<{ readonly expiry: string }, number>({
  name: 'presence:count',
  lua: countLua,
  invalidates: false,
  encode: ({ expiry }) => ({ keys: [expiry], args: [] }),
  local: (data, { keys: [expiry = ''] }) => data.zcount(expiry, `(${data.now()}`, Infinity),
  decode: (reply) => Number(text(reply)),
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
    const isConnected = (name: string): boolean =>
      readRecord(data.hget(users, name))?.connections.some(({ expires }) => expires > data.now()) === true;
    return [looked.length === Number(text(limit)) ? (looked.at(-1) ?? '') : '', ...looked.filter(isConnected)];
  },
  decode(reply) {
    const [last, ...users] = replyList(reply, 'presence:page').map(text);
    return { users, last: last === '' ? undefined : last };
  },
});
