import { checkOptions } from '../core/options.js';
import { UsageError } from '../core/errors.js';

/** Whether a fresh entry is to be refreshed already; times in epoch milliseconds, `cost` in milliseconds. */
export type Early = (freshUntil: number, cost: number, now: number) => boolean;

/** Beyond this many costs before expiry the dice would practically never say yes (e^-20), so they are not thrown. */
const horizon = 20;

/**
 * Probabilistic early refresh ("Optimal Probabilistic Cache Stampede Prevention", Vattani, Chierichetti, Lowenstein, VLDB
 * 2015): each read throws dice, the likelier to refresh the nearer expiry is and the longer loading takes, so that a key
 * that is read is refreshed before it expires, and a key that nobody reads is not. It decides *when*; the lease decides
 * *who*. `beta` above 1 refreshes earlier.
 */
export function earlyRefresh(option: unknown, field: string, random: () => number = Math.random): Early | undefined {
  if (option === undefined || option === false) return undefined;
  const beta = option === true ? 1 : betaOf(checkOptions(option, ['beta'], field)['beta'], `${field}.beta`);
  return (freshUntil, cost, now) => {
    const left = freshUntil - now;
    const reach = beta * cost;
    return left < reach * horizon && left < reach * -Math.log(1 - random());
  };
}

function betaOf(value: unknown, field: string): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number' || !(value > 0 && value <= 100))
    throw new UsageError(field, value, 'must be a number above 0 and at most 100');
  return value;
}
