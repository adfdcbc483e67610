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
  const chosen = cells.filter(({ name }) => wanted.test(name));
  const sent = await commandsOf(redis, chosen);
  const server = await watchServer(redis.url);
  const rows: (string | number)[][] = [];
  for (const [index, cell] of chosen.entries()) {
    const sides = [cell.document, cell.cenote].map((run) => ({ run, times: [] as number[], cpu: [] as number[] }));
    for (let round = 0; round < rounds; round++)
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const before = await server.read();
        const { each, operations } = await stretch(side.run, milliseconds);
        side.times.push(each);
        side.cpu.push(((await server.read()).cpu - before.cpu) / operations);
      }
    const [document, cenote] = sides.map(({ times }) => times) as [number[], number[]];
    const ratio = median(cenote.map((time, round) => time / (document[round] as number)));
    const figures = sides.flatMap(({ times, cpu }, side) => [median(times), sent[index]?.[side] ?? 0, median(cpu)]);
    rows.push([cell.name, ...figures, ratio]);
  }
  server.stop();
  return { title, columns, rows };
}

/** Commands that the client sends for one operation of each side. Counted first: MONITOR would be part of what is measured. */
async function commandsOf(redis: RedisServer, cells: readonly Cell[]): Promise<number[][]> {
  const commands = await watchCommands(redis);
  const counts: number[][] = [];
  for (const { document, cenote } of cells) {
    const sides: number[] = [];
    for (const run of [document, cenote]) {
      for (let time = 0; time < warming; time++) await run();
      await commands.since();
      await run();
      sides.push((await commands.since()).sent.length);
    }
    counts.push(sides);
  }
  await commands.stop();
  return counts;
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
