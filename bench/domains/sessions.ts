import { createClient } from '@redis/client';
import { connect } from 'cenote';
import { SessionCache, type SessionData } from 'cenote/sessions';

import type { RedisServer } from '../../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from '../bench.js';
import type { Table } from '../table.js';
import { watchServer } from '../tracking-server.js';
import { compareCells, type Cell } from './cells.js';

const lifetime = 900;
const devices = 5;
const populate = `for i = 1, ARGV[1] do redis.call('SET', 'other:' .. i, i) end`;

function dataOf(userId: string): SessionData {
  return {
    userId,
    walletAddress: `0x${'c0ffee'.repeat(6)}`,
    username: `user-${userId}`,
    displayName: `The one and only ${userId}`,
    createdAt: 1_790_000_000_000,
    lastActivity: 1_790_000_000_000,
  };
}

/** The document's sessions: JSON under `session:{id}`, a key for each device of a user, a key for each revoked token. */
class DocumentSessions {
  readonly #client: Awaited<ReturnType<typeof connected>>;
  #count = 0;

  constructor(client: Awaited<ReturnType<typeof connected>>) {
    this.#client = client;
  }

  async create(data: SessionData): Promise<string> {
    const id = `${crypto.randomUUID()}-${this.#count++}`;
    await Promise.all([
      this.#client.set(`session:${id}`, JSON.stringify(data), { EX: lifetime }),
      this.#client.set(`user_session:${data.userId}:${id}`, id, { EX: lifetime }),
      this.#client.sAdd(`user_sessions:${data.userId}`, id),
    ]);
    return id;
  }

  async check(id: string): Promise<SessionData | undefined> {
    const held = await this.#client.get(`session:${id}`);
    if (held === null) return undefined;
    await this.#client.expire(`session:${id}`, lifetime);
    return JSON.parse(held) as SessionData;
  }

  /** By the pattern of its keys. */
  async listByScan(userId: string): Promise<number> {
    const ids: string[] = [];
    for await (const keys of this.#client.scanIterator({ MATCH: `user_session:${userId}:*`, COUNT: 1_000 }))
      ids.push(...keys.map((key) => key.slice(`user_session:${userId}:`.length)));
    return this.#read(ids);
  }

  /** By a set beside them, in which whoever has expired stays. */
  async listBySet(userId: string): Promise<number> {
    return this.#read(await this.#client.sMembers(`user_sessions:${userId}`));
  }

  async deleteAll(userId: string): Promise<number> {
    const ids = await this.#client.sMembers(`user_sessions:${userId}`);
    const keys = ids.flatMap((id) => [`session:${id}`, `user_session:${userId}:${id}`]);
    return this.#client.del([`user_sessions:${userId}`, ...keys]);
  }

  isTokenBlacklisted(id: string): Promise<number> {
    return this.#client.exists(`blacklist:token:${id}`);
  }

  async #read(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0;
    const held = await this.#client.mGet(ids.map((id) => `session:${id}`));
    return held.flatMap((each) => (each === null ? [] : [JSON.parse(each) as SessionData])).length;
  }
}

async function connected(redis: RedisServer) {
  // Without its timer per command, which would slow it down.
  const client = createClient({ url: redis.url, commandOptions: { timeout: undefined } as object });
  await client.connect();
  return client;
}

async function cellsOf(document: DocumentSessions, every: SessionCache, seldom: SessionCache): Promise<Cell[]> {
  const data = dataOf('7');
  const [theirs, ours] = [await document.create(data), await every.create(data)];
  await every.set('given', data);
  for (let device = 0; device < devices; device++) {
    await document.create(dataOf('many'));
    await every.create(dataOf('many'));
  }
  const listed = async (): Promise<void> => {
    const found = (await every.list('many')).length;
    if (found !== devices) throw new Error(`${found} of ${devices} devices were listed`);
  };
  return [
    {
      name: 'check and touch',
      document: () => document.check(theirs),
      cenote: () => seldom.get(ours, { extend: '15m' }),
    },
    {
      name: '… each touch written',
      document: () => document.check(theirs),
      cenote: () => every.get(ours, { extend: '15m' }),
    },
    {
      name: '… an id of the caller’s',
      document: () => document.check(theirs),
      cenote: () => seldom.get('given', { extend: '15m' }),
    },
    { name: 'list of 5 devices (document: SCAN)', document: () => document.listByScan('many'), cenote: listed },
    { name: 'list of 5 devices (document: set)', document: () => document.listBySet('many'), cenote: listed },
    {
      name: 'log in, and delete all',
      document: async () => (await document.create(dataOf('all'))) && document.deleteAll('all'),
      cenote: async () => (await every.create(dataOf('all'))) && every.deleteAll('all'),
    },
    {
      name: 'token check',
      document: () => document.isTokenBlacklisted('t'),
      cenote: () => every.isTokenBlacklisted('t'),
    },
  ];
}

/** What Redis keeps for each session, from the growth of its memory. */
async function bytes(
  redis: RedisServer,
  document: DocumentSessions,
  sessions: SessionCache,
  smoke: boolean,
): Promise<Table> {
  const server = await watchServer(redis.url);
  const users = smoke ? 50 : 2_000;
  const rows: (string | number)[][] = [];
  for (const each of [1, devices]) {
    const grown: number[] = [];
    for (const side of [document, sessions]) {
      await redis.command('FLUSHALL');
      const before = (await server.read()).memory;
      for (let user = 0; user < users; user++)
        await Promise.all(Array.from({ length: each }, () => side.create(dataOf(`bytes-${user}`))));
      grown.push(((await server.read()).memory - before) / (users * each));
    }
    rows.push([
      `${each} ${each === 1 ? 'session' : 'sessions'} a user`,
      JSON.stringify(dataOf('bytes-1')).length,
      ...grown,
    ]);
  }
  server.stop();
  return {
    title: `Bytes of Redis for each session, ${users} users`,
    columns: ['', 'JSON', 'document', 'cenote'],
    rows,
  };
}

async function run(options: BenchOptions): Promise<Table[]> {
  return withRedis(async (redis) => {
    const client = await connected(redis);
    const store = connect(redis.url);
    try {
      const document = new DocumentSessions(client);
      const every = new SessionCache({ store, prefix: 'bench' });
      const seldom = new SessionCache({ store, prefix: 'bench', touchEvery: '1m' });
      const tables: Table[] = [await bytes(redis, document, every, options.smoke)];
      for (const others of options.smoke ? [0, 1_000] : [0, 200_000]) {
        await redis.command('FLUSHALL');
        await redis.command('EVAL', populate, '0', String(others));
        const cells = await cellsOf(document, every, seldom);
        tables.push(
          await compareCells(redis, `Sessions, beside ${others.toLocaleString('en-US')} other keys`, cells, options),
        );
      }
      return tables;
    } finally {
      client.destroy();
      await store.close();
    }
  });
}

export const sessions: Bench = {
  name: 'sessions',
  about: 'Sessions against the document’s way: a check with its touch, devices of a user, delete all; bytes a session',
  run,
};
