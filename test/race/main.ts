/** `npm run race`: see `--help`. Exit code 0: nothing stale, and the run could have found it; 1: something; 2: wrong usage. */
import { parseArgs } from 'node:util';

import { faults, kinds, type Fault, type Kind } from './kinds.js';
import { hunt, tableOf } from './hunt.js';
import { mutantNames } from './mutants.js';
import { isProof, race, type RaceOptions, type RaceReport } from './race.js';
import { describe } from './report.js';
import { nearBound } from './shelf.js';

const help = `Random races of writers and readers on one Redis, checked at every read.

  npm run race -- [options]

  --episodes N      how many to play; default 1000
  --processes N     servers, each a process of its own, 1 to 16; default 1 (with two caches)
  --kind KIND       ${kinds.join(' | ')} | all (each in turn); default all
  --faults LIST     ${faults.join(',')}, or all: trouble made meanwhile; default none
  --near            caches with a memory tier: what other processes have invalidated may be served from it for ${nearBound} ms,
                    never what this process has, nor to readers past it
  --seed N          of every choice (not of time, which is the machine's); default 1
  --mutant NAME     without one safeguard: the run must fail
                    ${mutantNames.join('\n                    ')}
  --mutants         each mutant in turn, until it is caught; fails if one is not
  --json            the report as JSON
  --help

  npm run race:mutants is npm run race -- --mutants.`;

interface Command {
  readonly options: RaceOptions;
  readonly json: boolean;
  readonly mutants: boolean;
}

class Misuse extends Error {}

function commandOf(args: readonly string[]): Command | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      episodes: { type: 'string', default: '1000' },
      processes: { type: 'string', default: '1' },
      kind: { type: 'string', default: 'all' },
      faults: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      near: { type: 'boolean', default: false },
      mutant: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.mutant !== undefined) oneOf('mutant', values.mutant, mutantNames);
  return {
    json: values.json,
    mutants: values.mutants,
    options: {
      episodes: count('episodes', values.episodes, 1, 10_000_000),
      processes: count('processes', values.processes, 1, 16),
      seed: count('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
      kind: oneOf<Kind | 'all'>('kind', values.kind, [...kinds, 'all']),
      faults: faultsOf(values.faults),
      near: values.near,
      mutant: values.mutant,
    },
  };
}

function faultsOf(value: string): readonly Fault[] {
  if (value === 'all') return faults;
  return value === '' ? [] : value.split(',').map((fault) => oneOf<Fault>('faults', fault, faults));
}

function count(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new Misuse(`--${name} ${value}: must be a whole number from ${least} to ${most}`);
}

function oneOf<const Word extends string>(name: string, value: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word === undefined) throw new Misuse(`--${name} ${value}: must be one of ${words.join(', ')}`);
  return word;
}

/** A line that is written over itself, where there is a person to see it. */
function progress({ episodes, options, seconds, transient, permanent, false: untrue }: RaceReport): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\r${episodes} of ${options.episodes} episodes, ${seconds.toFixed(0)} s, stale: ${transient} transient, ${permanent} permanent, ${untrue} false `,
  );
  if (episodes >= options.episodes) process.stderr.write('\n');
}

async function main(): Promise<number> {
  const command = commandOf(process.argv.slice(2));
  if (command === 'help') {
    console.log(help);
    return 0;
  }
  if (command.mutants) {
    const hunts = await hunt(mutantNames, {
      seed: command.options.seed,
      onEnd: (one) => command.json || console.log(tableOf([one])),
    });
    if (command.json) console.log(JSON.stringify(hunts, undefined, 2));
    return hunts.every(({ isCaught }) => isCaught) ? 0 : 1;
  }
  const report = await race(command.options, progress);
  console.log(command.json ? JSON.stringify(report, undefined, 2) : describe(report));
  return isProof(report) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isMisuse = error instanceof Misuse || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(isMisuse ? `${(error as Error).message}\nSee npm run race -- --help` : error);
  process.exitCode = isMisuse ? 2 : 1;
}
