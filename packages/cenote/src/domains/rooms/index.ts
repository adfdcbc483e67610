/** Cached views of chat rooms: a new message shows in all of them at once. See `docs/guides/rooms.md`. */
export type { Time } from './order.js';
export type { RoomMessage } from './message.js';
export type { Room } from './room.js';
export {
  RoomCache,
  type RoomCacheOptions,
  type RoomLoader,
  type RoomLoadOptions,
  type RoomView,
} from './room-cache.js';
export { roomTtls } from './lives.js';
