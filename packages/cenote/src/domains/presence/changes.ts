import type { LocalData } from '../../store/memory/local-data.js';
import { defineOperation, replyList, replyWord, text, type Reply } from '../../store/operation.js';
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

export interface FeedPlace {
  readonly feed: string;
  /** `''` to learn where the feed stands. */
  readonly position: string;
}

/** Reads the changes of shards' users that came after a position in each. See `changes.lua`. One round trip, O(log n + changes). */
export const changesAfter = defineOperation<readonly FeedPlace[], readonly FeedPage[]>({
  name: 'presence:changes',
  lua,
  invalidates: false,
  encode: (places) => ({ keys: places.map(({ feed }) => feed), args: places.map(({ position }) => position) }),
  local: (data, { keys, args }) => keys.map((feed, i) => pageAfter(data, feed, text(args[i]))),
  decode: (reply) => replyList(reply, 'presence:changes').map(decodePage),
});

function pageAfter(data: LocalData, feed: string, position: string): string[] {
  const [newest] = data.zrange(feed, -1, -1);
  const last = newest?.slice(0, newest.indexOf(' '));
  if (position === '') return ['whole', last ?? String(data.now() - 1)];
  if (last === undefined || Number(last) <= Number(position)) return ['whole', position];
  const found = data.zrangeByScore(feed, `(${Number(position)}`, Infinity).map(([line]) => line);
  return [found.length >= mostChanges ? 'gap' : 'whole', last, ...found];
}

function decodePage(reply: Reply): FeedPage {
  const [word, position, ...lines] = replyList(reply, 'presence:changes');
  return {
    gap: replyWord(word, ['whole', 'gap'], 'presence:changes') === 'gap',
    position: text(position),
    changes: lines.map((line) => {
      const [number, who = '', status, user = ''] = text(line).split(' ');
      return { number: Number(number), who, status: replyWord(status, statuses, 'presence:changes'), user };
    }),
  };
}
