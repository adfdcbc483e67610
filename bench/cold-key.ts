import { withRunners, type Bench } from './bench.js';
import type { Table } from './table.js';
import { keysOf } from './values.js';

const processes = 4;
const loadTime = 50;

/** The stampede: many processes, many callers in each, one key that nobody has. */
export const coldKey: Bench = {
  name: 'cold-key',
  about: `${processes} processes × 1,000 callers on one cold key: how often its loader runs`,
  async run({ subjects, rounds: wanted, smoke }) {
    const callers = smoke ? 50 : 1_000;
    const rounds = smoke ? 3 : wanted;
    const rows: (string | number)[][] = [];
    for (const subject of subjects) {
      const loads: number[] = [];
      await withRunners(
        Array.from({ length: processes }, () => subject),
        async (runners) => {
          for (const key of keysOf('2 KB').slice(0, rounds)) {
            const stretch = { verb: 'wrap', keys: [key], inFlight: callers, milliseconds: 0, loadTime } as const;
            const outcomes = await Promise.all(runners.map((runner) => runner.run(stretch)));
            loads.push(outcomes.reduce((sum, outcome) => sum + outcome.loads, 0));
          }
        },
      );
      rows.push([subject, Math.min(...loads), Math.max(...loads)]);
    }
    const table: Table = {
      title: `Loads of one cold key, ${processes} processes × ${callers} callers, a load of ${loadTime} ms, ${rounds} keys`,
      columns: ['', 'fewest loads', 'most loads'],
      rows,
    };
    return [table];
  },
};
