import { defineOperation, text } from '../../store/operation.js';
import { noteRooms as lua } from './lua.gen.js';
import { enter } from './stored.js';

export interface NoteRoom {
  /** Where the rooms of a cache key are noted. */
  readonly rooms: string;
  readonly roomId: string;
  /** Milliseconds that the view may live. */
  readonly life: number;
}

/** Notes which rooms have a view under a cache key. See `note-rooms.lua`. One round trip. */
export const noteRooms = defineOperation<readonly NoteRoom[], number>({
  name: 'rooms:note-rooms',
  lua,
  invalidates: false,
  encode: (notes) => ({
    keys: notes.map(({ rooms }) => rooms),
    args: notes.flatMap(({ roomId, life }) => [roomId, String(life)]),
  }),
  local(data, { keys, args }) {
    for (const [i, rooms] of keys.entries())
      enter(data, rooms, text(args[2 * i]), Number(text(args[2 * i + 1])), 'at least');
    return keys.length;
  },
  decode: Number,
});
