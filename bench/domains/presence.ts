import { createClient } from '@redis/client';
import { connect } from 'cenote';
import { PresenceCache } from 'cenote/presence';

import { shardKeys, shardOf } from '../../packages/cenote/src/domains/presence/shards.js';
import type { RedisServer } from '../../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from '../bench.js';
import { median } from '../rounds.js';
import type { Table } from '../table.js';

/** Who keeps presence: cenote, or a plain client as the document has it, with two keys for each user. */
interface Subject {
  readonly name: string;
  /** Brings users online, as if each had arrived by themselves. */
  seed(users: readonly string[]): Promise<void>;
  statuses(users: readonly string[]): Promise<readonly string[]>;
  count(): Promise<number | undefined>;
  heartbeat(user: string): Promise<unknown>;
  /** Once a second or so, where nothing has happened. */
  idle?(): Promise<unknown>;
  close(): Promise<unknown>;
}

const ttl = 3_600_000;
const seedBatch = 500;
const statusCounts = [10, 200, 1_000];

const userAt = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** What arrivals leave behind, for users of one shard. KEYS as `change.lua`, ARGV 1 expiry · 2 now · 3… users */
const seeding = `for i = 3, #ARGV do
  redis.call('HSET', KEYS[1], ARGV[i], 'online ' .. ARGV[2] .. ' ' .. ARGV[1] .. ' :')
  redis.call('ZADD', KEYS[2], ARGV[1], ARGV[i])
  redis.call('ZADD', KEYS[3], 0, ARGV[i])
  redis.call('ZADD', KEYS[5], ARGV[2], ARGV[i])
end
for i = 1, 5 do redis.call('PEXPIRE', KEYS[i], 10800000) end`;

async function cenote(url: string): Promise<Subject> {
  const store = connect({ url, deadline: '1m' });
  const presence = new PresenceCache({ store });
  await store.ready();
  const client = await clientOf(url);
  const ground = { key: (kind: string, id: string, ...more: string[]) => [`${kind}:{${id}}`, ...more].join(':') };
  return {
    name: 'cenote',
    async seed(users) {
      const shards = new Map<number, string[]>();
      for (const user of users) (shards.get(shardOf(user)) ?? open(shards, shardOf(user))).push(user);
      for (const [shard, members] of shards) {
        const {
          users: records,
          expiry,
          names,
          feed,
          lastSeen,
        } = shardKeys(ground as never, shard, store.epoch as string);
        const now = Date.now();
        await inBatches(members, (some) =>
          client.eval(seeding, {
            keys: [records, expiry, names, feed, lastSeen],
            arguments: [String(now + ttl), String(now), ...some],
          }),
        );
      }
    },
    statuses: async (users) => [...(await presence.getBulkStatus(users)).values()],
    count: () => presence.getOnlineCount(),
    heartbeat: (user) => presence.extendOnline(user, ttl),
    async idle() {
      await presence.poll();
      await presence.sweep();
    },
    close: () => Promise.all([store.close(), client.close()]),
  };
}

