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
      const tables = [
        await hitTable(runners, options, 'get'),
        await hitTable(runners, options, 'wrap'),
        await hitTable(runners, options, 'get', options.smoke ? { '2 KB': 200 } : unseen),
      ];
      return tables.filter(({ columns }) => columns.length > 1);
    });
  },
};

/** So many keys, read in turn, that each entry's value has been forgotten when its turn comes again. */
const unseen: Partial<Record<Size, number>> = { '2 KB': 10_000, '50 KB': 400 };

async function hitTable(
  runners: readonly Runner<SubjectName>[],
  options: BenchOptions,
  verb: Stretch['verb'],
  counts?: Partial<Record<Size, number>>,
): Promise<Table> {
  const kind = counts ? `${verb} unseen` : verb;
  const chosen = (Object.keys(counts ?? sizes) as Size[]).filter((size) => options.cells.test(`${kind} ${size}`));
  const rows = runners.map(({ name }): (string | number)[] => [name]);
  for (const size of chosen) {
    const keys = keysOf(size, counts?.[size]);
    for (const runner of runners) await fillAll(runner, keys);
    const stretch = { verb, keys, inFlight: 64, milliseconds: options.milliseconds };
    const measured = await compare(runners, stretch, options.rounds, (name, { loads }) => {
      if (loads > 0) throw new Error(`${name} loaded ${loads} values that were to be hits`);
    });
    for (const [index, { perSecond, ratio, cpu }] of measured.entries()) rows[index]?.push(perSecond, ratio, cpu);
  }
  return {
    title: `Redis hit by \`${verb}\`, 64 in flight${counts ? ', each entry as if read for the first time' : ''}`,
    columns: ['', ...chosen.flatMap((size) => [`${size}: ops/s`, 'of raw', 'CPU µs'])],
    rows,
  };
}

/** Each key once, some at a time: a herd of thousands would find its leases expired. */
async function fillAll(runner: Runner<SubjectName>, keys: readonly string[]): Promise<void> {
  const inFlight = 100;
  for (let start = 0; start < keys.length; start += inFlight)
    await runner.run({ verb: 'wrap', keys: keys.slice(start, start + inFlight), inFlight, milliseconds: 0 });
}
