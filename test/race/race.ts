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
import { add, noFindings, type Findings } from './findings.js';
import { kinds, type Fault, type Kind } from './kinds.js';
import { give } from './orders.js';
import { Random } from './random.js';
import { nearBound, prefix } from './shelf.js';
import { Truth } from './truth.js';
import { mostSkew, snapshot, Weather } from './weather.js';

export interface RaceOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly processes: number;
  readonly kind: Kind | 'all';
  readonly faults: readonly Fault[];
  /** Caches have a memory tier, and one each: what others have invalidated may be served from it for a while. */
  readonly near?: boolean;
  readonly mutant?: string | undefined;
  /** Ends at the first breach, as a hunt for a mutant does. */
  readonly untilBreach?: boolean;
  /** Ends after so many milliseconds, whatever is left to play. */
  readonly most?: number | undefined;
}

export interface RaceReport extends Findings {
  readonly options: RaceOptions;
  episodes: number;
  byKind: Record<string, number>;
  /** Made by the weather, by fault. */
  troubles: Readonly<Record<string, number>>;
  seconds: number;
}

/**
 * Episodes that are played at the same time: few where a run is short or ends at the first breach, else many, since a round
 * lasts as long as its slowest episode and its waits for quiet.
 */
function perRoundOf({ episodes, untilBreach }: RaceOptions): number {
  return untilBreach || episodes < 2_400 ? 24 : 96;
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
  const networks: TcpProxy[] = [];
  const servers: ChildProcess[] = [];
  try {
    const truth = join(redis.dir, 'truth');
    const rows = perRoundOf(options) * mostRows;
    await writeFile(truth, Buffer.alloc(Truth.size(rows, options.processes)));
    const clocks = await skewedClocks(options, join(redis.dir, 'clocks'));
    const perServer = cachesPerServer(options);
    await Promise.all(
      Array.from({ length: options.processes }, async (_, server) => {
        const behind = await Promise.all(Array.from({ length: perServer }, () => TcpProxy.start({ port: redis.port })));
        networks.push(...behind);
        const child = forkProgram(new URL('server.ts', import.meta.url));
        servers.push(child);
        const urls = behind.map(({ port }) => `redis://127.0.0.1:${port}`);
        await give(child, {
          do: 'open',
          setting: {
            server,
            servers: options.processes,
            urls,
            deadline: options.faults.length > 0 ? deadlines.storm : deadlines.calm,
            near: options.near ?? false,
            truth,
            clocks:
              options.faults.some((fault) => fault === 'skews' || fault === 'suspensions') ? clocks.path : undefined,
            seed: options.seed,
            mutant: options.mutant,
          },
        });
      }),
    );
    const around = { redis, networks, servers, clocks: clocks.errors };
    const weather = new Weather(around, options.faults, options.seed, options.near ? 200 : 10);
    for (let rounds = 0; report.episodes < options.episodes; rounds++) {
      const round = roundOf(options, report, rounds);
      await clean(redis, truth, Truth.size(rows, options.processes));
      weather.begin();
      try {
        await Promise.all(servers.map((server) => give(server, { do: 'play', episodes: round })));
      } finally {
        await weather.calm();
      }
      await Promise.all(servers.map((server) => give(server, { do: 'quiet' })));
      if (options.faults.length > 0) await forgetLeases(redis);
      if (options.near) await new Promise((resolve) => setTimeout(resolve, nearBound));
      await settle(servers, round, report);
      report.troubles = { ...weather.troubles };
      report.seconds = (performance.now() - began) / 1_000;
      onProgress(report);
      if (options.untilBreach && breaches(report) > 0) break;
      if (options.most !== undefined && performance.now() - began > options.most) break;
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
    await redis.stop();
  }
}

/** One process has two caches, each with a connection of its own; with memory the two would be two processes to each other. */
export function cachesPerServer({ processes, near }: RaceOptions): number {
  return processes === 1 && !near ? 2 : 1;
}

/** Reads that broke the promise, of whatever sort. */
export function breaches({ transient, permanent, false: untrue }: Findings): number {
  return transient + permanent + untrue;
}

/** Whether a run found nothing wrong, and could have. */
export function isProof(report: RaceReport): boolean {
  const finals = report.finalHits + report.finalFills;
  return (
    breaches(report) === 0 &&
    report.errors === 0 &&
    report.finalMisses === 0 &&
    report.finalHits > finals / 4 &&
    (!report.options.near || (report.counts['near hits'] ?? 0) > 0) &&
    report.values > 0
  );
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

/** Servers look one after the other: the first finds what the race has left, the others what is left then. */
async function settle(
  servers: readonly ChildProcess[],
  episodes: readonly Episode[],
  report: RaceReport,
): Promise<void> {
  for (const server of servers) {
    const { findings } = await give(server, { do: 'settle', episodes });
    if (findings) add(report, findings);
  }
}
