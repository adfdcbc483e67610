import type { Kind } from './kinds.js';

/** A read that broke the promise. */
export interface Breach {
  /** `transient`: seen while the episode ran · `permanent`: still served when all was quiet · `false`: a value that the source never held. */
  readonly sort: 'transient' | 'permanent' | 'false';
  readonly server: number;
  readonly episode: number;
  readonly kind: Kind;
  readonly family: string;
  readonly reading: string;
  readonly row: number;
  readonly got: unknown;
  readonly least: readonly number[];
  /** Milliseconds, at least, since the invalidation that should have removed it was acknowledged. */
  readonly age: number;
}

/** What one server, or all of them, saw. Numbers add up. */
export interface Findings {
  reads: number;
  /** Reads that returned a value. */
  values: number;
  invalidations: number;
  transient: number;
  /** Values from memory that another process had invalidated, no longer ago than memory may lag. */
  late: number;
  /** The same, longer ago than that, in the rest of a turn of the event loop in which the process was frozen: a known limit. */
  amidTurn: number;
  permanent: number;
  false: number;
  /** First reads of rows when all was quiet: answered by what the race had left in the cache · filled then, and read again. */
  finalHits: number;
  finalFills: number;
  /** Reads of those who looked after the first: answered by what was there then. */
  finalAgain: number;
  /** Rows that could not be had from the cache even then: the run would prove nothing. */
  finalMisses: number;
  /** Errors that calls rejected with, though they promise not to. */
  errors: number;
  readonly readings: Record<string, number>;
  readonly ages: Record<string, number>;
  /** By whole milliseconds since the acknowledgement, late reads. */
  readonly lateAges: Record<string, number>;
  readonly counts: Record<string, number>;
  readonly samples: (Breach | string)[];
}

export function noFindings(): Findings {
  return {
    reads: 0,
    values: 0,
    invalidations: 0,
    transient: 0,
    late: 0,
    amidTurn: 0,
    permanent: 0,
    false: 0,
    finalHits: 0,
    finalFills: 0,
    finalAgain: 0,
    finalMisses: 0,
    errors: 0,
    readings: {},
    ages: {},
    lateAges: {},
    counts: {},
    samples: [],
  };
}

const mostSamples = 12;

export function add(total: Findings, more: Findings): void {
  const { samples, readings, ages, lateAges, counts, ...numbers } = more;
  total.samples.push(...samples.slice(0, Math.max(0, mostSamples - total.samples.length)));
  for (const [sums, parts] of [
    [total.readings, readings],
    [total.ages, ages],
    [total.lateAges, lateAges],
    [total.counts, counts],
    [total as unknown as Record<string, number>, numbers],
  ] as const) {
    for (const [name, count] of Object.entries(parts)) addTo(sums, name, count);
  }
}

export function addTo(counts: Record<string, number>, key: string, count = 1): void {
  counts[key] = (counts[key] ?? 0) + count;
}

const limits = [1, 3, 10, 30, 100, 300, 1_000] as const;

export function note(findings: Findings, breach: Breach): void {
  findings[breach.sort]++;
  addTo(findings.ages, classOf(breach.age));
  if (findings.samples.length < mostSamples) findings.samples.push(breach);
}

export function noteLate(findings: Findings, age: number): void {
  findings.late++;
  addTo(findings.lateAges, `${Math.floor(age)}`);
}

function classOf(age: number): string {
  const limit = limits.find((most) => age < most);
  return limit === undefined ? 'longer' : `< ${limit} ms`;
}

export function noteMiss(findings: Findings, plight: string): void {
  findings.finalMisses++;
  if (findings.samples.length < mostSamples) findings.samples.push(plight);
}

export function noteError(findings: Findings, where: string, error: unknown): void {
  findings.errors++;
  if (findings.samples.length < mostSamples)
    findings.samples.push(`${where}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
