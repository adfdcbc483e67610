import { expectTypeOf } from 'vitest';

import type { Store } from '../../store/store.js';
import {
  RoomCache,
  roomTtls,
  type Room,
  type RoomLoader,
  type RoomLoadOptions,
  type RoomMessage,
  type RoomView,
} from './index.js';

interface ChatRoom extends Room {
  readonly name: string;
}
interface ChatMessage extends RoomMessage {
  readonly content: string;
}
declare const store: Store;
declare const load: RoomLoader<ChatRoom>;
declare const views: readonly RoomView<ChatRoom>[];
const options: RoomLoadOptions = { ttl: '5m', deadline: 100 };

const rooms = new RoomCache<ChatRoom, ChatMessage>({ store, compress: { over: 512 } });
expectTypeOf(rooms.getCachedRoom('r', 'k')).resolves.toEqualTypeOf<ChatRoom | undefined>();
expectTypeOf(rooms.loadRoom('r', 'k', load, options)).resolves.toEqualTypeOf<ChatRoom | undefined>();
expectTypeOf(rooms.getCachedMessage('k')).resolves.toEqualTypeOf<ChatMessage | undefined>();
expectTypeOf(rooms.deleteRoomCacheByRoomId('r')).resolves.toEqualTypeOf<number>();
expectTypeOf(rooms.setMultipleCachedRooms(views, roomTtls.room)).resolves.toEqualTypeOf<void>();
void rooms.updateRoomCacheWithNewMessage(null);

// @ts-expect-error a room without its name
void rooms.setCachedRoom('r', 'k', { id: 'r' });
// @ts-expect-error a message without its content
void rooms.updateRoomCacheWithNewMessage({ id: 'm', roomId: 'r', createdAt: 1 });
// @ts-expect-error a loader of something else
void rooms.loadRoom('r', 'k', () => ({ id: 'r' }));
// @ts-expect-error seconds are not named so
void rooms.setCachedRoom('r', 'k', { id: 'r', name: 'n' }, '1 hour');
// @ts-expect-error no store
void new RoomCache({ prefix: 'p' });

expectTypeOf(new RoomCache({ store }).getCachedRoom('r', 'k')).resolves.toEqualTypeOf<Room | undefined>();
