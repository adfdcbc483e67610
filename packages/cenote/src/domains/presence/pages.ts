import { UsageError } from '../../core/errors.js';
import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { askAll, askShards } from './ask.js';
import { countOf, pageOf, type ShardPage } from './reading.js';
import { everyShard, shardCount, shardKeys } from './shards.js';

/** Some of the users who are connected. */
export interface OnlinePage {
  readonly users: readonly string[];
  /** Where the next page begins; absent at the end. */
  readonly cursor?: string;
  /** True when the store did not answer all that was asked: there may be more users. There is no cursor then. */
  readonly partial: boolean;
}

/** Where a page begins: in a shard, behind a name. */
interface Place {
  readonly shard: number;
  readonly after: string;
}

/** The connected users of each shard; `undefined` where the store did not answer. One round trip, O(log n) a shard. */
export function countShards(ground: Ground, call: CallOptions): Promise<(number | undefined)[]> {
  return askShards(ground, call, everyShard, (some) =>
    ground.store.run(
      countOf,
      some.map(({ keys }) => keys.expiry),
      call,
    ),
  );
}

/** Two round trips: how many there are in each shard, then as many shards at once as hold the page. */
export async function readPage(
  ground: Ground,
  call: CallOptions,
  { limit, cursor }: { readonly limit: number; readonly cursor: string | undefined },
): Promise<OnlinePage> {
  const begin = cursor === undefined ? { shard: 0, after: '' } : placeOf(ground, cursor);
  const counts = await countShards(ground, call);
  const places = placesFor(begin, counts, limit);
  const pages = await askAll(ground, call, places, ({ shard, after }, epoch) => {
    const { users, names } = shardKeys(ground, shard, epoch);
    return ground.store.run(pageOf, { users, names, after, limit }, call);
  });
  return assemble(places, pages, counts, limit);
}

/** The shards to ask, in their order: enough to fill the page, by what they count. */
function placesFor({ shard: from, after }: Place, counts: readonly (number | undefined)[], limit: number): Place[] {
  const places: Place[] = [];
  let left = limit;
  for (let shard = from; shard < shardCount && left > 0; shard++) {
    const isFirst = shard === from && after !== '';
    const count = counts[shard];
    if (count === 0) continue;
    places.push({ shard, after: isFirst ? after : '' });
    // How many of the first are behind the cursor is not known; where the store did not answer the page ends.
    if (count === undefined) break;
    if (!isFirst) left -= count;
  }
  return places;
}

function assemble(
  places: readonly Place[],
  pages: readonly (ShardPage | undefined)[],
  counts: readonly (number | undefined)[],
  limit: number,
): OnlinePage {
  const users: string[] = [];
  for (const [i, { shard }] of places.entries()) {
    const page = pages[i];
    if (page === undefined || counts[shard] === undefined) return { users, partial: true };
    const some = page.users.slice(0, limit - users.length);
    users.push(...some);
    const isCut = some.length < page.users.length;
    const last = isCut ? some.at(-1) : page.last;
    // Nothing of this shard has room any more: the next page begins with it.
    if (isCut && last === undefined) return { users, cursor: `${shard}`, partial: false };
    if (last !== undefined) return { users, cursor: `${shard}:${last}`, partial: false };
  }
  const next = (places.at(-1)?.shard ?? shardCount) + 1;
  const isLast = counts.every((count, shard) => shard < next || count === 0);
  return isLast ? { users, partial: false } : { users, cursor: `${next}`, partial: false };
}

function placeOf(ground: Ground, cursor: unknown): Place {
  const match = typeof cursor === 'string' ? /^(\d{1,2})(?::(.+))?$/s.exec(cursor) : null;
  const shard = Number(match?.[1]);
  if (!match || shard >= shardCount)
    throw new UsageError('options.cursor', cursor, 'must be the cursor of a page that came before');
  return { shard, after: match[2] === undefined ? '' : ground.id(match[2], 'options.cursor') };
}
