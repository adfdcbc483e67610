import { defineOperation, replyList, text } from '../../store/operation.js';
import { dropRoom as lua } from './lua.gen.js';
import { membersAt } from './stored.js';

/** Makes every view of a room cold, and says which there are. See `drop-room.lua`. One round trip, O(views). */
export const dropRoom = defineOperation<{ headline: string; index: string }, string[]>({
  name: 'rooms:drop-room',
  lua,
  invalidates: true,
  encode: ({ headline, index }) => ({ keys: [headline, index], args: [] }),
  local(data, { keys: [headline = '', index = ''] }) {
    data.delete(headline);
    return membersAt(data, index);
  },
  decode: (reply) => replyList(reply, 'drop-room').map(text),
});
