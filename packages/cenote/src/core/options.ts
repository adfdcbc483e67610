import { UsageError, show } from './errors.js';

/** Checks of what comes from outside: each names field, value and rule. */

/** An object of options, none of them unknown: a misspelt option that is silently ignored is the worst kind. */
export function checkOptions(
  value: unknown,
  known: readonly string[],
  field: string,
): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(field, value, 'must be an object of options');
  for (const name of Object.keys(value)) {
    // Shown is the name, which is what's wrong: the value of a misspelt option may be a password.
    if (!known.includes(name))
      throw new UsageError(`${field}.${name}`, name, `is not an option; known are ${known.join(', ')}`);
  }
  return value as Record<string, unknown>;
}

export function checkFraction(value: unknown, field: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw new UsageError(field, value, 'must be a number from 0 to 1');
  return value;
}

export function checkCount(value: unknown, field: string, least = 1, most: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(field, value, `must be a whole number ${range}`);
}

export function checkBoolean(value: unknown, field: string): boolean {
  if (typeof value !== 'boolean') throw new UsageError(field, value, 'must be true or false');
  return value;
}

export function checkFunction<F extends (...args: never[]) => unknown>(value: unknown, field: string): F {
  if (typeof value !== 'function') throw new UsageError(field, value, 'must be a function');
  return value as F;
}

export function checkOneOf<const Word extends string>(value: unknown, words: readonly Word[], field: string): Word {
  if (!words.includes(value as Word)) throw new UsageError(field, value, `must be ${words.map(show).join(' or ')}`);
  return value as Word;
}

export function checkSignal(value: unknown, field: string): AbortSignal {
  if (!(value instanceof AbortSignal)) throw new UsageError(field, value, 'must be an AbortSignal');
  return value;
}

/** A fence: a whole number of 0 or more, of at most 99 digits. */
export function checkVersion(value: unknown, field: string): number | bigint {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!whole || value < 0 || value.toString().length > 99) {
    throw new UsageError(
      field,
      value,
      'must be a whole number of 0 or more: a safe integer, or a bigint of at most 99 digits',
    );
  }
  return value;
}
