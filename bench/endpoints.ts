import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import pg from 'pg';

import { startPostgres } from '../test/servers/postgres.js';
import { endWithUs } from '../test/servers/workspace.js';
import { withRedis, type Bench } from './bench.js';
import { median } from './rounds.js';
import type { Table } from './table.js';

const crowd = 100_000;
const connections = 32;

const users = (path: string): string[] =>
  Array.from({ length: 500 }, (_, index) => path.replace(':id', `${1 + index * 199}`));

/** The routes, by what they are asked: the pages people look at, and the figures of 500 different people. */
const routes: Readonly<Record<string, readonly string[]>> = {
  'leaderboard, 5 pages of 20': [1, 2, 3, 4, 5].map((page) => `/api/gamification/leaderboard?page=${page}&limit=20`),
  'rank of 500 users': users('/api/users/:id/rank'),
  'stats of 500 users': users('/api/users/:id/stats'),
  'badges of 500 users': users('/api/users/:id/badges'),
  'badges, with those of the caller': ['/api/gamification/badges'],
  'experiences, first page': ['/api/experiences?page=1&limit=20'],
  'events, first page': ['/api/events?page=1&limit=20'],
};

/** The reference server's routes, with their own SQL on 100,000 users, with and without their cache. */
export const endpoints: Bench = {
  name: 'endpoints',
  // A stretch is five times as long here, and there are a fifth of the rounds: a load generator has to get going.
  about: 'Routes of the reference server on 100,000 users, cached and uncached: requests/s, queries at PostgreSQL',
  run: ({ rounds, milliseconds, cells }) =>
    withRedis(async (redis) => {
      const postgres = await startPostgres();
      const queries = await countQueries(postgres.url);
      const servers: Server[] = [];
      try {
        servers.push(await startServer(postgres.url, 'none', crowd));
        servers.push(await startServer(postgres.url, redis.url, 0));
        const rows: (string | number)[][] = [];
        for (const [name, paths] of Object.entries(routes).filter(([route]) => cells.test(route))) {
          const speeds = servers.map((): number[] => []);
          const reached = servers.map((): number[] => []);
          for (let round = 0; round <= Math.ceil(rounds / 5); round++) {
            for (const [index, { url }] of servers.entries()) {
              await queries.since();
              const { requests, perSecond } = await ask(url, paths, Math.max(1, Math.round(milliseconds / 200)));
              const perRequest = (await queries.since()) / requests;
              // The first round fills the cache and is not counted.
              if (round > 0) speeds[index]?.push(perSecond) && reached[index]?.push(perRequest);
            }
          }
          const [uncached, cached] = speeds.map(median) as [number, number];
          const ratio = median((speeds[1] ?? []).map((speed, round) => speed / (speeds[0]?.[round] ?? 1)));
          rows.push([name, uncached, cached, ratio, ...reached.map(median)]);
        }
        const columns = ['', 'uncached req/s', 'cached req/s', 'ratio', 'queries/req uncached', 'queries/req cached'];
        const table: Table = {
          title: `Routes of the reference server, ${crowd.toLocaleString('en-US')} users, ${connections} connections`,
          columns,
          rows,
        };
        return [table];
      } finally {
        for (const server of servers) await server.stop();
        await queries.stop();
        await postgres.stop();
      }
    }),
};

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

async function startServer(databaseUrl: string, redisUrl: string, size: number): Promise<Server> {
  const child: ChildProcess = fork(
    fileURLToPath(new URL('endpoints-server.ts', import.meta.url)),
    [redisUrl, String(size)],
    { env: { ...process.env, APP_ENV: 'testing', DATABASE_URL: databaseUrl } },
  );
  endWithUs(child, 'SIGKILL');
  const ended = once(child, 'exit');
  const url = await Promise.race([
    once(child, 'message').then(([message]) => String(message)),
    ended.then(() => {
      throw new Error('the server ended before it listened');
    }),
  ]);
  return {
    url,
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

async function ask(
  url: string,
  paths: readonly string[],
  seconds: number,
): Promise<{ requests: number; perSecond: number }> {
  // Loaded here, so that the other benchmarks run where it is not installed.
  const { default: autocannon } = await import('autocannon');
  const start = performance.now();
  const result = await autocannon({ url, connections, duration: seconds, requests: paths.map((path) => ({ path })) });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${paths[0]}: ${result.non2xx} bad answers, ${result.errors} errors`);
  return { requests: result['2xx'], perSecond: (result['2xx'] / (performance.now() - start)) * 1_000 };
}

/** Counts what reaches PostgreSQL: each query of a route is a transaction of its own. */
async function countQueries(url: string): Promise<{ since(): Promise<number>; stop(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let last = 0;
  return {
    async since() {
      // Sessions report what they did within a second of it.
      await sleep(1_200);
      await client.query('select pg_stat_clear_snapshot()');
      const { rows } = await client.query<{ count: string }>(
        'select sum(xact_commit) as count from pg_stat_database where datname = current_database()',
      );
      const count = Number(rows[0]?.count ?? 0);
      const passed = count - last;
      last = count;
      return passed;
    },
    stop: () => client.end(),
  };
}
