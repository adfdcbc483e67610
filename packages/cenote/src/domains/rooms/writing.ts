/** What writes and removes consist of where they take more than one operation. */
import type { CallOptions, Store } from '../../store/store.js';
import { dropKey } from './drop-key.js';
import { dropRoom } from './drop-room.js';
import { dropViews } from './drop-views.js';
import { noteRooms, type NoteRoom } from './note-rooms.js';
import type { RoomNames } from './names.js';
import { putViews, type Put, type PutView } from './put-views.js';

/** Views that one operation touches: with client tracking, a script's cost grows with the square of its keys. */
const most = 25;

/**
 * Notes the rooms of cache keys, then writes views, all in one round trip; on a cluster in two, since a view must never stand
 * where `removeKey` would not find it.
 */
export async function putAll(
  store: Store,
  notes: readonly NoteRoom[],
  views: readonly PutView[],
  input: { readonly epoch: string; readonly least: number },
  call: CallOptions,
): Promise<Put[]> {
  const noted = Promise.all(
    groupsOf(store, notes, ({ rooms }) => rooms).map((group) => store.run(noteRooms, group, call)),
  );
  const isTogether =
    store.partition([...notes.map(({ rooms }) => rooms), ...views.map(({ view }) => view)]).length === 1;
  if (!isTogether) await noted;
  const groups = groupsOf(store, views, ({ view }) => view);
  const [words] = await Promise.all([
    Promise.all(groups.map((group) => store.run(putViews, { ...input, views: group }, call))),
    noted,
  ]);
  return words.flat();
}

/** Groups that one operation may touch. A key that stands twice is written twice: the last one wins. */
function groupsOf<Item>(store: Store, items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const byKey = new Map<string, Item[]>();
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item]);
  return store.partition([...byKey.keys()]).flatMap((part) =>
    chunksOf(
      part.flatMap((key) => byKey.get(key) ?? []),
      most,
    ),
  );
}

/** Drops a room, then removes its views, voiding their leases; the number of views that were there. Two round trips. */
export async function removeRoom(store: Store, names: RoomNames, roomId: string, call?: CallOptions): Promise<number> {
  const index = names.index(roomId);
  const members = await store.run(dropRoom, { headline: names.headline(roomId), index }, call);
  const removed = await Promise.all(
    chunksOf(members, most).map((chunk) => removeViews(store, names, roomId, chunk, call)),
  );
  return removed.reduce((sum, count) => sum + count, 0);
}

/** Removes the message under a cache key, and every room's view under it; the number that were there. Two round trips. */
export async function removeKey(store: Store, names: RoomNames, member: string, call?: CallOptions): Promise<number> {
  const message = names.message(member);
  const keys = { message, lease: names.lease(message), rooms: names.rooms(member) };
  const { removed, rooms } = await store.run(dropKey, keys, call);
  const views = await Promise.all(rooms.map((roomId) => removeViews(store, names, roomId, [member], call)));
  return views.reduce((sum, count) => sum + count, removed);
}

/** Removes views of one room and voids their leases; the number that were there. One round trip. */
export function removeViews(
  store: Store,
  names: RoomNames,
  roomId: string,
  members: readonly string[],
  call?: CallOptions,
): Promise<number> {
  const views = members.map((member) => {
    const view = names.view(roomId, member);
    return { member, view, lease: names.lease(view) };
  });
  return store.run(dropViews, { index: names.index(roomId), views }, call);
}

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
