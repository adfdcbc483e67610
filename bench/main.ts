import { parseArgs } from 'node:util';

import type { Bench } from './bench.js';
import { coldKey } from './cold-key.js';
import { commands } from './commands.js';
import { conversations } from './domains/conversations.js';
import { presence } from './domains/presence.js';
import { rooms } from './domains/rooms.js';
import { messages } from './domains/messages.js';
import { sessions } from './domains/sessions.js';
import { endpoints } from './endpoints.js';
import { fills } from './fills.js';
import { hits } from './hits.js';
import { nearMemory } from './near-memory.js';
import { near } from './near.js';
import { subjectNames, type SubjectName } from './subjects/index.js';
import { markdown, type Table } from './table.js';
import { tracking } from './tracking.js';

const benches: readonly Bench[] = [
  hits,
  commands,
  coldKey,
  fills,
  near,
  nearMemory,
  tracking,
  presence,
  rooms,
  sessions,
  endpoints,
  messages,
  conversations,
];

const usage = `npm run bench -- [names] [options]

Benchmarks (default: all):
${benches.map(({ name, about }) => `  ${name.padEnd(12)}${about}`).join('\n')}

Options:
  --rounds N        rounds that count, of each cell (default 15)
  --ms N            milliseconds of one stretch (default 400)
  --subjects a,b    what to compare; the first is the floor (default ${subjectNames.join(',')})
  --operations N    operations of near-memory's long run (default 10,000,000)
  --cells REGEXP    cells to measure, such as 'get 2 KB'
  --smoke           one short round of raw and cenote: shows that the benchmarks run
  --json            print JSON instead of tables
  --help            print this
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    ms: { type: 'string' },
    subjects: { type: 'string' },
    operations: { type: 'string' },
    cells: { type: 'string', default: '' },
    smoke: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
  process.exit();
}

const smoke = values.smoke;
const options = {
  rounds: count('rounds', values.rounds, smoke ? 1 : 15),
  milliseconds: count('ms', values.ms, smoke ? 20 : 400),
  subjects: values.subjects?.split(',').map(subjectOf) ?? (smoke ? (['raw', 'cenote'] as const) : subjectNames),
  operations: count('operations', values.operations, smoke ? 20_000 : 10_000_000),
  cells: new RegExp(values.cells),
  smoke,
};
const chosen = positionals.length === 0 ? benches : positionals.map(benchOf);
const results: { bench: string; tables: Table[] }[] = [];
for (const bench of chosen) {
  const tables = await bench.run(options);
  results.push({ bench: bench.name, tables });
  if (!values.json && !process.send) for (const table of tables) console.log(markdown(table));
}
if (process.send) process.send(results);
else if (values.json) console.log(JSON.stringify(results, undefined, 2));
process.exit();

function benchOf(name: string): Bench {
  return benches.find((bench) => bench.name === name) ?? fail(`no benchmark is named ${name}`);
}

function subjectOf(name: string): SubjectName {
  return subjectNames.find((subject) => subject === name) ?? fail(`nothing to compare is named ${name}`);
}

function count(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  return Number.isSafeInteger(Number(given)) && Number(given) > 0 ?
      Number(given)
    : fail(`--${option} must be a whole number of at least 1, not ${given}`);
}

function fail(why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(1);
}
