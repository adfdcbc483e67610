import { breaches, isProof, type RaceReport } from './outcome.js';
import { cachesPerServer } from './race.js';
import { nearBound } from './shelf.js';

/** A run, for people. */
export function describe(report: RaceReport): string {
  const {
    options,
    episodes,
    byKind,
    reads,
    values,
    invalidations,
    finalHits,
    finalAgain,
    finalFills,
    finalMisses,
    counts,
    seconds,
  } = report;
  const { hits = 0, misses = 0, loads = 0, shared = 0, fills = 0, refused = 0 } = counts;
  const lines = [
    `${episodes} episodes (${list(byKind)}), seed ${options.seed}, ${options.processes} ${
      options.processes > 1 ? 'processes'
      : cachesPerServer(options) > 1 ? 'process with two caches'
      : 'process'
    }, ${seconds.toFixed(1)} s`,
    ...(options.faults.length > 0 ? [`faults          ${list(report.troubles)}`] : []),
    ...(options.mutant === undefined ? [] : [`without         ${options.mutant}`]),
    `reads           ${reads}, of which ${values} gave a value; ${invalidations} invalidations`,
    `caches          ${hits} hits${options.near ? ` (${counts['near hits'] ?? 0} near)` : ''}, ${misses} misses, ${loads} loads, ${shared} shared, ${fills} fills, ${refused} refused`,
    ...details(counts),
    `stale           ${report.transient} transient, ${report.permanent} permanent, ${report.false} values that never were`,
    ...(options.near ?
      [
        `late            ${report.late} from memory within the bound of ${nearBound} ms, ${report.amidTurn} in the rest of a turn in which a process was frozen`,
        `  since         ${spread(report.lateAges)}`,
      ]
    : []),
    ...(breaches(report) > 0 ? [`  since         ${list(report.ages)}`] : []),
    `control         when all was quiet ${finalHits} first reads were answered by what the race had left, ${finalFills} by a fill, ${finalMisses} could not be; ${finalAgain} by what was there then`,
    `errors          ${report.errors}`,
    ...report.samples.map((sample) => `  ${typeof sample === 'string' ? sample : JSON.stringify(sample)}`),
    isProof(report) ?
      'No value loaded before an acknowledged invalidation was served after it.'
    : 'THE PROMISE WAS BROKEN, or the run proves nothing.',
  ];
  return lines.join('\n');
}

function details(counts: Readonly<Record<string, number>>): string[] {
  const named = (start: string): string =>
    list(
      Object.fromEntries(
        Object.entries(counts).flatMap(([name, count]) =>
          name.startsWith(start) ? [[name.slice(start.length), count]] : [],
        ),
      ),
    );
  return [
    `  missed        ${named('misses: ')}`,
    `  refused       ${named('refused: ')}`,
    `  stale hits    ${counts['hits within grace'] ?? 0} within grace; ${counts['store faults'] ?? 0} store faults`,
  ];
}

/** Percentiles of numbers that are counted by whole milliseconds. */
export function spread(ages: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(ages)
    .map(([age, count]) => [Number(age), count] as const)
    .sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return 'none';
  const percentile = (share: number): number => {
    let left = Math.ceil(total * share);
    return sorted.find(([, count]) => (left -= count) <= 0)?.[0] ?? 0;
  };
  return `${[0.5, 0.9, 0.99, 0.999].map((share) => `p${share * 100} ${percentile(share)}`).join(', ')}, most ${sorted.at(-1)?.[0]} ms since the acknowledgement`;
}

function list(counts: Readonly<Record<string, number>>): string {
  return (
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none'
  );
}
