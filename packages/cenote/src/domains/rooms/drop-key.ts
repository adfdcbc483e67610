import { defineOperation, replyList, text } from '../../store/operation.js';
import { dropKey as lua } from './lua.gen.js';
import { membersAt } from './stored.js';

export interface DropKeyInput {
  readonly message: string;
  readonly lease: string;
  readonly rooms: string;
}

/** Removes the message under a cache key, and says which rooms have a view under it. See `drop-key.lua`. One round trip. */
export const dropKey = defineOperation<DropKeyInput, { removed: number; rooms: string[] }>({
  name: 'rooms:drop-key',
  lua,
  invalidates: true,
  encode: ({ message, lease, rooms }) => ({ keys: [message, lease, rooms], args: [] }),
  local(data, { keys: [message = '', lease = '', rooms = ''] }) {
    const removed = data.delete(message) ? 1 : 0;
    data.delete(lease);
    return [removed, ...membersAt(data, rooms)];
  },
  decode(reply) {
    const [removed, ...rooms] = replyList(reply, 'drop-key');
    return { removed: Number(removed), rooms: rooms.map(text) };
  },
});
