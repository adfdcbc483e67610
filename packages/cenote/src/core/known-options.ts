import { UsageError } from './errors.js';

/** Throws a `UsageError` for the first property of `options` that is not in `known`, so that a misspelt option is never ignored. */
export function onlyKnown(options: object, known: readonly string[], owner: string): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new UsageError(`${owner} option`, name, `must be one of ${known.join(', ')}`);
  }
}

/** The value of a whole-number option, checked to lie from `least` to `most`. */
export function wholeNumber(
  value: unknown,
  field: string,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(field, value, `must be a whole number ${range}`);
}
