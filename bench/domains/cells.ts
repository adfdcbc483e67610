import type { RedisServer } from '../../test/servers/redis.js';
import type { BenchOptions } from '../bench.js';
import { watchCommands } from '../commands.js';
import { median } from '../rounds.js';
import type { Table } from '../table.js';
import { watchServer } from '../tracking-server.js';

/** The same work done twice: as the domain's document has it, with the bare client, and by cenote. */
export interface Cell {
  readonly name: string;
  readonly document: () => Promise<unknown>;
  readonly cenote: () => Promise<unknown>;
}

/** Operations before those that count: compiled code, known scripts. */
const warming = 20;

const columns = [
  '',
  ...['document', 'cenote'].flatMap((whose) => [`${whose}: µs`, 'commands', 'server CPU µs']),
  'time ratio',
];

/**
 * Measures cells on one server, one operation at a time: median microseconds of one, the commands that the client sends for
 * it, and the server's own CPU. Both sides alternate in each round; the ratio is cenote ÷ document in the same round.
 */
export async function compareCells(
  redis: RedisServer,
  title: string,
  cells: readonly Cell[],
  { cells: wanted, rounds, milliseconds }: BenchOptions,
): Promise<Table> {
  const server = await watchServer(redis.url);
  const commands = await watchCommands(redis);
  const rows: (string | number)[][] = [];
  try {
    for (const cell of cells.filter(({ name }) => wanted.test(name))) {
      const sides = [cell.document, cell.cenote].map((run) => ({
        run,
        times: [] as number[],
        cpu: [] as number[],
        sent: 0,
      }));
      for (const side of sides) {
        for (let time = 0; time < warming; time++) await side.run();
        await commands.since();
        await side.run();
        side.sent = (await commands.since()).sent.length;
      }
      // MONITOR would be part of what is measured.
      for (let round = 0; round < rounds; round++)
        for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
          const before = await server.read();
          const { each, operations } = await stretch(side.run, milliseconds);
          side.times.push(each);
          side.cpu.push(((await server.read()).cpu - before.cpu) / operations);
        }
      const [document, cenote] = sides.map(({ times }) => times) as [number[], number[]];
      const ratio = median(cenote.map((time, round) => time / (document[round] as number)));
      rows.push([cell.name, ...sides.flatMap(({ times, sent, cpu }) => [median(times), sent, median(cpu)]), ratio]);
    }
  } finally {
    await commands.stop();
    server.stop();
  }
  return { title, columns, rows };
}

/** One operation after another for so long. `each`: median microseconds of one. */
async function stretch(
  run: () => Promise<unknown>,
  milliseconds: number,
): Promise<{ each: number; operations: number }> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  for (let now = performance.now(); now < end;) {
    await run();
    const after = performance.now();
    times.push((after - now) * 1_000);
    now = after;
  }
  return { each: median(times), operations: times.length };
}
