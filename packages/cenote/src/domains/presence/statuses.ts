import type { CallOptions } from '../../store/store.js';
import type { Ground } from '../kit/ground.js';
import { askShards } from './ask.js';
import type { KnownStatus } from './change.js';
import type { PresenceStatus } from './options.js';
import { mostUsers, statusOf } from './reading.js';
import { groupByShard } from './shards.js';

interface Group {
  readonly ids: readonly string[];
  readonly keys: { readonly users: string };
}

/** The status of users, in their order, each once; `unknown` where the store did not answer. One round trip, O(users). */
export async function readStatuses(
  ground: Ground,
  call: CallOptions,
  ids: Iterable<string>,
): Promise<Map<string, PresenceStatus>> {
  const found = new Map<string, PresenceStatus>();
  for (const id of ids) found.set(id, 'unknown');
  const groups = groupByShard(found.keys(), mostUsers);
  const answers = await askShards(ground, call, groups, (some) => askStatuses(ground, call, some));
  for (const [i, statuses] of answers.entries())
    statuses?.forEach((status, at) => found.set(groups[i]?.ids[at] as string, status));
  return found;
}

/** Scripts that each name at most as many users as they may, sent together. */
async function askStatuses(
  ground: Ground,
  call: CallOptions,
  groups: readonly Group[],
): Promise<readonly (readonly KnownStatus[])[]> {
  const scripts: Group[][] = [];
  let room = 0;
  for (const group of groups) {
    if (group.ids.length > room) {
      scripts.push([]);
      room = mostUsers;
    }
    scripts.at(-1)?.push(group);
    room -= group.ids.length;
  }
  const replies = await Promise.all(
    scripts.map((script) =>
      ground.store.run(
        statusOf,
        script.map(({ ids, keys: { users } }) => ({ users, ids })),
        call,
      ),
    ),
  );
  const statuses = replies.flat();
  let at = 0;
  return groups.map(({ ids }) => statuses.slice(at, (at += ids.length)));
}
