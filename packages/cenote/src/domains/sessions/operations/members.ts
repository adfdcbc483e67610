import { defineOperation, replyList, text } from '../../../store/operation.js';
import { handleIn } from '../stored.js';
import { standingAt, type UserKeys } from './local.js';
import { members as lua } from './lua.gen.js';

export interface MembersInput extends UserKeys {
  /** Empty to trust any. */
  readonly epoch: string;
}

/** Handles of a user's live sessions, the first to expire first. See `members.lua`. One round trip, O(sessions). */
export const members = defineOperation<MembersInput, string[]>({
  name: 'members',
  lua,
  invalidates: false,
  encode: ({ index, standing, epoch }) => ({ keys: [index, standing], args: [epoch, 'handles'] }),
  local: (data, { keys: [index = '', standing = ''], args: [epoch] }) =>
    standingAt(data, standing, epoch) === undefined ?
      []
    : data.zrangeByScore(index, `(${Math.floor(data.now())}`, Infinity).map(([member]) => handleIn(member)),
  decode: (reply) => replyList(reply, 'members').map(text),
});

/** The number of a user's live sessions. See `members.lua`. One round trip, O(log sessions). */
export const countMembers = defineOperation<MembersInput, number>({
  name: 'countMembers',
  lua,
  invalidates: false,
  encode: ({ index, standing, epoch }) => ({ keys: [index, standing], args: [epoch, 'count'] }),
  local: (data, { keys: [index = '', standing = ''], args: [epoch] }) => [
    standingAt(data, standing, epoch) === undefined ? 0 : data.zcount(index, `(${Math.floor(data.now())}`, Infinity),
  ],
  decode: (reply) => Number(replyList(reply, 'countMembers')[0]),
});
