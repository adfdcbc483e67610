import type { RedisServer } from '../test/servers/redis.js';
import { withRedis, type Bench, type BenchOptions } from './bench.js';
import { median } from './rounds.js';
import { startRunner, type Runner } from './runner.js';
import type { Table } from './table.js';
import type { Done, Traffic, Warming } from './tracking-process.js';
import { watchServer, type Reading, type ServerWatch } from './tracking-server.js';

/** How processes are told of changes. The first, no memory tier, is what the others are compared with. */
const modes = ['off', 'default', 'broadcast', 'default, table full'] as const;
type Mode = (typeof modes)[number];

interface Workload {
  readonly name: string;
  /** The share of operations that invalidate their key; the others read it through. */
  readonly writes: number;
  /** Whether the processes work on the same keys, or each on a part of them that is its own. */
  readonly shared: boolean;
}

const workloads: readonly Workload[] = [
  { name: 'read-heavy: 1 operation in 1,000 invalidates', writes: 1 / 1_000, shared: true },
  { name: 'write-heavy: 1 operation in 5 invalidates', writes: 1 / 5, shared: true },
  { name: 'write-heavy apart: the same, each process on keys of its own', writes: 1 / 5, shared: false },
];

/** Operations a second of all processes together: few enough that neither the server nor a process is ever saturated. */
const rate = 2_000;

/** What client tracking costs the server, and what the memory tier saves it. */
export const tracking: Bench = {
  name: 'tracking',
  about: 'What telling 1, 4 and 16 processes of changes costs Redis: CPU, network, memory',
  async run(options) {
    const keys = options.smoke ? 500 : 10_000;
    const chosen = workloads.filter(({ name }) => options.cells.test(name));
    const memory: Row[] = [];
    const costs = chosen.map((): Row[] => []);
    for (const processes of options.smoke ? [2] : [1, 4, 16]) {
      const named = modes.map((mode) => `${processes} × ${mode}`);
      await withFleet(processes, async (fleet, sides) => {
        for (const [index, row] of (await memoryRows(sides, fleet, keys)).entries())
          memory.push([named[index] ?? '', ...row]);
        for (const [place, workload] of chosen.entries()) {
          const rounds = await measure(sides, fleet, keys, workload, options);
          for (const [index, row] of costRows(rounds).entries()) costs[place]?.push([named[index] ?? '', ...row]);
        }
      });
    }
    const all = keys.toLocaleString('en-US');
    return [
      {
        title: `Memory of Redis when each process has read each of ${all} keys`,
        columns: ['processes × tracking', 'used_memory KB', 'bytes a key over off', 'tracked keys', 'tracked items'],
        rows: memory,
      },
      ...chosen.map(({ name }, place) => ({
        title: `${name}; ${all} keys, ${rate.toLocaleString('en-US')} operations a second`,
        columns: [
          'processes × tracking',
          'server CPU µs',
          '× off',
          'bytes out',
          '× off',
          'bytes in',
          '× off',
          'near hits %',
          'process CPU µs',
        ],
        rows: costs[place] ?? [],
        note: 'CPU and bytes for one operation.',
      })),
    ];
  },
};

type Row = Table['rows'][number];
type Figures = readonly number[];
type Process = Runner<string, Warming | Traffic, Done>;

/** A mode and a server of its own. */
interface Side {
  readonly mode: Mode;
  readonly redis: RedisServer;
  readonly watch: ServerWatch;
}

/** What one side did in one round, and what it took. */
interface Round {
  readonly operations: number;
  readonly reads: number;
  /** Reads that memory answered. */
  readonly near: number;
  readonly server: Reading;
  /** Microseconds for one operation. */
  readonly processCpu: number;
}

/** Gives `use` processes that serve all modes in turn, and a server for each mode. */
function withFleet(
  size: number,
  use: (fleet: readonly Process[], sides: readonly Side[]) => Promise<void>,
): Promise<void> {
  return withSides(async (sides) => {
    const fleet: Process[] = [];
    try {
      while (fleet.length < size) fleet.push(await startRunner(`process ${fleet.length}`, '', 'tracking-process.ts'));
      await use(fleet, sides);
    } finally {
      await Promise.all(fleet.map((one) => one.stop()));
    }
  });
}

