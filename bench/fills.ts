import { withRunners, type Bench } from './bench.js';
import { compare } from './rounds.js';
import type { Table } from './table.js';
import { keysOf, type Size } from './values.js';

const filled: readonly Size[] = ['200 B', '2 KB'];

/** A miss: the key is read, the value loaded at once, and stored. */
export const fills: Bench = {
  name: 'fills',
  about: 'Misses with their fills, 64 in flight, no time in the loader, against raw GET + SET',
  run({ subjects, rounds, milliseconds, cells }) {
    return withRunners(subjects, async (runners, redis): Promise<Table[]> => {
      const chosen = filled.filter((size) => cells.test(size));
      const rows = runners.map(({ name }): (string | number)[] => [name]);
      for (const size of chosen) {
        const stretch = { verb: 'wrap', keys: keysOf(size), fresh: true, inFlight: 64, milliseconds } as const;
        const measured = await compare(runners, stretch, rounds, (name, { loads, operations }) => {
          if (loads !== operations) throw new Error(`${name} loaded ${loads} values in ${operations} misses`);
          return redis.command('FLUSHALL');
        });
        for (const [index, { perSecond, ratio, cpu }] of measured.entries()) rows[index]?.push(perSecond, ratio, cpu);
      }
      const columns = ['', ...chosen.flatMap((size) => [`${size}: ops/s`, 'of raw', 'CPU µs'])];
      return [{ title: 'Miss and fill, 64 in flight', columns, rows }];
    });
  },
};
