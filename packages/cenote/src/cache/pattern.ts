import { UsageError } from '../core/errors.js';
import { globMatcher } from '../core/glob.js';
import { checkText, isWellFormed, type Names } from './key.js';

/**
 * A caller's pattern, made ready for a scan. `scans` see at least every key that the pattern means, `matches` decides.
 *
 * The pattern speaks of raw keys, whose braces and percent signs may be stored encoded, so no single stored glob says the
 * same. Therefore the scan asks for a superset (whatever could stand for an encoded character is widened), and each key
 * found is turned back into its raw form and matched there. Names outside the prefix and internal names have no raw form,
 * so no pattern reaches them.
 */
export interface KeyPattern {
  readonly source: string;
  /** The glob of stored keys. */
  readonly values: string;
  /** The glob of all leases under the prefix: they are few, so one scan with `matchesLease` beats one for each form of name. */
  readonly leases: string;
  /** Whether the pattern means this raw key. */
  isMeant(raw: string): boolean;
  /** Whether this stored key is one that the pattern means. */
  matches(stored: string): boolean;
  /** Whether this lease belongs to such a key. */
  matchesLease(name: string): boolean;
}

/**
 * Reads a pattern over raw keys, as Redis reads globs: `*` any text, `?` one byte, `[abc]`, `[a-z]`, `[^a]` one byte of a
 * class, and `\` before a character that means itself. (A character outside ASCII is two to four bytes; for it write `*`.)
 *
 * @throws UsageError for a pattern that is no text, empty, over 8 KiB or ill-formed.
 */
export function keyPattern(names: Names, source: string): KeyPattern {
  const isMeant = globMatcher(checkText(source, 'pattern'));
  const start = escapeGlob(names.start);
  const wide = widen(source);
  const matches = (stored: string): boolean => {
    const raw = names.raw(stored);
    return raw !== undefined && isMeant(raw);
  };
  return Object.freeze({
    source,
    values: start + wide,
    leases: `${start}lease:*`,
    isMeant,
    matches,
    matchesLease(name: string) {
      const stored = names.keyOfLease(name);
      return stored !== undefined && matches(stored);
    },
  });
}

/**
 * A pattern with values put in safely: glob characters in them are escaped, so a value matches only itself.
 *
 *     await cache.invalidate(glob`user:${id}:*`)
 *
 * The text around the values is taken as written: a backslash there is the pattern's own. A value cannot stand inside
 * `[ ]`. Values are raw: keys of a keyspace hold its parameters percent-encoded; groups invalidate those.
 *
 * @throws UsageError for a value that is not a well-formed text, finite number, bigint or boolean.
 */
export function glob(text: TemplateStringsArray, ...values: readonly (string | number | bigint | boolean)[]): string {
  let pattern = text.raw[0] as string;
  for (const [index, value] of values.entries()) {
    if (endsInClass(text.raw.slice(0, index + 1).join('x')))
      throw new UsageError(`glob value ${index + 1}`, value, "cannot stand inside '[' and ']'");
    pattern += escapeGlob(textOf(value, index)) + (text.raw[index + 1] as string);
  }
  return pattern;
}

function endsInClass(pattern: string): boolean {
  let open = false;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (open && character === ']') open = false;
    // In a range the third character is its end, even when it is `]`.
    else if (open && pattern[at + 1] === '-' && at + 2 < pattern.length) at += 2;
    else if (!open && character === '[') {
      open = true;
      if (pattern[at + 1] === '^') at++;
    }
  }
  return open;
}

function escapeGlob(text: string): string {
  return text.replace(/[*?[\]\\]/g, '\\$&');
}

function textOf(value: unknown, index: number): string {
  const isText = typeof value === 'string' && isWellFormed(value);
  if (isText || Number.isFinite(value) || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new UsageError(
    `glob value ${index + 1}`,
    value,
    'must be a well-formed text, a finite number, a bigint or a boolean',
  );
}

/** More wildcards are not worth the server's time, which matches each key that it has; newer servers also give up on very many. */
const mostWildcards = 8;

/** A glob of stored keys that matches whatever the stored form of a match of `source` can be, and more. */
function widen(source: string): string {
  const parts: string[] = [];
  let wildcards = 0;
  for (const token of source.match(/\\.|./gsu) ?? []) {
    const literal = literalOf(token);
    if (literal !== undefined) parts.push(escapeGlob(literal));
    if (literal !== undefined && literal !== '%') continue;
    if (parts.at(-1) !== '*') {
      parts.push('*');
      wildcards++;
    }
    // Where a class ends is subtle (`[a-]]` is one): everything from there on is left to `matches`.
    if (token === '[' || wildcards === mostWildcards) break;
  }
  return parts.join('');
}

/** What a token stands for in the store too; `undefined` where that may be any text. A percent sign may be followed by `25`. */
function literalOf(token: string): string | undefined {
  const literal = token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
  const isWild = token === '*' || token === '?' || token === '[' || literal === '{' || literal === '}';
  return isWild ? undefined : literal;
}
