import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { statuses, type KnownStatus } from './change.js';
import { changes as lua } from './lua.gen.js';
import { mostChanges } from './record.js';

export interface FeedChange {
  readonly number: number;
  /** Which cache made it. */
  readonly who: string;
  readonly status: KnownStatus;
  readonly user: string;
}

export interface FeedPage {
  /** Whether changes may be missing between the position and the first of these. */
  readonly gap: boolean;
  /** Where to go on. */
  readonly position: string;
  readonly changes: readonly FeedChange[];
}

/** Reads the changes of a shard's users that came after a position. See `changes.lua`. One round trip, O(log n + changes). */
export const changesAfter = defineOperation<{ readonly feed: string; readonly position: string }, FeedPage>({
  name: 'presence:changes',
  lua,
  invalidates: false,
  encode: ({ feed, position }) => ({ keys: [feed], args: [position] }),
  local(data, { keys: [feed = ''], args: [argument] }) {
    const position = text(argument);
    const [newest] = data.zrange(feed, -1, -1);
    const last = newest?.slice(0, newest.indexOf(' '));
    if (position === '') return ['whole', last ?? String(data.now() - 1)];
    if (last === undefined || Number(last) <= Number(position)) return ['whole', position];
    const found = data.zrangeByScore(feed, `(${Number(position)}`, Infinity).map(([line]) => line);
    return [found.length >= mostChanges ? 'gap' : 'whole', last, ...found];
  },
  decode(reply) {
    const [word, position, ...lines] = replyList(reply, 'presence:changes');
    return {
      gap: replyWord(word, ['whole', 'gap'], 'presence:changes') === 'gap',
      position: text(position),
      changes: lines.map((line) => {
        const [number, who = '', status, user = ''] = text(line).split(' ');
        return { number: Number(number), who, status: replyWord(status, statuses, 'presence:changes'), user };
      }),
    };
  },
});
