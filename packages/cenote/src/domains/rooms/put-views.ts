import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { spendLease } from '../kit/lease.js';
import { putViews as lua } from './lua.gen.js';
import { enter, generationAt, headAt } from './stored.js';

export interface PutView {
  readonly headline: string;
  readonly index: string;
  readonly view: string;
  readonly lease: string;
  /** The lease of a fill; absent for a set. */
  readonly token?: string | undefined;
  /** That under which a fill was loaded; for a set, a fresh one in case that the room has none. */
  readonly generation: string;
  /** Milliseconds. */
  readonly life: number;
  readonly member: string;
  readonly entry: string | Buffer;
}

export interface PutViewsInput {
  readonly epoch: string;
  /** Milliseconds that headlines live at least. */
  readonly least: number;
  readonly views: readonly PutView[];
}

/** `voided`: the lease or the generation is gone, and with it the right to fill. */
export type Put = 'stored' | 'voided';

/** Stores views of rooms. See `put-views.lua`. One round trip. */
export const putViews = defineOperation<PutViewsInput, Put[]>({
  name: 'rooms:put-views',
  lua,
  invalidates: false,
  encode: ({ epoch, least, views }) => ({
    keys: views.flatMap(({ headline, index, view, lease }) => [headline, index, view, lease]),
    args: [
      epoch,
      String(least),
      ...views.flatMap(({ token, generation, life, member, entry }) => [
        token ?? '',
        generation,
        String(life),
        member,
        entry,
      ]),
    ],
  }),
  local: (data, { keys, args: [epochBytes, least, ...args] }) =>
    Array.from({ length: keys.length / 4 }, (_, i) => {
      const [headline = '', index = '', view = '', lease = ''] = keys.slice(4 * i, 4 * i + 4);
      const [token = '', generation, lifeText, member, entry = ''] = args.slice(5 * i, 5 * i + 5);
      const [epoch, life] = [text(epochBytes), Number(text(lifeText))];
      if (text(token) !== '') {
        if (!spendLease(data, lease, token)) return 'voided';
        if (headAt(data, headline, epoch)?.generation !== text(generation)) return 'voided';
      }
      data.delete(lease);
      const stays = Math.max(Number(text(least)), life);
      const held = generationAt(data, headline, epoch, text(generation), stays);
      data.set(view, Buffer.concat([Buffer.from(held), Buffer.from(entry)]), life);
      enter(data, index, text(member), life, 'exactly');
      return 'stored';
    }),
  decode: (reply) => replyList(reply, 'put-views').map((word) => replyWord(word, ['stored', 'voided'], 'put-views')),
});
