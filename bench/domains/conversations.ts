import { createClient } from '@redis/client';
import { connect } from 'cenote';
import { ConversationCache, type ChatConversation } from 'cenote/conversations';

import type { RedisServer } from '../../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from '../bench.js';
import type { Table } from '../table.js';
import { watchServer } from '../tracking-server.js';
import { compareCells, type Cell } from './cells.js';

/** The document's way, and ours. */
interface Side {
  fill(user: string, list: readonly ChatConversation[]): Promise<unknown>;
  page(user: string): Promise<readonly unknown[] | undefined>;
  last(user: string, id: string, message: number): Promise<unknown>;
  count(user: string, id: string): Promise<unknown>;
  total(user: string): Promise<number | undefined>;
}

const many = 500;
const few = 50;
const life = 600_000;
const start = Date.UTC(2030, 0, 1);
const populate = `for i = 1, ARGV[1] do redis.call('SET', 'other:' .. i, i) end`;

const idOf = (number: number): string => `c0ffee00-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** Conversations of some 350 bytes. */
const listOf = (length: number): ChatConversation[] =>
  Array.from({ length }, (_, number) => ({
    id: idOf(number),
    type: 'direct',
    name: `Conversation ${number}`,
    avatar: `https://images.example/avatars/${number}.webp`,
    lastMessageId: `deadbeef-0000-4000-8000-${String(number).padStart(12, '0')}`,
    lastMessageText: 'nos vemos en la plaza a las ocho',
    lastMessageAt: start + number,
    unreadCount: number % 3,
    isPinned: number % 100 === 0,
    isMuted: number % 10 === 0,
  }));

/** The whole list as one JSON text, patched by reading and writing it; the client's timer per command off. */
function documentSide(client: Awaited<ReturnType<typeof connected>>): Side {
  const key = (user: string): string => `doc:conversations:user:${user}`;
  const fill = (user: string, list: readonly ChatConversation[]) =>
    client.set(key(user), JSON.stringify(list), { expiration: { type: 'PX', value: life } });
  const read = async (user: string): Promise<ChatConversation[]> =>
    JSON.parse((await client.get(key(user))) ?? '[]') as ChatConversation[];
  const patch = async (user: string, id: string, to: (was: ChatConversation) => ChatConversation): Promise<void> => {
    const list = await read(user);
    await fill(
      user,
      list.map((each) => (each.id === id ? to(each) : each)),
    );
  };
  return {
    fill,
    page: async (user) =>
      (await read(user))
        .sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || Number(b.lastMessageAt) - Number(a.lastMessageAt))
        .slice(0, few),
    last: (user, id, message) =>
      patch(user, id, (was) => ({
        ...was,
        lastMessageId: idOf(message),
        lastMessageText: 'hola',
        lastMessageAt: start + message,
      })),
    count: (user, id) => patch(user, id, (was) => ({ ...was, unreadCount: was.unreadCount + 1 })),
    total: async (user) => (await read(user)).reduce((sum, { unreadCount }) => sum + unreadCount, 0),
  };
}

function cenoteSide(cache: ConversationCache): Side {
  return {
    fill: (user, list) => cache.setUserConversations(user, list),
    page: (user) => cache.getUserConversations(user, few),
    last: (user, id, message) => cache.updateLastMessage(user, id, idOf(message), 'hola', start + message),
    count: (user, id) => cache.incrementUnread(user, id),
    total: (user) => cache.getTotalUnreadCount(user),
  };
}

async function connected(redis: RedisServer) {
  const client = createClient({ url: redis.url, commandOptions: { timeout: undefined } as object });
  await client.connect();
  return client;
}

async function cellsOf(document: Side, cenote: Side): Promise<Cell[]> {
  let message = many;
  for (const side of [document, cenote]) {
    for (const user of ['ana', 'luis', 'zoe']) await side.fill(user, listOf(many));
    for (const user of ['nina', 'omar']) await side.fill(user, listOf(few));
  }
  const cell = (name: string, run: (side: Side) => Promise<unknown>): Cell => ({
    name,
    document: () => run(document),
    cenote: () => run(cenote),
  });
  const told = (side: Side, ...users: string[]): Promise<unknown> => {
    message++;
    return Promise.all(users.map((user) => side.last(user, idOf(message % few), message)));
  };
  return [
    cell(`page of ${few} among ${many}`, async (side) => {
      if ((await side.page('ana'))?.length !== few) throw new Error('the page is not whole');
    }),
    cell(`page of ${few} among ${few}`, async (side) => {
      if ((await side.page('nina'))?.length !== few) throw new Error('the page is not whole');
    }),
    cell(`last message, 2 users of ${many}`, (side) => told(side, 'luis', 'zoe')),
    cell(`last message, 2 users of ${few}`, (side) => told(side, 'nina', 'omar')),
    cell(`one unread more, of ${many}`, (side) => side.count('luis', idOf(7))),
    cell(`unread of all ${many}`, async (side) => {
      if (!((await side.total('ana')) ?? 0)) throw new Error('nothing is unread');
    }),
  ];
}

/** What Redis keeps for a user, from the growth of its memory. */
async function bytes(redis: RedisServer, sides: readonly Side[], count: number): Promise<Table> {
  const server = await watchServer(redis.url);
  const grown: number[] = [];
  for (const side of sides) {
    await side.fill('first', listOf(few));
    await redis.command('FLUSHALL');
    const before = (await server.read()).memory;
    for (let user = 0; user < count; user++) await side.fill(`u${user}`, listOf(few));
    grown.push(((await server.read()).memory - before) / count);
  }
  server.stop();
  return {
    title: `Bytes of Redis for each user with ${few} conversations, ${count} users`,
    columns: ['', 'JSON', 'document', 'cenote'],
    rows: [['list', JSON.stringify(listOf(few)).length, ...grown]],
  };
}

async function run(options: BenchOptions): Promise<Table[]> {
  return withRedis(async (redis) => {
    const client = await connected(redis);
    const store = connect(redis.url);
    try {
      const document = documentSide(client);
      const cenote = cenoteSide(new ConversationCache({ store, prefix: 'bench' }));
      const tables: Table[] = [await bytes(redis, [document, cenote], options.smoke ? 10 : 500)];
      for (const others of options.smoke ? [0, 1_000] : [0, 200_000]) {
        await redis.command('FLUSHALL');
        await redis.command('EVAL', populate, '0', String(others));
        const cells = await cellsOf(document, cenote);
        const title = `Conversations, beside ${others.toLocaleString('en-US')} other keys`;
        tables.push(await compareCells(redis, title, cells, options));
      }
      return tables;
    } finally {
      client.destroy();
      await store.close();
    }
  });
}

export const conversations: Bench = {
  name: 'conversations',
  about: 'Conversations of users against the document’s way: a page of 50, a last message, sums; bytes a user',
  run,
};
