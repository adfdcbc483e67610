/** `npm run torture:domains`: see `--help`. Exit code 0: nothing found; 1: something; 2: wrong usage. */
import { parseArgs } from 'node:util';

import { domainNames, type DomainName } from './all.js';
import { runTorture, type TortureReport } from './run.js';

const help = `The domain caches under fire: processes at work on one Redis that is killed and comes back, empty or with
an older snapshot; in the end nothing may be lost, doubled, or gone backwards.

  npm run torture:domains -- [domains] [options]

Domains (default: all): ${domainNames.join(', ')}

  --operations N   of each domain, shared by the processes; default 100000
  --processes N    1 to 64; default 16
  --restarts N     how often Redis is killed; default 10
  --seed N         of every choice; default 1
  --json           the reports as JSON; progress goes to standard error
  --help
`;

class Misuse extends Error {}

function count(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new Misuse(`--${name} ${value}: must be a whole number from ${least} to ${most}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      operations: { type: 'string', default: '100000' },
      processes: { type: 'string', default: '16' },
      restarts: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const domains = positionals.length === 0 ? domainNames : positionals.map(domainOf);
  const options = {
    operations: count('operations', values.operations, 1, 100_000_000),
    processes: count('processes', values.processes, 1, 64),
    restarts: count('restarts', values.restarts, 0, 10_000),
    seed: count('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
  };
  const reports: TortureReport[] = [];
  for (const domain of domains) {
    const report = await runTorture({ domain, ...options }, progressOf(domain, options.operations));
    reports.push(report);
    if (!values.json) console.log(lineOf(report));
  }
  if (values.json) console.log(JSON.stringify(reports, undefined, 2));
  return reports.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

function domainOf(name: string): DomainName {
  const domain = domainNames.find((known) => known === name);
  if (domain === undefined) throw new Misuse(`${name}: must be one of ${domainNames.join(', ')}`);
  return domain;
}

function progressOf(domain: DomainName, operations: number): (done: number) => void {
  const step = process.stderr.isTTY ? 100 : 10;
  let told = 0;
  return (done) => {
    const part = Math.floor((done / operations) * step);
    if (part <= told) return;
    told = part;
    const line = `${domain}: ${done} of ${operations} operations`;
    process.stderr.write(process.stderr.isTTY ? `\r${line} ` : `${line}\n`);
  };
}

const mostShown = 10;

function lineOf({ domain, operations, processes, restarts, seconds, findings }: TortureReport): string {
  const shown = findings.slice(0, mostShown).map((finding) => `\n  ${finding}`);
  const more = findings.length > mostShown ? `\n  and ${findings.length - mostShown} more` : '';
  return `${domain}: ${operations} operations, ${processes} processes, ${restarts} restarts, ${seconds.toFixed(0)} s: ${findings.length || 'no'} findings${shown.join('')}${more}`;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isMisuse = error instanceof Misuse || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(isMisuse ? `${(error as Error).message}\nnpm run torture:domains -- --help says more` : error);
  process.exitCode = isMisuse ? 2 : 1;
}
