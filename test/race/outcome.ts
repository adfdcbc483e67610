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
  /** Ends after so many milliseconds, whatever is left to play. */
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

/** Whether a run found nothing wrong, and could have. */
export function isProof(report: RaceReport): boolean {
  const finals = report.finalHits + report.finalFills;
  return (
    breaches(report) === 0 &&
    report.errors === 0 &&
    report.finalMisses === 0 &&
    report.finalHits > finals / 4 &&
    (!report.options.near || (report.counts['near hits'] ?? 0) > 0) &&
    report.values > 0
  );
}
