import { createClient } from '@redis/client';
import { connect } from 'cenote';
import { MessageCache, type ChatMessage } from 'cenote/messages';

import type { RedisServer } from '../../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from '../bench.js';
import type { Table } from '../table.js';
import { watchServer } from '../tracking-server.js';
import { compareCells, type Cell } from './cells.js';

/** The document's way, and ours. */
interface Side {
  fill(conversation: string, messages: readonly ChatMessage[]): Promise<unknown>;
  newest(conversation: string): Promise<readonly unknown[] | undefined>;
  add(message: ChatMessage): Promise<unknown>;
  status(message: ChatMessage): Promise<unknown>;
}

const size = 100;
const life = 900_000;
const content = 'x'.repeat(120);
const populate = `for i = 1, ARGV[1] do redis.call('SET', 'other:' .. i, i) end`;

/** A message of some 300 bytes. */
function message(conversation: string, number: number, status: ChatMessage['status'] = 'sent'): ChatMessage {
  const id = `${conversation}-0000-4000-8000-${String(number).padStart(12, '0')}`;
  const createdAt = Date.UTC(2030, 0, 1) + number;
  return { id, conversationId: conversation, senderId: 'u1', content, contentType: 'text', status, createdAt };
}

const hundred = (conversation: string): ChatMessage[] =>
  Array.from({ length: size }, (_, number) => message(conversation, number));

/** JSON as members of a sorted set, and each message under its key; the client's timer per command off. */
function documentSide(client: Awaited<ReturnType<typeof connected>>): Side {
  const list = (conversation: string): string => `doc:conversation:messages:${conversation}`;
  const expiration = { type: 'PX', value: life } as const;
  const member = (each: ChatMessage) => ({ score: Number(each.createdAt), value: JSON.stringify(each) });
  const single = (each: ChatMessage) => client.set(`doc:message:${each.id}`, JSON.stringify(each), { expiration });
  return {
    fill: (conversation, messages) =>
      Promise.all([
        client.zAdd(list(conversation), messages.map(member)),
        client.pExpire(list(conversation), life),
        ...messages.map(single),
      ]),
    newest: async (conversation) =>
      (await client.zRange(list(conversation), 0, 49, { REV: true })).map((each) => JSON.parse(each) as unknown),
    add: (each) =>
      Promise.all([
        single(each),
        client.zAdd(list(each.conversationId), member(each)),
        client.zRemRangeByRank(list(each.conversationId), 0, -size - 1),
        client.pExpire(list(each.conversationId), life),
      ]),
    // The list keeps the status that the message had: the document has no way to find it there.
    async status(each) {
      const held = await client.get(`doc:message:${each.id}`);
      if (held) await single({ ...(JSON.parse(held) as ChatMessage), status: each.status });
    },
  };
}

function cenoteSide(cache: MessageCache): Side {
  return {
    fill: (conversation, messages) => cache.setConversationMessages(conversation, messages),
    newest: (conversation) => cache.getConversationMessages(conversation, 50),
    add: (each) => cache.addMessageToConversation(each.conversationId, each),
    status: ({ id, conversationId, status = 'read' }) => cache.updateMessageStatus(id, status, { conversationId }),
  };
}

async function connected(redis: RedisServer) {
  const client = createClient({ url: redis.url, commandOptions: { timeout: undefined } as object });
  await client.connect();
  return client;
}

async function cellsOf(document: Side, cenote: Side): Promise<Cell[]> {
  let number = size;
  for (const side of [document, cenote])
    for (const conversation of ['read', 'added', 'received']) await side.fill(conversation, hundred(conversation));
  const newest = (side: Side) => async (): Promise<void> => {
    if ((await side.newest('read'))?.length !== 50) throw new Error('there are not 50 messages');
  };
  return [
    { name: 'newest 50 messages', document: newest(document), cenote: newest(cenote) },
    {
      name: 'add a message',
      document: () => document.add(message('added', number++)),
      cenote: () => cenote.add(message('added', number++)),
    },
    {
      name: 'status of a message',
      document: () => document.status(message('received', size - 1, 'read')),
      cenote: () => cenote.status(message('received', size - 1, 'read')),
    },
  ];
}

/** What Redis keeps for a conversation of 100, from the growth of its memory. */
async function bytes(redis: RedisServer, sides: Record<'document' | 'cenote', Side>, count: number): Promise<Table> {
  const server = await watchServer(redis.url);
  const grown: number[] = [];
  for (const side of [sides.document, sides.cenote]) {
    await side.fill('first', hundred('first'));
    await redis.command('FLUSHALL');
    const before = (await server.read()).memory;
    for (let each = 0; each < count; each++) await side.fill(`c${each}`, hundred(`c${each}`));
    grown.push(((await server.read()).memory - before) / count);
  }
  server.stop();
  const json = hundred('c0').reduce((sum, each) => sum + JSON.stringify(each).length, 0);
  return {
    title: `Bytes of Redis for each conversation of ${size}, ${count} conversations`,
    columns: ['', 'JSON', 'document', 'cenote'],
    rows: [['list, and where each message is', json, ...grown]],
  };
}

async function run(options: BenchOptions): Promise<Table[]> {
  return withRedis(async (redis) => {
    const client = await connected(redis);
    const store = connect(redis.url);
    try {
      const document = documentSide(client);
      const cenote = cenoteSide(new MessageCache({ store, prefix: 'bench', maxPerConversation: size }));
      const tables: Table[] = [await bytes(redis, { document, cenote }, options.smoke ? 10 : 500)];
      for (const others of options.smoke ? [0, 1_000] : [0, 200_000]) {
        await redis.command('FLUSHALL');
        await redis.command('EVAL', populate, '0', String(others));
        const cells = await cellsOf(document, cenote);
        const title = `Messages, beside ${others.toLocaleString('en-US')} other keys`;
        tables.push(await compareCells(redis, title, cells, options));
      }
      return tables;
    } finally {
      client.destroy();
      await store.close();
    }
  });
}

export const messages: Bench = {
  name: 'messages',
  about: 'Lists of messages against the document’s way: the newest 50, an add, a status; bytes a conversation',
  run,
};
