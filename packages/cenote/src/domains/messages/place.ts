import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, text } from '../../store/operation.js';
import { place as lua } from './lua.gen.js';
import { noteAt } from './stored.js';

export interface PlaceInput {
  /** Notes of messages, all in one partition. */
  readonly notes: readonly string[];
  readonly conversation: string;
  /** Milliseconds that a note lives at least. */
  readonly life: number;
}

/** Notes which conversation messages are in; answers the status that is known of each. See `place.lua`. One round trip, O(notes). */
export const place = defineOperation<PlaceInput, number[]>({
  name: 'messages:place',
  lua,
  invalidates: false,
  encode: ({ notes, conversation, life }) => ({ keys: notes, args: [String(life), conversation] }),
  local: (data, { keys, args: [life, conversation] }) =>
    keys.map((key) => placeOne(data, key, text(conversation), Number(text(life)))),
  decode: (reply) => replyList(reply, 'messages:place').map(Number),
});

/** Notes where one message is; answers the status that is known of it. */
export function placeOne(data: LocalData, key: string, conversation: string, least: number): number {
  const noted = noteAt(data, key);
  const life = Math.max(data.lifetime(key) ?? 0, least);
  if (noted.conversation === conversation) data.expire(key, life);
  else data.set(key, `${noted.status} ${conversation}`, life);
  return noted.status;
}
