/**
 * How often the near tier finds what it is asked for, against other ways of choosing whom to evict, on generated traces.
 * It needs neither a server nor a peer: `npx tsx bench/hit-rate.ts --help`.
 */
import { parseArgs } from 'node:util';

import { policies } from './hit-rate/policies.js';
import { below, seeded } from './hit-rate/random.js';
import { cells, type Cell, type Trace } from './hit-rate/traces.js';

const help = `Hit rates on seeded traces, in percent, and the regret: points below the best policy of each cell.

  npx tsx bench/hit-rate.ts [--seed 1] [--cells zipf] [--invalidate 20] [--json]

  --seed        whole number; the same seed gives the same traces (default 1)
  --cells       only cells whose family or name matches this expression
  --invalidate  after every so many reads one of the last 5,000 keys read is invalidated (default 0: never)
  --json        figures for a program instead of a table`;

type Name = keyof typeof policies;
const names = Object.keys(policies) as Name[];

interface Row {
  readonly cell: string;
  readonly entries: number;
  /** Percent of all reads, the cold start included. */
  readonly rates: Record<Name, number>;
}

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    cells: { type: 'string', default: '' },
    invalidate: { type: 'string', default: '0' },
  },
});

if (options.help) console.log(help);
else run(whole('seed'), whole('invalidate'), new RegExp(options.cells));

function whole(option: 'seed' | 'invalidate'): number {
  const number = Number(options[option]);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`--${option} must be a whole number, got ${options[option]}`);
  return number;
}

function run(seed: number, invalidateEvery: number, wanted: RegExp): void {
  const rows = cells
    .filter(({ family, name }) => wanted.test(`${family} ${name}`))
    .map((cell) => measure(cell, seed, invalidateEvery));
  const regrets = Object.fromEntries(names.map((name) => [name, mean(rows.map((row) => regret(row, name)))]));
  const worst = Object.fromEntries(names.map((name) => [name, Math.max(...rows.map((row) => regret(row, name)))]));
  if (options.json) console.log(JSON.stringify({ seed, invalidateEvery, rows, regrets, worst }, null, 2));
  else console.log(table(rows, regrets, worst));
}

function measure(cell: Cell, seed: number, invalidateEvery: number): Row {
  const { trace, keys } = numbered(cell.trace(seed));
  const entries = Math.round(cell.keys * cell.size);
  const rates = Object.fromEntries(names.map((name) => [name, hitRate(name, trace, entries, keys, invalidateEvery)]));
  return { cell: `${cell.family} ${cell.name}`, entries, rates: rates as Record<Name, number> };
}

function hitRate(name: Name, trace: Trace, entries: number, keys: number, invalidateEvery: number): number {
  const policy = policies[name](entries, keys);
  const random = seeded(1);
  let hits = 0;
  for (const [at, key] of trace.entries()) {
    if (policy.read(key)) hits++;
    if (invalidateEvery === 0 || at % invalidateEvery !== 0) continue;
    policy.invalidate(trace[Math.max(0, at - below(5_000, random))] as number);
  }
  return (hits / trace.length) * 100;
}

/** The keys of a trace numbered from 0 in the order in which they come. */
function numbered(trace: Trace): { trace: Trace; keys: number } {
  const numbers = new Map<number, number>();
  const renumbered = trace.map((key) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
  return { trace: renumbered, keys: numbers.size };
}

function regret({ rates }: Row, name: Name): number {
  return Math.max(...Object.values(rates)) - rates[name];
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function table(rows: readonly Row[], regrets: Record<string, number>, worst: Record<string, number>): string {
  const figures = (of: Record<string, number>, digits: number): string[] =>
    names.map((name) => (of[name] ?? Number.NaN).toFixed(digits));
  const lines = [
    ['trace', 'entries', ...names],
    ['---', '---:', ...names.map(() => '---:')],
    ...rows.map(({ cell, entries, rates }) => [cell, String(entries), ...figures(rates, 1)]),
    ['**mean regret**', '', ...figures(regrets, 2)],
    ['**worst regret**', '', ...figures(worst, 1)],
  ];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}
