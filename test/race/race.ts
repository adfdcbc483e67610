/**
 * A race run: random episodes of writers and readers on one Redis, in one or more servers (processes), each with its own
 * caches and connections. A promise is checked at every read (see `truth.ts`), and once more when all is quiet.
 *
 *  1. A round of episodes is played by all servers at the same time, in whatever weather was asked for.
 *  2. The weather calms. Each server waits until what it kept has reached Redis.
 *  3. Each server looks at every row, through the cache: what it finds there must be the truth.
 */
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { forkProgram } from '../servers/program.js';
import { startRedis, type RedisServer } from '../servers/redis.js';
import { TcpProxy } from '../servers/tcp-proxy.js';
import { ClockErrors } from './clocks.js';
import { mostRows, type Episode } from './episode.js';
import { add, noFindings } from './findings.js';
import { kinds, type Kind } from './kinds.js';
import { give, type Setting } from './orders.js';
import { breaches, type RaceOptions, type RaceReport } from './outcome.js';
import { Random } from './random.js';
import { nearBound, prefix } from './shelf.js';
import { Truth } from './truth.js';
import { mostSkew, snapshot, Weather } from './weather.js';

/**
 * Episodes that are played at the same time, all of one kind: many in a long run, since a round lasts as long as its slowest
 * episode and its waits for quiet; in a short one so few that each kind has its turn.
 */
function perRoundOf({ episodes, kind, untilBreach }: RaceOptions): number {
  if (episodes >= 2_400 && !untilBreach) return 96;
  return Math.min(24, Math.ceil(episodes / (kind === 'all' ? kinds.length : 1)));
}

/** In a storm calls go unanswered, and runs should not take long; in calm none should miss its deadline on a busy machine. */
const deadlines = { calm: { store: 1_000, wait: 5_000 }, storm: { store: 250, wait: 400 } } as const;

/** Keys of others on the same Redis, so that a scan takes several steps. */
const fillers = 2_500;

export async function race(
  options: RaceOptions,
  onProgress: (report: RaceReport) => void = () => {},
): Promise<RaceReport> {
  const began = performance.now();
  const report: RaceReport = { ...noFindings(), options, episodes: 0, byKind: {}, troubles: {}, seconds: 0 };
  const redis = await startRedis({ args: ['--dbfilename', snapshot] });
  const clocks = await skewedClocks(options, join(redis.dir, 'clocks'));
  const networks: TcpProxy[] = [];
  const servers: ChildProcess[] = [];
  try {
    const truth = join(redis.dir, 'truth');
    const rows = perRoundOf(options) * mostRows;
    await writeFile(truth, Buffer.alloc(Truth.size(rows, options.processes)));
    await Promise.all(
      Array.from({ length: options.processes }, async (_, server) => {
        const behind = await networksOf(options, redis);
        networks.push(...behind);
        const child = forkProgram(new URL('server.ts', import.meta.url));
        servers.push(child);
        const setting = settingOf(options, server, behind, { truth, clocks: clocks.path });
        await give(child, { do: 'open', setting });
      }),
    );
    const opened = performance.now();
    const around = { redis, networks, servers, clocks: clocks.errors };
    const weather = new Weather(around, options.faults, options.seed, restOf(options));
    for (let rounds = 0; report.episodes < options.episodes; rounds++) {
      const round = roundOf(options, report, rounds);
      await clean(redis, truth, Truth.size(rows, options.processes));
      await play(servers, round, weather);
      await Promise.all(servers.map((server) => give(server, { do: 'quiet' })));
      if (options.faults.length > 0) await forgetLeases(redis);
      if (options.near) await new Promise((resolve) => setTimeout(resolve, nearBound));
      await settle(servers, round, report);
      report.troubles = { ...weather.troubles };
      report.seconds = (performance.now() - began) / 1_000;
      onProgress(report);
      if (options.untilBreach && breaches(report) > 0) break;
      if (options.most !== undefined && performance.now() - opened > options.most) break;
    }
    for (const server of servers) {
      const ended = once(server, 'exit');
      const { findings } = await give(server, { do: 'close' });
      if (findings) add(report, findings);
      await ended;
    }
    report.seconds = (performance.now() - began) / 1_000;
    return report;
  } finally {
    for (const server of servers) server.kill('SIGKILL');
    await Promise.all(networks.map((network) => network.close()));
    clocks.errors.close();
    await redis.stop();
  }
}

