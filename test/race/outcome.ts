import type { Findings } from './findings.js';
import type { Fault, Kind } from './kinds.js';

export interface RaceOptions {
  readonly episodes: number;
  readonly seed: number;
  readonly processes: number;
  readonly kind: Kind | 'all';
  readonly faults: readonly Fault[];
  /** Caches have a memory tier, and one each: what others have invalidated may be served from it for a while. */
  readonly near?: boolean;
  readonly mutant?: string | undefined;
  /** Ends at the first breach, as a hunt for a mutant does. */
  readonly untilBreach?: boolean;
  /** Ends after the round in which so many milliseconds have passed since the servers were there, whatever is left to play. */
  readonly most?: number | undefined;
}

export interface RaceReport extends Findings {
  readonly options: RaceOptions;
  episodes: number;
  byKind: Record<string, number>;
  /** Made by the weather, by fault. */
  troubles: Readonly<Record<string, number>>;
  seconds: number;
}

/** Reads that broke the promise, of whatever sort. */
export function breaches({ transient, permanent, false: untrue }: Findings): number {
  return transient + permanent + untrue;
}

/** How much of what is read in the end the race must have left: little where Redis lost everything in the middle of it. */
function leastLeft({ faults }: RaceOptions): number {
  return faults.includes('losses') || faults.includes('restarts') ? 0.05 : 0.25;
}

/** Whether a run found nothing wrong, and could have. */
export function isProof(report: RaceReport): boolean {
  const finals = report.finalHits + report.finalFills;
  return (
    breaches(report) === 0 &&
    report.errors === 0 &&
    report.finalMisses === 0 &&
    report.finalHits > finals * leastLeft(report.options) &&
    (!report.options.near || (report.counts['near hits'] ?? 0) > 0) &&
    report.values > 0
  );
}