async function clientOf(url: string) {
  const client = createClient({ url });
  // What fails rejects by itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}

function open(shards: Map<number, string[]>, shard: number): string[] {
  const members: string[] = [];
  shards.set(shard, members);
  return members;
}

async function plain(url: string): Promise<Subject> {
  const client = await clientOf(url);
  const online = (user: string): Promise<unknown> =>
    Promise.all([
      client.set(`presence:${user}`, 'online', { expiration: { type: 'PX', value: ttl } }),
      client.set(`lastseen:${user}`, new Date().toISOString()),
    ]);
  return {
    name: "the document's way",
    seed: (users) => inBatches(users, (some) => Promise.all(some.map(online))),
    statuses: (users) => Promise.all(users.map(async (user) => (await client.get(`presence:${user}`)) ?? 'offline')),
    async count() {
      let count = 0;
      for await (const keys of client.scanIterator({ MATCH: 'presence:*', COUNT: 1_000 })) count += keys.length;
      return count;
    },
    heartbeat: online,
    close: () => client.close(),
  };
}

/** Presence beside one key for each user: what it costs, and whether that grows with the number of users. */
export const presence: Bench = {
  name: 'presence',
  about: 'Presence: status of many, count, heartbeat, memory, beside one key a user',
  async run(options) {
    const sizes = options.smoke ? [500, 2_000] : [10_000, 1_000_000];
    const cells = cellsOf(options);
    const rows = new Map(cells.map(({ name }): [string, Row[]] => [name, []]));
    const memory: Row[] = [];
    for (const open of [cenote, plain]) {
      for (const size of sizes) {
        await withRedis(async (redis) => {
          const subject = await open(redis.url);
          const label = `${subject.name}, ${size.toLocaleString('en-US')} users`;
          const before = await usedMemory(redis);
          await subject.seed(Array.from({ length: size }, (_, n) => userAt(n)));
          memory.push([label, ((await usedMemory(redis)) - before) / size]);
          for (const { name, run, times } of cells)
            rows.get(name)?.push([label, ...(await measure(redis, times, (n) => run(subject, size, n)))]);
          await subject.close();
        });
      }
    }
    const columns = ['', 'median µs', 'commands sent', 'all commands', 'server CPU µs'];
    return [
      ...[...rows].map(([title, found]): Table => ({ title, columns, rows: found.filter(([, us]) => us !== '') })),
      { title: 'Memory of Redis', columns: ['', 'bytes a user who is online'], rows: memory },
    ];
  },
};

type Row = readonly (string | number)[];

interface Cell {
  readonly name: string;
  readonly times: number;
  readonly run: (subject: Subject, size: number, n: number) => Promise<unknown> | undefined;
}

function cellsOf({ rounds, smoke, cells }: BenchOptions): Cell[] {
  const times = smoke ? 2 : 10 * rounds;
  const all: Cell[] = [
    ...statusCounts.map((asked): Cell => ({
      name: `status of ${asked}`,
      times,
      run: async (subject, size, n) => {
        const users = Array.from({ length: asked }, (_, i) => userAt((n * 7_919 + i * 613) % size));
        const statuses = await subject.statuses(users);
        if (statuses.some((status) => status !== 'online')) throw new Error(`${subject.name} lost somebody`);
      },
    })),
    {
      name: 'how many are online',
      times: smoke ? 1 : rounds,
      run: async (subject, size) => {
        if ((await subject.count()) !== size) throw new Error(`${subject.name} counted wrong`);
      },
    },
    { name: 'heartbeat', times: 10 * times, run: (subject, size, n) => subject.heartbeat(userAt((n * 7_919) % size)) },
    { name: 'a poll and a sweep, nothing happened', times, run: (subject) => subject.idle?.() },
  ];
  return all.filter(({ name }) => cells.test(name));
}

async function measure(
  redis: RedisServer,
  times: number,
  run: (n: number) => Promise<unknown> | undefined,
): Promise<Row> {
  // Once before, so that the server knows the scripts, and to see whether there is such a thing.
  const first = run(0);
  if (first === undefined) return ['', '', '', ''];
  await first;
  const taken: number[] = [];
  const before = await readServer(redis);
  for (let n = 1; n <= times; n++) {
    const start = performance.now();
    await run(n);
    taken.push((performance.now() - start) * 1_000);
  }
  const after = await readServer(redis);
  const per = (key: keyof Reading): number => (after[key] - before[key]) / times;
  const scripts = per('scripts');
  const called = per('calls');
  return [median(taken), scripts > 0 ? scripts : called, called, per('cpu')];
}

interface Reading {
  readonly cpu: number;
  readonly calls: number;
  readonly scripts: number;
}

/** The server's CPU in microseconds, and its calls so far, those from scripts included. */
async function readServer(redis: RedisServer): Promise<Reading> {
  const info = String(await redis.command('INFO', 'cpu')) + String(await redis.command('INFO', 'commandstats'));
  const [cpu, calls] = [
    [...info.matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)].map(([, seconds]) => Number(seconds) * 1e6),
    [...info.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].filter(
      ([, name]) => !/^(?:info|hello|client\|?)/.test(name ?? ''),
    ),
  ];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  return {
    cpu: sum(cpu),
    calls: sum(calls.map(([, , count]) => Number(count))),
    scripts: sum(calls.filter(([, name]) => name === 'evalsha').map(([, , count]) => Number(count))),
  };
}

async function usedMemory(redis: RedisServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1]);
}

async function inBatches(users: readonly string[], send: (some: string[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < users.length; start += 16 * seedBatch) {
    const batches = Array.from({ length: 16 }, (_, i) =>
      users.slice(start + i * seedBatch, start + (i + 1) * seedBatch),
    );
    await Promise.all(batches.filter((some) => some.length > 0).map(send));
  }
}