/** One process has two caches, each with a connection of its own; with memory the two would be two processes to each other. */
export function cachesPerServer({ processes, near }: RaceOptions): number {
  return processes === 1 && !near ? 2 : 1;
}

/** A network for each cache of a server. */
function networksOf(options: RaceOptions, { port }: RedisServer): Promise<TcpProxy[]> {
  return Promise.all(Array.from({ length: cachesPerServer(options) }, () => TcpProxy.start({ port })));
}

function settingOf(
  { processes, seed, faults, near = false, mutant }: RaceOptions,
  server: number,
  networks: readonly TcpProxy[],
  { truth, clocks }: { readonly truth: string; readonly clocks: string },
): Setting {
  const isWrong = faults.includes('skews') || faults.includes('suspensions');
  return {
    server,
    servers: processes,
    urls: networks.map(({ port }) => `redis://127.0.0.1:${port}`),
    deadline: faults.length > 0 ? deadlines.storm : deadlines.calm,
    near,
    truth,
    clocks: isWrong ? clocks : undefined,
    seed,
    mutant,
  };
}

/** Milliseconds between troubles of a sort: with many sorts at the same time caches would never be used. */
function restOf({ near, faults }: RaceOptions): number {
  return near ? Math.max(40, 20 * faults.length) : 10 * faults.length;
}

/** A file of what is wrong with the servers' clocks from the beginning. */
async function skewedClocks(
  { processes, seed, faults }: RaceOptions,
  path: string,
): Promise<{ path: string; errors: ClockErrors }> {
  await writeFile(path, Buffer.alloc(ClockErrors.size(processes)));
  const errors = new ClockErrors(path);
  const random = new Random(seed, 'clocks');
  for (let server = 0; server < processes && faults.includes('skews'); server++)
    errors.write(server, { skew: (2 * random.next() - 1) * mostSkew, asleep: 0 });
  return { path, errors };
}

/** Episodes of one kind: patterns would empty the memory of all others. */
function roundOf(options: RaceOptions, report: RaceReport, round: number): Episode[] {
  const { kind, episodes } = options;
  const count = Math.min(perRoundOf(options), episodes - report.episodes);
  const one = kind === 'all' ? (kinds[round % kinds.length] as Kind) : kind;
  report.byKind[one] = (report.byKind[one] ?? 0) + count;
  return Array.from({ length: count }, (_, index) => {
    const id = report.episodes++;
    return { id, kind: one, rows: Array.from({ length: 1 + (id % mostRows) }, (_row, row) => index * mostRows + row) };
  });
}

async function clean(redis: RedisServer, truth: string, size: number): Promise<void> {
  await writeFile(truth, Buffer.alloc(size), { flag: 'r+' });
  await redis.command('FLUSHALL', 'SYNC');
  await redis.command('EVAL', `for i = 1, ${fillers} do redis.call('SET', 'other:' .. i, 'x') end`, '0');
}

/** Leases that could not be given back in a storm would only make the last look wait for their end. */
async function forgetLeases(redis: RedisServer): Promise<void> {
  const leases = (await redis.command('KEYS', `${prefix}:lease:*`)) as string[];
  if (leases.length > 0) await redis.command('DEL', ...leases);
}

async function play(servers: readonly ChildProcess[], episodes: readonly Episode[], weather: Weather): Promise<void> {
  weather.begin();
  try {
    await Promise.all(servers.map((server) => give(server, { do: 'play', episodes })));
  } finally {
    await weather.calm();
  }
}

/** Servers look one after the other: the first finds what the race has left, the others what is left then. */
async function settle(
  servers: readonly ChildProcess[],
  episodes: readonly Episode[],
  report: RaceReport,
): Promise<void> {
  for (const [index, server] of servers.entries()) {
    const { findings } = await give(server, { do: 'settle', episodes, isFirst: index === 0 });
    if (findings) add(report, findings);
  }
}
