import { withRunners, type Bench, type BenchOptions } from './bench.js';
import { compare } from './rounds.js';
import type { Runner, Stretch } from './runner.js';
import type { SubjectName } from './subjects/index.js';
import type { Table } from './table.js';
import { keysOf, sizes, type Size } from './values.js';

/** A hit on Redis with no memory in front, against the client's own `GET` and `JSON.parse`. */
export const hits: Bench = {
  name: 'hits',
  about: 'Redis hits of 200 B, 2 KB and 50 KB, memory tiers off, 64 in flight, against raw GET + JSON.parse',
  run(options) {
    return withRunners(options.subjects, async (runners) => {
      const tables = [await hitTable(runners, 'get', options), await hitTable(runners, 'wrap', options)];
      return tables.filter(({ columns }) => columns.length > 1);
    });
  },
};

async function hitTable(
  runners: readonly Runner<SubjectName>[],
  verb: Stretch['verb'],
  options: BenchOptions,
): Promise<Table> {
  const chosen = (Object.keys(sizes) as Size[]).filter((size) => options.cells.test(`${verb} ${size}`));
  const rows = runners.map(({ name }): (string | number)[] => [name]);
  for (const size of chosen) {
    const keys = keysOf(size);
    for (const runner of runners) await runner.run({ verb: 'wrap', keys, inFlight: keys.length, milliseconds: 0 });
    const stretch = { verb, keys, inFlight: 64, milliseconds: options.milliseconds };
    const measured = await compare(runners, stretch, options.rounds, (name, { loads }) => {
      if (loads > 0) throw new Error(`${name} loaded ${loads} values that were to be hits`);
    });
    for (const [index, { perSecond, ratio, cpu }] of measured.entries()) rows[index]?.push(perSecond, ratio, cpu);
  }
  return {
    title: `Redis hit by \`${verb}\`, 64 in flight`,
    columns: ['', ...chosen.flatMap((size) => [`${size}: ops/s`, 'of raw', 'CPU µs'])],
    rows,
  };
}
