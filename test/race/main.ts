/** `npm run race`: see `--help`. Exit code 0: nothing stale, and the run could have found it; 1: something; 2: wrong usage. */
import { parseArgs } from 'node:util';

import { faults, faultsExplained, kinds, type Fault, type Kind } from './kinds.js';
import { hunt, tableOf } from './hunt.js';
import { mutantNames } from './mutants.js';
import { isProof, type RaceOptions, type RaceReport } from './outcome.js';
import { race } from './race.js';
import { describe } from './report.js';
import { nearBound } from './shelf.js';

const help = `Random races of writers and readers on one Redis, checked at every read.

  npm run race -- [options]

  --episodes N      how many to play; default 1000, or with --minutes as many as there is time for
  --minutes N       end after so many, in good order and with a full report; parts of minutes are fine
  --processes N     servers, each a process of its own, 1 to 16; default 1 (with two caches)
  --kind KIND       ${kinds.join(' | ')} | all (each in turn); default all
  --faults LIST     trouble made meanwhile, separated by commas, or all; default none
                    ${Object.entries(faultsExplained)
                      .map(([fault, what]) => `${fault.padEnd(12)} ${what}`)
                      .join('\n                    ')}
  --near            caches with a memory tier: what other processes have invalidated may be served from it for ${nearBound} ms,
                    never what this process has, nor to readers past it
  --seed N          of every choice (not of time, which is the machine's); default 1
  --mutant NAME     without one safeguard: the run must fail
                    ${mutantNames.join('\n                    ')}
  --mutants         each mutant in turn (of --mutant A,B,… if that is given), until it is caught; fails if one is not
  --json            the report as JSON; progress goes to standard error
  --help

  npm run race:mutants is npm run race -- --mutants.`;

interface Command {
  readonly options: RaceOptions;
  readonly json: boolean;
  /** Mutants to hunt one after the other, in place of a run. */
  readonly hunted: readonly string[];
}

const mostEpisodes = 10_000_000;

class Misuse extends Error {}

function commandOf(args: readonly string[]): Command | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      episodes: { type: 'string' },
      minutes: { type: 'string' },
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
  const names = values.mutant?.split(',').map((name) => oneOf('mutant', name, mutantNames)) ?? [];
  if (names.length > 1 && !values.mutants) throw new Misuse('--mutant: one at a time, unless with --mutants');
  return {
    json: values.json,
    hunted:
      values.mutants ?
        names.length > 0 ?
          names
        : mutantNames
      : [],
    options: {
      episodes: count(
        'episodes',
        values.episodes ?? (values.minutes === undefined ? '1000' : `${mostEpisodes}`),
        1,
        mostEpisodes,
      ),
      most: minutes(values.minutes),
      processes: count('processes', values.processes, 1, 16),
      seed: count('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
      kind: oneOf<Kind | 'all'>('kind', values.kind, [...kinds, 'all']),
      faults: faultsOf(values.faults),
      near: values.near,
      mutant: names[0],
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

/** As milliseconds. */
function minutes(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && number > 0) return number * 60_000;
  throw new Misuse(`--minutes ${value}: must be a number above 0`);
}

function oneOf<const Word extends string>(name: string, value: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word === undefined) throw new Misuse(`--${name} ${value}: must be one of ${words.join(', ')}`);
  return word;
}

/** Milliseconds between lines of progress where nobody looks on. */
const progressEvery = 15_000;
let toldAt = performance.now();

/** A line that is written over itself where there is a person to see it, else one every now and then. */
function progress(report: RaceReport): void {
  const { episodes, options, seconds, reads, late, transient, permanent, false: untrue, errors } = report;
  const isPerson = process.stderr.isTTY;
  if (!isPerson && performance.now() - toldAt < progressEvery) return;
  toldAt = performance.now();
  const all = options.episodes < mostEpisodes ? ` of ${options.episodes}` : '';
  const line = `${episodes}${all} episodes, ${seconds.toFixed(0)} s, ${reads} reads, ${late} late within the bound, stale: ${transient} transient, ${permanent} permanent, ${untrue} false, ${errors} errors`;
  process.stderr.write(isPerson ? `\r${line} ` : `${line}\n`);
  if (isPerson && episodes >= options.episodes) process.stderr.write('\n');
}

async function main(): Promise<number> {
  const command = commandOf(process.argv.slice(2));
  if (command === 'help') {
    console.log(help);
    return 0;
  }
  if (command.hunted.length > 0) {
    const hunts = await hunt(command.hunted, {
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

async function exitCode(): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const isMisuse = error instanceof Misuse || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
    console.error(isMisuse ? `${(error as Error).message}\nSee npm run race -- --help` : error);
    return isMisuse ? 2 : 1;
  }
}

// Not by running out of work: Node 20 may spin for ever in its own end over a socket that was reset while it was ending.
process.exit(await exitCode());
