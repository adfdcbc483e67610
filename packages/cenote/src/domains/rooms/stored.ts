/** What the local bodies of the rooms' operations share: each does what a few lines of their Lua do. */
import type { LocalData } from '../../store/memory/local-data.js';

/** The fields of a headline as it stands in the store: `<epoch> <generation> <time | -> <tie | ->`, a line, the message's entry. */
export interface Head {
  readonly generation: string;
  readonly at: string;
  readonly tie: string;
}

const form = /^([^ \t-\r]+) ([^ \t-\r]+) ([^ \t-\r]+) ([^ \t-\r]+)$/;

/** The head of a room's headline; `undefined` when there is none of this epoch. */
export function headAt(data: LocalData, headline: string, epoch: string): Head | undefined {
  const held = data.type(headline) === 'string' ? data.get(headline) : null;
  const end = held?.indexOf('\n') ?? -1;
  const [, of, generation = '', at = '', tie = ''] = form.exec(held?.toString('utf8', 0, Math.max(end, 0)) ?? '') ?? [];
  return of === epoch ? { generation, at, tie } : undefined;
}

/** The room's generation: the one that stands there, prolonged, else `fresh`, written down. */
export function generationAt(data: LocalData, headline: string, epoch: string, fresh: string, stays: number): string {
  const held = headAt(data, headline, epoch)?.generation;
  if (held === undefined) data.set(headline, emptyHeadline(epoch, fresh), stays);
  else if ((data.lifetime(headline) ?? 0) < stays) data.expire(headline, stays);
  return held ?? fresh;
}

/** Enters a member that lives at least `life` milliseconds, strikes off those that have expired, and keeps the set as long. */
export function enter(data: LocalData, set: string, member: string, life: number, how: 'exactly' | 'at least'): void {
  if (data.type(set) !== 'zset') data.delete(set);
  const now = data.now();
  const score = how === 'at least' ? Math.max(data.zscore(set, member) ?? 0, now + life) : now + life;
  const isNew = data.zcard(set) === 0;
  data.zadd(set, score, member);
  for (const [expired] of data.zrangeByScore(set, -Infinity, now)) data.zrem(set, expired);
  if (isNew || (data.lifetime(set) ?? 0) < life) data.expire(set, life);
}

/** The members of a sorted set; none where something else stands. */
export function membersAt(data: LocalData, set: string): readonly string[] {
  return data.type(set) === 'zset' ? data.zrange(set, 0, -1) : [];
}

function emptyHeadline(epoch: string, generation: string): string {
  return `${epoch} ${generation} - -\n`;
}
