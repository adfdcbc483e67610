import { createClient } from '@redis/client';
import { connect } from 'cenote';
import { RoomCache, type Room, type RoomMessage } from 'cenote/rooms';

import type { RedisServer } from '../../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from '../bench.js';
import type { Table } from '../table.js';
import { watchServer } from '../tracking-server.js';
import { compareCells, type Cell } from './cells.js';

interface ChatRoom extends Room {
  name: string;
  lastMessage?: RoomMessage;
  lastMessageAt?: number;
}

/** A room of some 600 bytes. */
const roomOf = (id: string): ChatRoom => ({
  id,
  name: `Room ${id}`,
  ...Object.fromEntries(Array.from({ length: 12 }, (_, field) => [`field${field}`, `value ${id} `.repeat(3)])),
});

const lifetime = 3_600;
const populate = `for i = 1, ARGV[1] do redis.call('SET', 'other:' .. i, i) end`;
const bytesRooms = 500;

/** The document's room cache, as it stands there but for its language: a lock in the process, a set, a value for each view. */
class DocumentRooms {
  readonly #locks = new Map<string, Promise<unknown>>();
  readonly #client: Awaited<ReturnType<typeof connected>>;

  constructor(client: Awaited<ReturnType<typeof connected>>) {
    this.#client = client;
  }

  async get(key: string): Promise<ChatRoom | undefined> {
    const value = await this.#client.get(key);
    return value === null ? undefined : (JSON.parse(value) as { data: ChatRoom }).data;
  }

  async set(roomId: string, key: string, room: ChatRoom): Promise<void> {
    await this.#client.set(key, JSON.stringify({ data: room }), { EX: lifetime });
    await this.#client.sAdd(`endpoint:chat:room:{${roomId}}:members`, key);
  }

  /** Its batch: a pipeline. */
  async setMany(rooms: readonly { roomId: string; cacheKey: string; room: ChatRoom }[]): Promise<void> {
    await Promise.all(
      rooms.flatMap(({ roomId, cacheKey, room }) => [
        this.#client.set(cacheKey, JSON.stringify({ data: room }), { EX: lifetime }),
        this.#client.sAdd(`endpoint:chat:room:{${roomId}}:members`, cacheKey),
      ]),
    );
  }

  update(message: RoomMessage & { createdAt: number }): Promise<void> {
    const turn = (this.#locks.get(message.roomId) ?? Promise.resolve()).then(async () => {
      for (const key of await this.#client.sMembers(`endpoint:chat:room:{${message.roomId}}:members`)) {
        const room = await this.get(key);
        if (room)
          await this.set(message.roomId, key, { ...room, lastMessage: message, lastMessageAt: message.createdAt });
      }
    });
    this.#locks.set(message.roomId, turn);
    return turn;
  }
}

async function connected(redis: RedisServer) {
  const client = createClient({ url: redis.url });
  await client.connect();
  return client;
}

async function cellsOf(document: DocumentRooms, rooms: RoomCache<ChatRoom>): Promise<Cell[]> {
  let at = 0;
  const updates: Cell[] = [];
  for (const views of [1, 8, 32]) {
    const id = `with-${views}`;
    for (let view = 0; view < views; view++) {
      await document.set(id, `doc:${id}:${view}`, roomOf(id));
      await rooms.setCachedRoom(id, `user:${view}`, roomOf(id));
    }
    const message = () => ({ id: `m${at}`, roomId: id, createdAt: ++at, content: 'hola' });
    updates.push({
      name: `new message, ${views} ${views === 1 ? 'view' : 'views'}`,
      document: () => document.update(message()),
      cenote: () => rooms.updateRoomCacheWithNewMessage(message()),
    });
  }
  const batch = Array.from({ length: 50 }, (_, index) => ({
    roomId: `batch-${index}`,
    cacheKey: `user:${index % 5}`,
    room: roomOf(`batch-${index}`),
  }));
  const named = batch.map((view) => ({ ...view, cacheKey: `doc:${view.roomId}:${view.cacheKey}` }));
  return [
    ...updates,
    {
      name: 'read of a view',
      document: () => document.get('doc:with-8:3'),
      cenote: () => rooms.getCachedRoom('with-8', 'user:3'),
    },
    {
      name: '50 views stored at once',
      document: () => document.setMany(named),
      cenote: () => rooms.setMultipleCachedRooms(batch),
    },
  ];
}

/** What Redis keeps for each view, from the growth of its memory. */
async function bytes(
  redis: RedisServer,
  document: DocumentRooms,
  rooms: RoomCache<ChatRoom>,
  smoke: boolean,
): Promise<Table> {
  const server = await watchServer(redis.url);
  const count = smoke ? 50 : bytesRooms;
  const json = JSON.stringify({ data: roomOf('bytes-1') }).length;
  const rows: (string | number)[][] = [];
  for (const views of [1, 8]) {
    const grown: number[] = [];
    for (const side of ['document', 'cenote'] as const) {
      await redis.command('FLUSHALL');
      const before = (await server.read()).memory;
      for (let room = 0; room < count; room++)
        for (let view = 0; view < views; view++) {
          const id = `bytes-${room}`;
          if (side === 'document') await document.set(id, `doc:${id}:user:${view}`, roomOf(id));
          else await rooms.setCachedRoom(id, `user:${view}`, roomOf(id));
        }
      grown.push(((await server.read()).memory - before) / (count * views));
    }
    rows.push([`${views} ${views === 1 ? 'view' : 'views'} a room`, json, ...grown]);
  }
  server.stop();
  return { title: `Bytes of Redis for each view, ${count} rooms`, columns: ['', 'JSON', 'document', 'cenote'], rows };
}

async function run(options: BenchOptions): Promise<Table[]> {
  return withRedis(async (redis) => {
    const client = await connected(redis);
    const store = connect(redis.url);
    try {
      const document = new DocumentRooms(client);
      const rooms = new RoomCache<ChatRoom>({ store, prefix: 'bench' });
      const tables: Table[] = [await bytes(redis, document, rooms, options.smoke)];
      for (const others of options.smoke ? [0, 1_000] : [0, 200_000]) {
        await redis.command('FLUSHALL');
        await redis.command('EVAL', populate, '0', String(others));
        const cells = await cellsOf(document, rooms);
        tables.push(
          await compareCells(redis, `Rooms, beside ${others.toLocaleString('en-US')} other keys`, cells, options),
        );
      }
      return tables;
    } finally {
      client.destroy();
      await store.close();
    }
  });
}

export const rooms: Bench = {
  name: 'rooms',
  about: 'Views of chat rooms against the document’s way: a new message, a read, a batch; bytes a view',
  run,
};
