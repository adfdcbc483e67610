import { defineOperation, replyWord, text } from '../../store/operation.js';
import { tellMessage as lua } from './lua.gen.js';
import { isNewer, type Order } from './order.js';
import { headAt } from './stored.js';

export interface TellMessageInput {
  readonly headline: string;
  readonly epoch: string;
  /** Milliseconds that the headline lives at least. */
  readonly least: number;
  readonly generation: string;
  readonly order: Order;
  readonly entry: string | Buffer;
}

/** Makes a message the last one of its room, unless a newer one is. See `tell-message.lua`. One round trip, O(1). */
export const tellMessage = defineOperation<TellMessageInput, 'told' | 'older'>({
  name: 'rooms:tell-message',
  lua,
  invalidates: false,
  encode: ({ headline, epoch, least, generation, order, entry }) => ({
    keys: [headline],
    args: [epoch, String(least), generation, String(order.at), order.tie, entry],
  }),
  local(data, { keys: [headline = ''], args: [epoch, least, fresh, at, tie, entry = ''] }) {
    const head = headAt(data, headline, text(epoch));
    const order = { at: Number(text(at)), tie: text(tie) };
    if (head && head.at !== '-' && !isNewer(order, { at: Number(head.at), tie: head.tie })) return 'older';
    const stays = Math.max(Number(text(least)), head ? (data.lifetime(headline) ?? 0) : 0);
    const line = `${text(epoch)} ${head?.generation ?? text(fresh)} ${order.at} ${order.tie}\n`;
    data.set(headline, Buffer.concat([Buffer.from(line), Buffer.from(entry)]), stays);
    return 'told';
  },
  decode: (reply) => replyWord(reply, ['told', 'older'], 'tell-message'),
});