function withSides(use: (sides: readonly Side[]) => Promise<void>, sides: readonly Side[] = []): Promise<void> {
  const mode = modes[sides.length];
  if (mode === undefined) return use(sides);
  return withRedis(async (redis) => {
    const watch = await watchServer(redis.url);
    try {
      await withSides(use, [...sides, { mode, redis, watch }]);
    } finally {
      watch.stop();
    }
  });
}

/** Has each process read each key, so that it has all in memory where it may, and asks what that takes of the server's. */
async function memoryRows(sides: readonly Side[], fleet: readonly Process[], keys: number): Promise<Figures[]> {
  const readings: Reading[] = [];
  for (const side of sides) {
    if (side.mode === 'default, table full')
      await side.redis.command('CONFIG', 'SET', 'tracking-table-max-keys', String(keys / 2));
    for (const one of fleet) await one.run({ kind: 'warm', ...cacheOf(side), keys });
    readings.push(await side.watch.read());
  }
  const floor = readings[0]?.memory ?? 0;
  return readings.map(({ memory, trackedKeys, trackedItems }) => [
    memory / 1_024,
    (memory - floor) / keys,
    trackedKeys,
    trackedItems,
  ]);
}

/** Each round gives all modes the same operations, one mode after another, in an order that turns. By mode. */
async function measure(
  sides: readonly Side[],
  fleet: readonly Process[],
  keys: number,
  { writes, shared }: Workload,
  { rounds, milliseconds }: BenchOptions,
): Promise<Round[][]> {
  const outcomes = sides.map((): Round[] => []);
  const operations = Math.max(1, Math.round((rate * milliseconds) / 1_000 / fleet.length));
  const every = (1_000 * fleet.length) / rate;
  const part = shared ? keys : Math.floor(keys / fleet.length);
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < sides.length; turn++) {
      const index = (turn + round) % sides.length;
      const side = sides[index] as Side;
      const before = await side.watch.read();
      const done = await Promise.all(
        fleet.map((one, number) => {
          const drawn = { first: shared ? 0 : number * part, keys: part, seed: round * fleet.length + number };
          return one.run({ kind: 'work', ...cacheOf(side), ...drawn, operations, every, writes });
        }),
      );
      const server = difference(await side.watch.read(), before);
      // The round before those that count compiles code.
      if (round > 0)
        outcomes[index]?.push({
          operations: operations * fleet.length,
          reads: sum(done, ({ reads }) => reads),
          near: sum(done, ({ near }) => near),
          server,
          processCpu: sum(done, ({ cpu }) => cpu) / fleet.length,
        });
    }
  }
  return outcomes;
}

function cacheOf({ mode, redis }: Side): Pick<Traffic, 'url' | 'tracking'> {
  if (mode === 'off') return { url: redis.url, tracking: undefined };
  return { url: redis.url, tracking: mode === 'broadcast' ? mode : 'default' };
}

/** CPU is a median over the rounds, its ratio of those in each round. Bytes are of all rounds: no other work meets them, and writes are rare. */
function costRows(byMode: readonly (readonly Round[])[]): Figures[] {
  const floor = byMode[0] ?? [];
  return byMode.map((rounds, index) => {
    const operations = sum(rounds, (round) => round.operations);
    const near = sum(rounds, (round) => round.near);
    if (index === 0 ? near > 0 : near === 0) throw new Error(`${near} hits in memory with tracking ${modes[index]}`);
    const cpu = (round: Round | undefined): number => (round?.server.cpu ?? 0) / (round?.operations ?? 1);
    const bytesOut = (all: readonly Round[]): number => sum(all, ({ server }) => server.bytesOut);
    const bytesIn = (all: readonly Round[]): number => sum(all, ({ server }) => server.bytesIn);
    return [
      median(rounds.map(cpu)),
      median(rounds.map((round, number) => cpu(round) / cpu(floor[number]))),
      bytesOut(rounds) / operations,
      bytesOut(rounds) / bytesOut(floor),
      bytesIn(rounds) / operations,
      bytesIn(rounds) / bytesIn(floor),
      (100 * near) / sum(rounds, ({ reads }) => reads),
      median(rounds.map(({ processCpu }) => processCpu)),
    ];
  });
}

function difference(after: Reading, before: Reading): Reading {
  return {
    ...after,
    cpu: after.cpu - before.cpu,
    bytesOut: after.bytesOut - before.bytesOut,
    bytesIn: after.bytesIn - before.bytesIn,
  };
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((so, item) => so + of(item), 0);
}
