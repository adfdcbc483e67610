import type { CacheEngine } from './cache-engine.js';
import { noCounts, type Counts } from './tally.js';

/** Counters of a cache in this process. */
export interface CacheStats extends Readonly<Counts> {
  /** Hits among lookups, 0 to 1; 0 before the first. */
  readonly hitRate: number;
  /** Invalidations that wait to be replayed. */
  readonly pending: number;
  /** The same by name: of the cache, of its other labels, of its keyspaces. */
  readonly byName: Readonly<Record<string, Readonly<Counts>>>;
}

export function statsOf(engine: CacheEngine): CacheStats {
  const total = noCounts();
  const byName: Record<string, Counts> = {};
  for (const [name, counts] of engine.counts) {
    byName[name] = counts;
    addTo(total, counts);
  }
  const lookups = total.hits + total.misses;
  return {
    ...total,
    hitRate: lookups === 0 ? 0 : total.hits / lookups,
    pending: engine.scope.common.pending.size,
    byName,
  };
}

function addTo(total: Counts, counts: Counts): void {
  const sums = total as unknown as Record<string, number | Record<string, number>>;
  for (const [name, value] of Object.entries(counts) as [string, number | Record<string, number>][]) {
    const sum = sums[name];
    if (typeof value === 'number') sums[name] = (sum as number) + value;
    else
      for (const [reason, count] of Object.entries(value))
        (sum as Record<string, number>)[reason] = ((sum as Record<string, number>)[reason] ?? 0) + count;
  }
}
