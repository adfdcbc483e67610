import type { RedisServer } from '../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from './bench.js';
import { readers, readersByParams, readersByTwoParams, type ReaderName } from './near/index.js';
import type { NearStretch } from './near/process.js';
import { keyCount } from './near/subject.js';
import { compare } from './rounds.js';
import { startRunner, type Runner } from './runner.js';
import type { Table } from './table.js';

/** By how many keys are read, and how often in one turn of the event loop. */
const cells: Readonly<Record<string, Omit<NearStretch, 'milliseconds'>>> = {
  'hot key': { keys: 1, perTurn: 1_000 },
  '10,000 keys': { keys: keyCount, perTurn: 1_000 },
  'hot key, 5 a turn': { keys: 1, perTurn: 5 },
};

/** A hit in this process's memory. */
export const near: Bench = {
  name: 'near',
  about: 'Hits of the memory tier over Redis, one after another, against an async function around Map.get',
  run: (options) =>
    withRedis(async (redis) => {
      return [
        await compareReaders('Near hit by key', readers, redis, options),
        await compareReaders('Near hit by a parameter', readersByParams, redis, options),
        await compareReaders('Near hit by two parameters', readersByTwoParams, redis, options),
      ];
    }),
};

async function compareReaders(
  title: string,
  all: Readonly<Partial<Record<ReaderName, { readonly of: string }>>>,
  redis: RedisServer,
  { subjects, cells: wanted, rounds, milliseconds }: BenchOptions,
): Promise<Table> {
  const names = (Object.keys(all) as ReaderName[]).filter((name) => subjects.some((one) => one === all[name]?.of));
  const chosen = Object.entries(cells).filter(([cell]) => wanted.test(cell));
  const runners: Runner<ReaderName, NearStretch>[] = [];
  try {
    for (const name of names) runners.push(await startRunner(name, redis.url, 'near/process.ts'));
    const sent = new Map<ReaderName, number>();
    const watched = runners.map((runner) => ({
      ...runner,
      async run(work: NearStretch) {
        const before = await commandsOf(redis);
        const outcome = await runner.run(work);
        sent.set(runner.name, (sent.get(runner.name) ?? 0) + (await commandsOf(redis)) - before);
        return outcome;
      },
    }));
    const rows = names.map((name): (string | number)[] => [name]);
    for (const [, cell] of chosen) {
      const measured = await compare(watched, { ...cell, milliseconds }, rounds, (name, { loads }) => {
        if (loads > 0) throw new Error(`${name} loaded ${loads} values that were to be hits`);
      });
      for (const [index, { perSecond, ratio }] of measured.entries()) rows[index]?.push(1e9 / perSecond, 1 / ratio);
    }
    for (const [index, name] of names.entries()) rows[index]?.push(sent.get(name) ?? 0);
    const columns = ['', ...chosen.flatMap(([cell]) => [`${cell}: ns`, '× floor']), 'store commands'];
    return { title, columns, rows };
  } finally {
    await Promise.all(runners.map((runner) => runner.stop()));
  }
}

/** What connections send to stay alive, however often they are read. */
const upkeep = /^(?:info|time|ping|client|hello|select|config|echo)\b/;

/** Commands that the server has run, without upkeep. */
async function commandsOf(redis: RedisServer): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'));
  let count = 0;
  for (const [, name = '', calls = '0'] of stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    if (!upkeep.test(name)) count += Number(calls);
  return count;
}
