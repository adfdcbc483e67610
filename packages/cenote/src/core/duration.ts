import { UsageError } from './errors.js';

/** A length of time: a number of milliseconds, or a number with its unit, as in `'250ms'`, `'1.5h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const form = /^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h|d)$/;

/**
 * Milliseconds of a duration, rounded to whole ones.
 *
 * @param field names the option in the error.
 * @param rule `zero` accepts 0, `infinite` accepts `Infinity`; neither is accepted otherwise.
 * @throws UsageError for anything else: negative, NaN, a bare numeric string, an unknown unit.
 */
export function milliseconds(value: unknown, field: string, rule: { zero?: boolean; infinite?: boolean } = {}): number {
  const parsed =
    typeof value === 'number' ? value
    : typeof value === 'string' ? parse(value)
    : Number.NaN;
  const least = rule.zero ? 0 : 1;
  if (parsed === Infinity && rule.infinite) return parsed;
  if (!Number.isFinite(parsed) || Math.round(parsed) < least || parsed > Number.MAX_SAFE_INTEGER / 2) {
    throw new UsageError(
      field,
      value,
      `must be a duration of ${rule.zero ? '0 or more' : 'at least 1'} ms: a number of milliseconds${rule.infinite ? ', Infinity' : ''} or a text such as '250ms', '30s', '5m', '1h', '7d'`,
    );
  }
  return Math.round(parsed);
}

function parse(text: string): number {
  const match = form.exec(text);
  return match ? Number(match[1]) * units[match[2] as keyof typeof units] : Number.NaN;
}
